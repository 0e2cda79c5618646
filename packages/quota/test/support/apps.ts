import { auth, createAuthenticator, type Principal } from "@enfilade/auth";
import { defineLayer, type Layer } from "@enfilade/layer";
import { memoryStore, type Store } from "@enfilade/limiter";
import { type AppOptions, createApp, type Way } from "@enfilade/line-testing";
import { type Clock, createClock } from "@enfilade/testing";
import type { FastifyInstance } from "fastify";
import { expect } from "vitest";
import { type QuotaOptions, quota } from "../../src/index.ts";

/** Believes the header `x-caller`, which holds a principal as JSON, or nothing but its id. */
export const believing: Layer = defineLayer({
  name: "believing",
  place: "authenticate",
  provides: ["principal"],
  setup: (app) =>
    createAuthenticator(app, {
      kind: "test",
      challenge: { scheme: "Bearer" },
      authenticate({ headers }): Principal | null {
        const text = headers["x-caller"];
        if (typeof text !== "string") return null;
        const base = { kind: "test", scopes: [], claims: {} };
        return text.startsWith("{") ? { ...base, ...JSON.parse(text) } : { ...base, id: text };
      },
    }),
});

/** An app with quotas, and what a test needs to see of them. */
export interface QuotaApp {
  readonly app: FastifyInstance;
  /** The clock of the counters. */
  readonly clock: Clock;
  readonly store: Store;
  /** Tells what was used of each policy by a caller; `ann` by default. */
  used(caller?: Parameters<FastifyInstance["quota"]["usage"]>[0]): Promise<Record<string, number>>;
}

/** Builds an app whose callers are known, whose routes are for everybody who is, and that has quotas. */
export async function quotaApp(
  way: Way,
  options: Partial<QuotaOptions> & Pick<QuotaOptions, "policies">,
  appOptions: AppOptions = {},
  outer?: Layer,
): Promise<QuotaApp> {
  const clock = createClock();
  const store = options.store ?? memoryStore({ now: clock.now });
  const app = await createApp({ ...appOptions, way });
  if (outer !== undefined) await app.register(outer);
  await app.register(believing);
  await app.register(auth, { unruled: "authenticated" });
  await app.register(quota, { estimate: () => ({}), store, ...options });
  return {
    app,
    clock,
    store,
    async used(caller = { principal: "test:ann" }) {
      const usages = await app.quota.usage(caller);
      return Object.fromEntries(usages.map(({ policy, used }) => [policy, used]));
    },
  };
}

/** The headers of a caller. */
export const ann = { "x-caller": "ann" };
export const bob = { "x-caller": "bob" };

/** Expects something to become true, on however busy a machine. */
export function eventually<Value>(
  look: () => Value | Promise<Value>,
): ReturnType<typeof expect.poll<Value>> {
  return expect.poll(look, { timeout: 10_000 });
}
