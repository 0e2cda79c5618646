import { createAuthenticator } from "@enfilade/auth";
import { errors } from "@enfilade/errors";
import { defineLayer, type Layer } from "@enfilade/layer";
import { memoryStore } from "@enfilade/limiter";
import { type AppOptions, createApp } from "@enfilade/line-testing";
import { type Clock, createClock } from "@enfilade/testing";
import createError from "@fastify/error";
import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import { type RateLimitOptions, rateLimit } from "../src/index.ts";

/** An app with one rate limit, on a clock that the test moves, and a route at `/`. */
export async function limitedApp(
  options: RateLimitOptions,
  appOptions?: AppOptions,
): Promise<{ app: FastifyInstance; clock: Clock }> {
  const clock = createClock();
  const app = await createApp(appOptions);
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
