import { createRedis } from "@enfilade/redis";
import { type Charge, createLimiter } from "../../src/index.ts";
import { overIoredis } from "./clients.ts";
import { LoggedStore } from "./logged-store.ts";
import { MIX, type MixName, random, SETTLED } from "./mix.ts";

/** What one process of the mix is told. */
export interface MixOrder {
  readonly via: "node-redis" | "ioredis" | "cluster";
  readonly urls: readonly string[];
  readonly seed: number;
  readonly decisions: number;
  /** How wrong this process' clock is. */
  readonly skewMs: number;
}

const CALLERS = 24;
const TENANTS = 12;
const DEADLINE = { deadlineMs: 20_000 };

process.once("message", (order: MixOrder) => {
  void work(order).then((log) => {
    process.send?.(log, () => process.disconnect());
  });
});

async function work({ via, urls, seed, decisions, skewMs }: MixOrder) {
  const right = Date.now;
  Date.now = () => right() + skewMs;
  const [url = ""] = urls;
  const redis =
    via === "ioredis"
      ? overIoredis(url, DEADLINE)
      : createRedis(
          via === "cluster"
            ? { cluster: { rootNodes: urls.map((one) => ({ url: one })) }, ...DEADLINE }
            : { url, ...DEADLINE },
        );
  await redis.ready();
  const store = new LoggedStore(redis);
  const limiter = createLimiter({ store, denyCacheMs: 0 });
  const next = random(seed);
  const upTo = (limit: number) => Math.floor(next() * limit);
  let left = decisions;

  const charge = (name: MixName, key: string): Charge => {
    const most = { rate: 3, odd: 2, tokens: 120, coarse: 8, usd: 40, runs: 2 }[name];
    const cost = name === "runs" ? 1 + upTo(2) : upTo(most + 1);
    const lease = name === "runs" ? { lease: `lease-${seed}-${upTo(4)}` } : {};
    return { policy: MIX[name], key, cost, ...lease };
  };
  const draw = (names: readonly MixName[]) => names.filter(() => next() < 0.5);

  /** One to six policies of a tenant; now and then some of another's before them. */
  const request = (): Charge[] => {
    const tenant = `tenant-${upTo(TENANTS)}`;
    const names = draw(Object.keys(MIX) as MixName[]);
    const own = names.map((name) => charge(name, tenant));
    const others = next() < 0.1 ? draw([...SETTLED, "runs"]) : [];
    const before = others.map((name) => charge(name, `org-${upTo(TENANTS)}`));
    return [...before, ...own];
  };

  const caller = async () => {
    while (left > 0) {
      left -= 1;
      const charges = request();
      if (charges.length === 0) continue;
      if (next() < 0.6) {
        await limiter.decide(charges);
        continue;
      }
      const reservation = await limiter.reserve(charges);
      if (!reservation.decision.admitted) continue;
      const costs: Record<string, number> = {};
      for (const { policy } of charges) {
        if (SETTLED.some((name) => name === policy.name)) costs[policy.name] = upTo(100);
      }
      if (next() < 0.8) await reservation.settle(costs);
      await reservation.release();
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  await limiter.close();
  const { uncertain, degraded, dropped, lastError } = limiter.state();
  await redis.close();
  return { log: store.log, uncertain, degraded, dropped, lastError: String(lastError) };
}
