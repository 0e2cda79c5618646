import type { Finding } from "@enfilade/layer";
import type { FastifyInstance } from "fastify";
import { coverage, type LayerCoverage } from "./coverage.ts";
import { ORDER_NOT_READY, ORDER_REGISTERED_AFTER_READY } from "./errors.ts";
import { type Explanation, explain } from "./explain.ts";
import type { Line } from "./line.ts";
import { findRoute } from "./lookup.ts";
import type { Route } from "./routes.ts";
import { toGroupedText } from "./text.ts";

/** What `app.order` offers. Everything but `skip` needs the app to be ready. */
export interface Order {
  /**
   * Leaves layers out in this scope and below. Layers that guard routes (places `authenticate` and
   * `authorize`) cannot be skipped: `config: { public: true }` opens a route.
   */
  skip(...layers: string[]): void;
  /** Explains the line of the route that a method and a URL, or a route's pattern, lead to. */
  explain(method: string, url: string): Explanation;
  /** Says which kinds of response each layer reaches. */
  coverage(): LayerCoverage[];
  /** Gives everything that the audit has to say, errors first. */
  findings(): readonly Finding[];
  /** Writes the lines of all routes, those with the same doors together. */
  toText(): string;
}

/** Makes the view of the line from one scope. */
export function viewOf(line: Line, app: FastifyInstance): Order {
  const ready = (what: string) => {
    if (!line.solved) throw new ORDER_NOT_READY(what);
  };
  const explained = (route: Route) => explain(line, route, line.lineOf(route));
  return {
    skip(...layers) {
      if (line.solved) throw new ORDER_REGISTERED_AFTER_READY("A call of app.order.skip()");
      line.skip(app, layers);
    },
    explain(method, url) {
      ready("explain");
      return explained(findRoute(line, method, url));
    },
    coverage() {
      ready("coverage");
      return coverage(line);
    },
    findings() {
      ready("findings");
      return line.findings;
    },
    toText() {
      ready("toText");
      return toGroupedText([...line.routes, ...line.notFound].map(explained));
    },
  };
}
