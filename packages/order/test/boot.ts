import Fastify, { type FastifyInstance, type FastifyServerOptions } from "fastify";
import { onTestFinished } from "vitest";
import { type OrderRefused, order } from "../src/index.ts";

/** One thing that an app does while it is put together. */
export type Registration = (app: FastifyInstance) => unknown;

/** Makes an app under an arrangement; it is closed when the test ends. */
export async function arranged(options: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify(options);
  onTestFinished(() => app.close());
  await app.register(order);
  return app;
}

/** Makes an app, awaits nothing but the line, and gives it once it is ready. */
export async function boot(
  registrations: readonly Registration[],
  options?: FastifyServerOptions,
): Promise<FastifyInstance> {
  const app = await arranged(options);
  for (const register of registrations) register(app);
  await app.ready();
  return app;
}

/** An order in which the same registrations are written down; it must not matter. */
export interface Way {
  readonly way: string;
  arrange<T>(items: readonly T[]): T[];
}

export const WAYS: readonly Way[] = [
  { way: "in the order of the line", arrange: (items) => [...items] },
  { way: "in reverse, the routes first of all", arrange: (items) => items.toReversed() },
];

/** The layers of a route's line, outermost first. */
export function lineOf(app: FastifyInstance, method: string, url: string): string[] {
  return app.order.explain(method, url).doors.map(({ layer }) => layer);
}

/** Gives the error with which an app refuses to boot. */
export async function refusalOf(registrations: readonly Registration[]): Promise<OrderRefused> {
  try {
    await boot(registrations);
  } catch (error) {
    return error as OrderRefused;
  }
  throw new Error("It was to refuse, and has booted.");
}
