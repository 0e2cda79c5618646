import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createRedis } from "@enfilade/redis";
import { type RedisServer, startRedis } from "@enfilade/testing";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import {
  budget,
  type Charge,
  concurrency,
  createLimiter,
  gcra,
  type Limiter,
  type Reservation,
  redisStore,
  strictWindow,
} from "../src/index.ts";
import { type FaultRow, faultTable, shapeOf } from "./support/fault-table.ts";

/** Hardly anything flows back during a test: what is missing afterwards was counted. */
const local = gcra({ name: "local", limit: 1, per: "day", burst: 20 });
const open = strictWindow({ name: "open", limit: 20, per: "day", onStoreError: "open" });
const closed = budget({ name: "closed", limit: 1_000, per: "month" });
const tokens = strictWindow({ name: "tokens", limit: 1_000, per: "day" });
const runs = concurrency({ name: "runs", limit: 4, ttl: 600 });

const DEADLINE_MS = 100;
/** What is asserted is that nobody waits for the server, not how busy this machine is. */
const SOON_MS = 1_500;
const CALLS = 12;
const LIVE_NODES = 2;

const rows: FaultRow[] = [];

interface Fault {
  readonly name: string;
  readonly args?: readonly string[];
  /** The server is not there yet when the client starts. */
  readonly absentAtBoot?: boolean;
  strike(server: RedisServer): Promise<void> | void;
  heal(server: RedisServer): Promise<void> | void;
  /** Nothing is lost, and nothing has to be answered without the store. */
  readonly harmless?: boolean;
  /** What was counted before is gone afterwards. */
  readonly forgets?: boolean;
  /** What the table says about the counts, where it is neither exact nor forgotten. */
  readonly after?: string;
  /** The connection breaks. */
  readonly breaks?: boolean;
}

const faults: Fault[] = [
  {
    name: "Connection refused at boot",
    absentAtBoot: true,
    forgets: true,
    after: "none of the outage",
    strike() {},
    heal: (server) => server.restart(),
  },
  {
    name: "Server frozen (`SIGSTOP`)",
    strike: (server) => server.freeze(),
    heal: (server) => server.thaw(),
  },
  {
    name: "Server killed (`SIGKILL`), back empty",
    forgets: true,
    breaks: true,
    strike: (server) => server.kill(),
    heal: (server) => server.restart(),
  },
  {
    name: "Server killed (`SIGKILL`), back with its append-only file",
    args: ["--appendonly", "yes", "--appendfsync", "always"],
    breaks: true,
    strike: (server) => server.kill(),
    heal: (server) => server.restart(),
  },
  {
    name: "`SCRIPT FLUSH`",
    harmless: true,
    async strike(server) {
      await server.command("SCRIPT", "FLUSH");
    },
    heal() {},
  },
  {
    name: "Out of memory (`maxmemory`, `noeviction`)",
    args: ["--maxmemory-policy", "noeviction"],
    async strike(server) {
      await server.command("CONFIG", "SET", "maxmemory", "1");
    },
    async heal(server) {
      await server.command("CONFIG", "SET", "maxmemory", "0");
    },
  },
  {
    name: "Writes paused (`CLIENT PAUSE`)",
    async strike(server) {
      await server.command("CLIENT", "PAUSE", "60000", "WRITE");
    },
    async heal(server) {
      await server.command("CLIENT", "UNPAUSE");
    },
  },
  {
    name: "Demoted to a read-only replica (`READONLY`)",
    async strike(server) {
      const other = await startRedis(["--replicaof", `127.0.0.1 ${server.port}`]);
      onTestFinished(() => other.stop());
      await expect
        .poll(() => other.command("INFO", "replication"), { timeout: 15_000 })
        .toContain("master_link_status:up");
      await other.command("REPLICAOF", "NO", "ONE");
      await server.command("REPLICAOF", "127.0.0.1", String(other.port));
    },
    async heal(server) {
      await expect
        .poll(() => server.command("INFO", "replication"), { timeout: 15_000 })
        .toContain("master_link_status:up");
      await server.command("REPLICAOF", "NO", "ONE");
    },
  },
  {
    name: "Connections cut (`CLIENT KILL`)",
    harmless: true,
    breaks: true,
    async strike(server) {
      await server.command("CLIENT", "KILL", "TYPE", "normal");
    },
    heal() {},
  },
];

