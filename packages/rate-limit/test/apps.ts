import { createAuthenticator } from "@enfilade/auth";
import { errors } from "@enfilade/errors";
import { defineLayer, type Layer } from "@enfilade/layer";
import { memoryStore } from "@enfilade/limiter";
import { order } from "@enfilade/order";
import { type Clock, createClock } from "@enfilade/testing";
import createError from "@fastify/error";
import Fastify, {
  type FastifyInstance,
  type FastifyServerOptions,
  type LightMyRequestResponse,
} from "fastify";
import { onTestFinished } from "vitest";
import { type RateLimitOptions, rateLimit } from "../src/index.ts";

/** The two ways in which a layer is registered: everything that matters is tested in both. */
export const WAYS = ["alone", "in line"] as const;
export type Way = (typeof WAYS)[number];

/** Builds an app that closes when the test ends, with `@enfilade/order` or without. */
export async function createApp(
  way: Way = "alone",
  server: FastifyServerOptions = {},
): Promise<FastifyInstance> {
  const app = Fastify(server);
  onTestFinished(() => app.close());
  if (way === "in line") await app.register(order);
  return app;
}

/** An app with one rate limit, on a clock that the test moves, and a route at `/`. */
export async function limitedApp(
  options: RateLimitOptions,
  { way = "alone", server }: { way?: Way; server?: FastifyServerOptions } = {},
): Promise<{ app: FastifyInstance; clock: Clock }> {
  const clock = createClock();
  const app = await createApp(way, server);
  await app.register(rateLimit, { store: memoryStore({ now: clock.now }), ...options });
  app.get("/", async () => "ok");
  return { app, clock };
}

/** The same with `@enfilade/errors`, as apps have it. */
export async function withErrors(app: FastifyInstance): Promise<void> {
  await app.register(errors, {
    dialects: { "/v1": "openai", "/detail": "detail", "/mcp": "jsonrpc" },
  });
}

/** Sends requests one after the other, and gives the statuses of their answers. */
export async function statuses(
  app: FastifyInstance,
  requests: readonly (string | object)[],
): Promise<number[]> {
  const all: number[] = [];
  for (const request of requests) {
    const response: LightMyRequestResponse = await app.inject(request as { url: string });
    all.push(response.statusCode);
  }
  return all;
}

/** The same request again and again. */
export function times<Item>(count: number, item: Item): Item[] {
  return new Array<Item>(count).fill(item);
}

const BAD_NAME = createError("BAD_NAME", "The name does not hold.", 401);

/** An authenticator that believes `x-name`, but for `bad` and `late`, which it takes time to refuse. */
export const believing: Layer = defineLayer({
  name: "believing",
  place: "authenticate",
  provides: ["principal"],
  setup: (app) =>
    createAuthenticator(app, {
      kind: "name",
      challenge: { scheme: "Name" },
      authenticate({ headers }) {
        const name = headers["x-name"];
        if (typeof name !== "string") return null;
        if (name === "bad") throw new BAD_NAME();
        if (name === "late")
          return Promise.resolve().then(() => {
            throw new BAD_NAME();
          });
        return { kind: "name", id: name, scopes: [], claims: {} };
      },
    }),
});

/** Says who is calling. */
export function as(name: string, url = "/"): { url: string; headers: Record<string, string> } {
  return { url, headers: { "x-name": name } };
}
