import { defineLayer, type Layer } from "@enfilade/layer";
import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { createApp } from "./apps.ts";

/** One thing that an app does while it is put together. */
export type Registration = (app: FastifyInstance) => unknown;

/** A layer far out in the line, which puts `x-outer: yes` on whatever response passes it. */
export const outer: Layer = defineLayer({
  name: "outer",
  place: "protect",
  setup: () => ({
    onHeaders(_request, reply) {
      reply.header("x-outer", "yes");
    },
  }),
});

/** As many as four registrations have orders. */
const RUNS = 24;

/**
 * Checks apps in line that are put together in ever another order, once with each registration awaited and once with
 * none.
 *
 * @example
 * await inAnyOrder(
 *   [(app) => app.register(errors), (app) => app.get("/", handler)],
 *   async (app) => expect((await app.inject("/")).statusCode).toBe(500),
 * );
 */
export async function inAnyOrder(
  registrations: readonly Registration[],
  check: (app: FastifyInstance) => Promise<void>,
): Promise<void> {
  const orders = fc.shuffledSubarray([...registrations], { minLength: registrations.length });
  await fc.assert(
    fc.asyncProperty(orders, async (shuffled) => {
      for (const awaited of [false, true]) {
        const app = await createApp({ way: "in line" });
        for (const register of shuffled) {
          const registered = register(app);
          if (awaited) await registered;
        }
        await check(app);
        await app.close();
      }
    }),
    { numRuns: RUNS },
  );
}
