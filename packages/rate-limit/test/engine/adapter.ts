import { memoryStore } from "@enfilade/limiter";
import { type RateLimitOptions, type RateLimitRouteOptions, rateLimit } from "@enfilade/rate-limit";
import type { FastifyInstance, FastifyReply } from "fastify";

/*
 * Stands in for @fastify/rate-limit in its own tests: takes its options, says them in ours, fills in its defaults and
 * words refusals as it does, so that the tests are about who is refused when, and not about what things are called.
 * What we do not offer throws.
 */

interface EngineOptions {
  readonly max?: unknown;
  readonly timeWindow?: unknown;
  readonly addHeaders?: object;
  readonly [other: string]: unknown;
}

const OFFERED = new Set([
  "global",
  "max",
  "timeWindow",
  "keyGenerator",
  "allowList",
  "ban",
  "groupId",
  "cache",
  "ipv6Subnet",
  "onExceeding",
  "onExceeded",
  "onBanReach",
]);

/** Not offered either; but some tests that give it are about something else. */
const LEFT_OUT = new Set(["hook", "continueExceeding", "exponentialBackoff", "skipOnError"]);

let registrations = 0;

// Time passes where a test mocks it, and where it sleeps; never by itself.
const RealDate = Date;
let sleptMs = 0;
const now = () => (Date === RealDate ? 1_750_000_000_000 + sleptMs : Date.now());
Object.assign(globalThis, {
  slept(ms: number) {
    sleptMs += ms;
  },
});

export default async function fastifyRateLimit(
  app: FastifyInstance,
  given: EngineOptions,
): Promise<void> {
  const { cache, ...options } = translate({ max: 1000, timeWindow: 60_000, ...given });
  const store = memoryStore({
    now,
    ...(cache !== undefined && { maxKeys: cache }),
  });
  app.addHook("onRoute", (route) => {
    const own = route.config?.rateLimit as unknown as EngineOptions | false | null | undefined;
    if (typeof own === "object" && own !== null && !("layer" in own)) {
      const merged = { max: given.max ?? 1000, ...own };
      route.config = { ...route.config, rateLimit: translate(merged) as RateLimitRouteOptions };
    }
  });
  registrations += 1;
  const layer = { name: `rate-limit-${registrations}` };
  await rateLimit(app, { ...options, store, failures: false, headers: ["legacy"], layer });
  app.addHook("onSend", async (_request, reply, payload) => worded(reply, payload));
}

Object.assign(fastifyRateLimit, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "@fastify/rate-limit",
  default: fastifyRateLimit,
});

function translate(given: EngineOptions): RateLimitOptions & RateLimitRouteOptions {
  const entries = Object.entries(given).filter(([option]) => !LEFT_OUT.has(option));
  for (const [option, value] of entries) {
    if (!OFFERED.has(option) && value !== undefined) throw new Error(`not offered: ${option}`);
  }
  // All of it may come at once, as in a window of its kind.
  const burst = Number.isInteger(given.max) ? { burst: given.max } : { burst: undefined };
  return { ...Object.fromEntries(entries), ...burst } as RateLimitOptions & RateLimitRouteOptions;
}

/** Its words for a refusal, with our time. */
function worded(reply: FastifyReply, payload: unknown): unknown {
  if (typeof payload !== "string" || !payload.includes('"RATE_LIMIT_')) return payload;
  const body: Record<string, unknown> = JSON.parse(payload);
  const seconds = Number(reply.getHeader("retry-after"));
  const [count, unit] = seconds % 60 === 0 ? [seconds / 60, "minute"] : [seconds, "second"];
  const words = `Rate limit exceeded, retry in ${count} ${unit}${count === 1 ? "" : "s"}`;
  const message = String(body.detail ?? body.message).replace(
    /^Too many requests.*?(?=\.)\./,
    words,
  );
  reply.type("application/json; charset=utf-8");
  const error = reply.statusCode === 403 ? "Forbidden" : "Too Many Requests";
  return JSON.stringify({ statusCode: reply.statusCode, error, message });
}
