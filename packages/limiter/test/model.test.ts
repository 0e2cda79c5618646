import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type RedisServer, startRedis, startRedisCluster } from "@enfilade/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LogEntry } from "./support/logged-store.ts";
import { MIX, type MixName } from "./support/mix.ts";
import type { MixOrder } from "./support/mix-worker.ts";
import { Model, type ModelCharge } from "./support/model.ts";

interface MixResult {
  readonly log: LogEntry[];
  readonly uncertain: number;
  readonly degraded: number;
  readonly dropped: number;
  readonly lastError: string;
}

const HOUR_MS = 3_600_000;
/** Two of the four processes have a wrong clock. */
const SKEWS = [0, HOUR_MS, -HOUR_MS, 0];

async function runMix(
  order: Omit<MixOrder, "seed" | "skewMs">,
  processes: number,
): Promise<LogEntry[]> {
  const results = await Promise.all(
    Array.from({ length: processes }, async (_, index): Promise<MixResult> => {
      const worker = fork(join(import.meta.dirname, "support/mix-worker.ts"), {
        execArgv: ["--conditions=@enfilade/source", "--import", import.meta.resolve("tsx")],
        serialization: "advanced",
      });
      onTestFinished(() => void worker.kill("SIGKILL"));
      const message = once(worker, "message");
      const exit = once(worker, "exit").then(([code]) => Promise.reject(new Error(`exit ${code}`)));
      exit.catch(() => {});
      worker.send({ ...order, seed: 1_000 + index, skewMs: SKEWS[index] ?? 0 } satisfies MixOrder);
      const [result] = await Promise.race([message, exit]);
      return result as MixResult;
    }),
  );
  for (const { uncertain, degraded, dropped, lastError } of results) {
    expect({ uncertain, degraded, dropped, lastError }).toEqual({
      uncertain: 0,
      degraded: 0,
      dropped: 0,
      lastError: "undefined",
    });
  }
  return results.flatMap(({ log }) => log).sort((a, b) => a.at - b.at);
}

/** Replays what Redis did, in its own order, and counts where the definitions say something else. */
function replay(log: readonly LogEntry[]) {
  const model = new Model();
  const policyOf = (name: string) => MIX[name as MixName];
  const toModel = ({
    policy,
    counter,
    cost,
    lease,
  }: Omit<ModelCharge, "policy"> & { policy: string }) => ({
    policy: policyOf(policy),
    counter,
    cost,
    lease: lease ?? "",
  });
  let decisions = 0;
  let admitted = 0;
  let mostLeased = 0;
  const mismatches: unknown[] = [];
  for (const entry of log) {
    switch (entry.kind) {
      case "decide": {
        const charges = entry.charges.map(toModel);
        const expected = charges.map((charge) => model.admits(charge, entry.at));
        decisions += 1;
        const agrees =
          expected.every((passed, index) => passed === entry.passed[index]) &&
          entry.admitted === expected.every(Boolean);
        if (!agrees) mismatches.push({ ...entry, expected });
        if (!entry.admitted) break;
        admitted += 1;
        for (const charge of charges) {
          if (charge.cost === 0) continue;
          const { policy, counter } = charge;
          const taken = () =>
            policy.kind === "concurrency" ? model.taken(policy, counter, entry.at) : 0;
          const before = taken();
          model.log(charge, entry.at);
          // Whoever renews keeps what is held, even where a late heartbeat has brought back too much.
          if (taken() > before) mostLeased = Math.max(mostLeased, taken());
        }
        break;
      }
      case "adjust":
        for (const { delta, position, ...charge } of entry.adjustments) {
          const one = toModel(charge);
          if (delta > 0) model.log({ ...one, cost: delta }, entry.at);
          else model.reduce(one, position, -delta);
        }
        break;
      case "renew":
        for (const charge of entry.charges) model.log(toModel(charge), entry.at);
        break;
      case "release":
        for (const { counter, lease } of entry.charges) model.release(counter, lease);
        break;
    }
  }
  return { decisions, admitted, mismatches, mostLeased };
}

