import { inspect, isDeepStrictEqual } from "node:util";
import type { FastifyInstance } from "fastify";
import { ORDER_UNKNOWN_CONSTRAINT } from "./errors.ts";
import type { Line } from "./line.ts";

/** What a request has to bring for a route, or what one brings: `host`, `version` or what a strategy derives, by name. */
export type Constraints = Readonly<Record<string, unknown>>;

/** What tells routes apart that have the same method and URL; Fastify's own are `host` and `version`. */
export type Strategy = Parameters<FastifyInstance["addConstraintStrategy"]>[0];

const OWN_OF_FASTIFY = ["host", "version"];

/** Names constraints as people do; nothing, where there are none. */
export function nameOfConstraints(constraints: Constraints): string {
  const named = Object.entries(constraints).map(
    ([name, value]) => `${name} ${typeof value === "string" ? value : inspect(value)}`,
  );
  return named.length === 0 ? "" : ` for ${named.join(", ")}`;
}

/** Tells whether two routes of the same method and URL would be one, as `hasRoute` does. */
export function isSame(constraints: Constraints, others: Constraints): boolean {
  return isDeepStrictEqual({ ...constraints }, { ...others });
}

/** Gives the strategies that an app has, by name, but for those that are Fastify's own. */
export function strategiesOf({ root, strategies }: Line): ReadonlyMap<string, Strategy> {
  const { initialConfig } = root.instance;
  const given: Strategy[] = Object.values({
    ...Reflect.get(initialConfig, "constraints"),
    ...initialConfig.routerOptions?.constraints,
  });
  // Fastify keeps a copy of its options, and the methods of a class are not in it.
  const usable = given.filter(({ storage }) => typeof storage === "function");
  return new Map([...usable, ...strategies].map((strategy) => [strategy.name, strategy]));
}

/** Gives what Fastify derives from a request that brings these: it looks only for what a route of the app asks for. */
export function derive(line: Line, constraints: Constraints): Constraints {
  const known = new Set([...OWN_OF_FASTIFY, ...strategiesOf(line).keys()]);
  const names = Object.keys(constraints);
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw new ORDER_UNKNOWN_CONSTRAINT(unknown, [...known].join(", "));
  return Object.fromEntries(
    names
      .filter((name) => line.root.instance.hasConstraintStrategy(name))
      .map((name) => [name, constraints[name]]),
  );
}
