import { setImmediate as turn } from "node:timers/promises";
import { listen, openExchange } from "@enfilade/testing";
import type { FastifyReply, FastifyRequest } from "fastify";
import { expect, test } from "vitest";
import { Meter } from "../src/meter.ts";
import { resolveOptions } from "../src/options.ts";
import { RouteQuotas } from "../src/route-quotas.ts";
import type { RunQuota } from "../src/types.ts";
import { eventually, quotaApp } from "./support/apps.ts";

const policies = {
  runs: { counts: "runs", limit: 50_000 },
  mine: { counts: "runs", limit: 100_000, by: "server" },
  tokens: { counts: "tokens", limit: 2 ** 40, per: "hour" },
} as const;

/** What of a request and of a reply the meter looks at. */
function exchange(ip: string): [FastifyRequest, FastifyReply] {
  const request = { ip, principal: null, quota: null };
  const headers = new Map<string, unknown>();
  const reply = {
    getHeader: (name: string) => headers.get(name),
    header: (name: string, value: unknown) => headers.set(name, value),
    headers() {},
  };
  return [request as unknown as FastifyRequest, reply as unknown as FastifyReply];
}

test("100,000 runs that were aborted, in every state, leave no place taken and nothing open", async () => {
  const meter = new Meter(resolveOptions({ policies, settleWithinMs: 0 }));
  const quota = new RouteQuotas(meter.settings).of({ quota: true } as never);
  if (quota === undefined) throw new Error("unreachable: the route has a quota");
  for (let batch = 0; batch < 1_000; batch++) {
    const begun = Array.from({ length: 100 }, (_, i) => exchange(`10.0.0.${i % 50}`));
    await Promise.all(begun.map(([request, reply]) => meter.admit(request, reply, quota)));
    for (const [index, [request]] of begun.entries()) {
      const run = request.quota as RunQuota;
      // Some had used less than was reserved, some more, some are settled at the same moment, some twice.
      if (index % 5 === 1) void run.charge({ tokens: index });
      if (index % 5 === 2) void run.settle({ tokens: index });
      if (index % 5 === 3) void run.cancel();
      meter.leave(request, index % 2 === 0);
      if (index % 7 === 0) meter.leave(request, false);
    }
    await turn();
  }

  await eventually(() => meter.openRuns.size).toBe(0);
  expect(meter.limiter.state().leases).toBe(0);
  const server = meter.settings.policies.get("mine");
  if (server === undefined) throw new Error("unreachable: it is one of the policies");
  const { verdicts } = await meter.limiter.peek([
    { policy: server.policyFor(100_000), key: "server", cost: 0 },
  ]);
  expect(verdicts[0]?.remaining).toBe(100_000);
  await meter.close();
}, 60_000);

test("1,000 clients that leave, mid-stream or before any reply, leave no place taken", async () => {
  const { app } = await quotaApp("under the order", {
    policies: { runs: { counts: "runs", limit: 100, by: "server" } },
    settleWithinMs: 0,
  });
  app.get("/", { config: { quota: true } }, (request, reply) => {
    if (request.headers["x-stream"] === "no") return;
    reply.hijack();
    reply.raw.write("begun");
  });
  const origin = await listen(app);
  const visit = async (index: number) => {
    const streams = index % 2 === 0;
    const headers = { "x-caller": `user-${index % 10}`, "x-stream": streams ? "yes" : "no" };
    const visitor = await openExchange(origin, { headers });
    if (streams) await visitor.bodyUntil("begun");
    if (index % 4 === 0) visitor.reset();
    else visitor.destroy();
  };

  for (let batch = 0; batch < 20; batch++) {
    await Promise.all(Array.from({ length: 50 }, (_, index) => visit(index)));
    // All places of the batch before have to be free, or this one would be refused.
    await eventually(() => app.quota.state().open).toBe(0);
  }

  expect(await app.quota.usage({})).toMatchObject([{ policy: "runs", used: 0 }]);
}, 60_000);
