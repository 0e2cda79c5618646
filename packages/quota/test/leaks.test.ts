import { setImmediate as turn } from "node:timers/promises";
import { listen, openExchange } from "@enfilade/testing";
import { expect, test } from "vitest";
import { eventually, quotaApp } from "./support/apps.ts";
import { createMeter } from "./support/meter.ts";

const policies = {
  runs: { counts: "runs", limit: 50_000 },
  mine: { counts: "runs", limit: 100_000, by: "server" },
  tokens: { counts: "tokens", limit: 2 ** 40, per: "hour" },
} as const;

test("100,000 runs that were aborted, in every state, leave no place taken and nothing open", async () => {
  const { meter, begin } = createMeter({ policies, settleWithinMs: 0 });
  for (let batch = 0; batch < 1_000; batch++) {
    const begun = await Promise.all(
      Array.from({ length: 100 }, (_, index) => begin(`10.0.0.${index % 50}`)),
    );
    for (const [index, { run, leave }] of begun.entries()) {
      // Some had used less than was reserved, some more, some are settled at the same moment, some leave twice.
      if (index % 5 === 1) void run.charge({ tokens: index });
      if (index % 5 === 2) void run.settle({ tokens: index });
      if (index % 5 === 3) void run.cancel();
      leave(index % 2 === 0);
      if (index % 7 === 0) leave(false);
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
}, 60_000);

test("1,000 clients that leave, mid-stream or before any reply, leave no place taken", async () => {
  const { app } = await quotaApp("in line", {
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
