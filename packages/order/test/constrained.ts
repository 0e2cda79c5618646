import type { FastifyInstance } from "fastify";

/** A strategy of Fastify's router for constraints of one's own. */
export type StrategyOf = Parameters<FastifyInstance["addConstraintStrategy"]>[0];

/** Takes a header without regard to case. A request without one is not constrained by it. */
export const tenant: StrategyOf = {
  name: "tenant",
  storage() {
    const handlers = new Map();
    return {
      get: (value) => handlers.get(String(value).toLowerCase()),
      set: (value, handler) => void handlers.set(String(value).toLowerCase(), handler),
    };
  },
  deriveConstraint: ({ headers }) => headers["x-tenant"],
};

/** Must match when a request brings it; found out asynchronously. */
export const secret: StrategyOf = {
  name: "secret",
  mustMatchWhenDerived: true,
  storage: () => new Map(),
  // The types of the router know no callback.
  deriveConstraint: ((
    { headers }: { headers: Record<string, unknown> },
    _context: unknown,
    done: (error: null, value: unknown) => void,
  ) => {
    setImmediate(() => done(null, headers["x-secret"]));
  }) as never,
};