async function left(limiter: Limiter, charge: Charge): Promise<number | undefined> {
  const { verdicts, degraded } = await limiter.peek([{ ...charge, cost: 0 }]);
  return degraded ? undefined : verdicts[0]?.remaining;
}

/** Reserves where the store itself has charged it: a busy machine may be too late for it. */
async function reserveInStore(limiter: Limiter, charges: readonly Charge[]): Promise<Reservation> {
  for (;;) {
    const reservation = await limiter.reserve(charges);
    if (!reservation.decision.degraded) return reservation;
    await reservation.cancel();
  }
}

/** Asks so often, one after the other, and notes who answered what, and the slowest answer. */
async function ask(limiter: Limiter, charge: Charge) {
  let slowestMs = 0;
  let admitted = 0;
  const sources = new Set<string>();
  for (let i = 0; i < CALLS; i++) {
    const startedAt = performance.now();
    const decision = await limiter.decide([charge]);
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    if (decision.admitted) admitted += 1;
    for (const { source } of decision.verdicts) sources.add(source);
  }
  expect(slowestMs).toBeLessThan(SOON_MS);
  return { slowestMs, admitted, sources: [...sources] };
}

/** Waits until the store decides again, and tells how long that took. */
async function untilDecided(limiter: Limiter, charge: Charge): Promise<number> {
  const healedAt = performance.now();
  while ((await left(limiter, charge)) === undefined) {
    expect(performance.now() - healedAt).toBeLessThan(10_000);
    await setTimeout(1);
  }
  return performance.now() - healedAt;
}