/** The most that a policy nobody settles has admitted beyond its bound, over all spans of time. */
function overAdmission(log: readonly LogEntry[], name: "rate" | "odd" | "coarse"): number {
  const byCounter = new Map<string, { at: number; cost: number }[]>();
  for (const entry of log) {
    if (entry.kind !== "decide" || !entry.admitted) continue;
    for (const { policy, counter, cost } of entry.charges) {
      if (policy !== name) continue;
      const events = byCounter.get(counter) ?? [];
      events.push({ at: entry.at, cost });
      byCounter.set(counter, events);
    }
  }
  let worst = Number.NEGATIVE_INFINITY;
  const policy = MIX[name];
  for (const events of byCounter.values()) {
    if (policy.kind === "gcra") worst = Math.max(worst, beyondRate(events, policy));
    if (policy.kind === "strict-window") {
      worst = Math.max(worst, beyondWindow(events, policy.windowMs * 1_000, policy.limit));
    }
  }
  return worst;
}

/** Largest sum over a span minus `burst + rate * span`; the largest over all spans in one pass. */
function beyondRate(
  events: readonly { at: number; cost: number }[],
  { limit, periodMs, burst }: { limit: number; periodMs: number; burst: number },
): number {
  let worst = Number.NEGATIVE_INFINITY;
  let carried = 0;
  let last = 0;
  for (const { at, cost } of events) {
    carried = Math.max(0, carried - ((at - last) * limit) / (periodMs * 1_000)) + cost;
    last = at;
    worst = Math.max(worst, carried - burst);
  }
  return worst;
}

function beyondWindow(
  events: readonly { at: number; cost: number }[],
  windowUs: number,
  limit: number,
): number {
  let worst = Number.NEGATIVE_INFINITY;
  let from = 0;
  let total = 0;
  for (const { at, cost } of events) {
    total += cost;
    while ((events[from]?.at ?? at) <= at - windowUs) total -= events[from++]?.cost ?? 0;
    worst = Math.max(worst, total - limit);
  }
  return worst;
}

async function keysOf(server: RedisServer): Promise<string[]> {
  const reply = await server.command("KEYS", "*");
  return reply.split("\r\n").filter((line) => line.startsWith("limit:"));
}

describe("random mixes from several processes", () => {
  it("admit exactly what the definitions do, and leave nothing behind", {
    timeout: 120_000,
  }, async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const log = await runMix(
      { via: "node-redis", urls: [server.url], decisions: 25_500 },
      SKEWS.length,
    );
    const { decisions, admitted, mismatches, mostLeased } = replay(log);
    expect(decisions).toBeGreaterThanOrEqual(100_000);
    expect(admitted).toBeGreaterThan(decisions / 50);
    expect(mismatches.slice(0, 3)).toEqual([]);
    expect(overAdmission(log, "rate")).toBeLessThanOrEqual(1e-6);
    expect(overAdmission(log, "odd")).toBeLessThanOrEqual(1e-6);
    expect(overAdmission(log, "coarse")).toBeLessThanOrEqual(0);
    expect(mostLeased).toBeLessThanOrEqual(MIX.runs.capacity);

    for (const key of await keysOf(server)) {
      expect(await server.command("PTTL", key), key).not.toBe(":-1");
    }
    // Windows here are below a second; a calendar day is all that may be left.
    await expect
      .poll(async () => (await keysOf(server)).filter((key) => !key.includes(":bd@")), {
        timeout: 5_000,
      })
      .toEqual([]);
  });

  it.each(["ioredis", "cluster"] as const)("do so over %s", { timeout: 60_000 }, async (via) => {
    const servers = via === "cluster" ? await startRedisCluster() : await startRedis();
    onTestFinished(() => servers.stop());
    const urls = "nodes" in servers ? servers.nodes.map(({ url }) => url) : [servers.url];
    const { decisions, mismatches } = replay(await runMix({ via, urls, decisions: 3_000 }, 2));
    expect(decisions).toBeGreaterThan(5_000);
    expect(mismatches.slice(0, 3)).toEqual([]);
  });
});
