import type { Finding } from "@enfilade/layer";
import type { FastifyInstance } from "fastify";
import type { Constraints } from "./constraints.ts";
import { coverage, type LayerCoverage } from "./coverage.ts";
import { ORDER_INVALID_OPTION, ORDER_NOT_READY, ORDER_REGISTERED_AFTER_READY } from "./errors.ts";
import { type Explanation, explain } from "./explain.ts";
import type { Line } from "./line.ts";
import { findRoute } from "./lookup.ts";
import type { Route } from "./routes.ts";
import { toGroupedText } from "./text.ts";

/** What `app.order.explain` takes besides a method and a URL. */
export interface ExplainOptions {
  /**
   * What the request brings for Fastify to choose among routes of one URL: its `host` (with the port) and
   * `version`, and what strategies of your own derive from it; or the constraints of a route, as they were
   * declared. An empty object is a request that brings nothing.
   *
   * @defaultValue none: an answer is given only where no more than one route can be meant
   */
  readonly constraints?: Constraints | undefined;
}

/** What `app.order` offers. Everything but `skip` needs the app to be ready. */
export interface Order {
  /**
   * Leaves layers out in this scope and below. Layers that guard routes (places `authenticate` and
   * `authorize`) cannot be skipped: `config: { public: true }` opens a route.
   */
  skip(...layers: string[]): void;
  /**
   * Explains the line of the route that a method and a URL, or a route's pattern, lead to.
   *
   * @throws `ORDER_AMBIGUOUS_ROUTE` when that depends on constraints, and none are given.
   * @throws `ORDER_UNKNOWN_CONSTRAINT` when no strategy has the name of a constraint that is given.
   * @throws `ORDER_URL_REFUSED` when Fastify refuses the URL before any hook.
   */
  explain(method: string, url: string, options?: ExplainOptions): Explanation;
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
    explain(method, url, { constraints, ...rest } = {}) {
      ready("explain");
      const [option] = Object.keys(rest);
      if (option !== undefined) {
        throw new ORDER_INVALID_OPTION(
          "@enfilade/order",
          option,
          "unknown",
          "It takes constraints.",
        );
      }
      return explained(findRoute(line, method, url, constraints));
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