describe("while Redis is in trouble", () => {
  it.each(faults)(
    "$name: everybody is answered by policy, and nothing is counted twice",
    {
      timeout: 60_000,
    },
    async (fault) => {
      const server = await startRedis(["--repl-diskless-sync-delay", "0", ...(fault.args ?? [])]);
      onTestFinished(async () => {
        server.thaw();
        await server.stop();
      });
      if (fault.absentAtBoot) await server.kill();
      const redis = createRedis({ url: server.url, deadlineMs: DEADLINE_MS });
      const limiter = createLimiter({
        store: redisStore(redis),
        liveNodes: LIVE_NODES,
        denyCacheMs: 0,
      });
      onTestFinished(async () => {
        await limiter.close();
        await redis.close();
      });
      // Looks on, and has all the time in the world: a busy machine is not what is tested.
      const patient = createRedis({ url: server.url, deadlineMs: 20_000 });
      const onlooker = createLimiter({ store: redisStore(patient), denyCacheMs: 0 });
      onTestFinished(() => patient.close());
      const key = "k";

      // Before: some is charged, some reserved, one lease held.
      let working: Reservation | undefined;
      let reserved: Reservation | undefined;
      if (!fault.absentAtBoot) {
        await Promise.all([redis.ready(), patient.ready()]);
        for (const policy of [local, open, closed])
          await onlooker.decide([{ policy, key, cost: 3 }]);
        working = await reserveInStore(limiter, [{ policy: runs, key }]);
        reserved = await reserveInStore(limiter, [{ policy: tokens, key, cost: 500 }]);
        expect(await left(onlooker, { policy: tokens, key })).toBe(500);
      }

      await fault.strike(server);
      const during = {
        local: await ask(limiter, { policy: local, key }),
        open: await ask(limiter, { policy: open, key }),
        closed: await ask(limiter, { policy: closed, key }),
      };
      await reserved?.settle({ tokens: 40 });
      await fault.heal(server);

      // Afterwards: the store decides again, and what could not be told is told.
      const againMs = await untilDecided(limiter, { policy: local, key });
      await patient.ready();
      await expect.poll(() => limiter.state().queued, { timeout: 10_000 }).toBe(0);
      const counted = async (charge: Charge) =>
        charge.policy.capacity - ((await left(onlooker, charge)) ?? Number.NaN);
      const before = fault.forgets || fault.absentAtBoot ? 0 : 3;
      if (fault.harmless) {
        // Cut off in the middle, a few answers come from the policies; the store has not lost a thing.
        expect(await counted({ policy: tokens, key })).toBe(40);
      } else {
        expect(during.local).toMatchObject({ sources: ["local"], admitted: 20 / LIVE_NODES });
        expect(during.open).toMatchObject({ sources: ["open"], admitted: CALLS });
        expect(during.closed).toMatchObject({ sources: ["closed"], admitted: 0 });
        expect(await counted({ policy: local, key })).toBe(before);
        expect(await counted({ policy: open, key })).toBe(before);
        expect(await counted({ policy: closed, key })).toBe(before);
        const settledTokens = fault.forgets ? 0 : 40;
        expect(await counted({ policy: tokens, key })).toBe(
          reserved === undefined ? 0 : settledTokens,
        );
      }
      // A call that was on its way when the connection broke may have run: it is said so.
      expect(limiter.state().uncertain).toBeLessThanOrEqual(fault.breaks ? 1 : 0);
      expect(limiter.state().dropped).toBe(0);
      if (working !== undefined) {
        await expect.poll(() => counted({ policy: runs, key }), { timeout: 5_000 }).toBe(1);
        await working.release();
        await expect.poll(() => counted({ policy: runs, key })).toBe(0);
      }
      rows.push({
        fault: fault.name,
        local: outcome(during.local),
        open: outcome(during.open),
        closed: outcome(during.closed),
        slowestMs: Math.max(...Object.values(during).map(({ slowestMs }) => slowestMs)),
        againMs,
        after: fault.harmless
          ? "exact"
          : fault.forgets
            ? "empty: what the server forgot is forgotten; leases are back with the next heartbeat"
            : "exact: nothing of the outage is counted, the settlement is",
      });
    },
  );

  it("gives a killed holder's slot to the next one when the lease is over, not later", {
    timeout: 30_000,
  }, async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const ttl = 600;
    const holder = fork(join(import.meta.dirname, "support/lease-holder.ts"), {
      execArgv: ["--conditions=@enfilade/source", "--import", import.meta.resolve("tsx")],
    });
    onTestFinished(() => void holder.kill("SIGKILL"));
    const answer = once(holder, "message");
    holder.send({ url: server.url, ttl });
    expect((await answer)[0]).toBe(true);

    const redis = createRedis({ url: server.url, deadlineMs: 5_000 });
    const limiter = createLimiter({ store: redisStore(redis), denyCacheMs: 0 });
    onTestFinished(async () => {
      await limiter.close();
      await redis.close();
    });
    await redis.ready();
    const policy = concurrency({ name: "runs", limit: 1, ttl });
    const next = () => limiter.decide([{ policy, key: "worker", lease: "next" }]);
    const first = await next();
    // Renewed: it holds for longer than a lease lasts.
    let last = first;
    while (last.atMs < first.atMs + 1.5 * ttl) {
      last = await next();
      expect(last.admitted).toBe(false);
    }
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const [[, score]] = (await redis.command(
      ["ZRANGE", "limit:{worker}:c:runs", 0, 0, "WITHSCORES"],
      "limit:{worker}:c:runs",
    )) as [[string, number]];
    const expiresMs = Number(score) / 1_000;
    while (!last.admitted) last = await next();
    expect(last.atMs).toBeGreaterThanOrEqual(expiresMs);
    expect(last.atMs).toBeLessThan(expiresMs + 100);
    expect(expiresMs).toBeLessThan(last.atMs + ttl);
  });
});

function outcome({ admitted, sources }: { admitted: number; sources: readonly string[] }): string {
  return `${admitted} of ${CALLS}, by ${sources.join(" and ")}`;
}

afterAll(() => {
  if (rows.length < faults.length) return;
  const file = join(import.meta.dirname, "../README.md");
  const readme = readFileSync(file, "utf8");
  const table = faultTable(rows, { calls: CALLS, liveNodes: LIVE_NODES, deadlineMs: DEADLINE_MS });
  if (process.env.UPDATE_FAULTS !== undefined) {
    writeFileSync(file, readme.replace(/<!-- faults -->[\s\S]*<!-- \/faults -->/, table));
  } else {
    // Times differ from run to run, and who answers while connections are cut.
    expect(shapeOf(readme)).toBe(shapeOf(table));
  }
});
