import type { FastifyInstance } from "fastify";

/**
 * Gives the root of the app that an instance belongs to: the place for what an app has once, however many scopes
 * register the layer.
 */
export function rootOf(app: FastifyInstance): FastifyInstance {
  const above = Object.getPrototypeOf(app) as FastifyInstance | null;
  // The root's prototype is a plain object: it cannot register anything.
  return above !== null && "register" in above ? rootOf(above) : app;
}

/**
 * Finds what Fastify keeps for an app under a symbol of its own, by the symbol's description. Such places are not
 * public: releases move them, and have other things in them. A layer needs an answer for `undefined`, and checks what
 * it finds.
 *
 * @example
 * ```ts
 * const controller = internalOf(app, "fastify.logController");
 * ```
 */
export function internalOf(app: FastifyInstance, description: string): unknown {
  const root = rootOf(app);
  const symbol = Object.getOwnPropertySymbols(root).find((own) => own.description === description);
  return symbol === undefined ? undefined : Reflect.get(root, symbol);
}
