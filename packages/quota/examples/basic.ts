import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { setImmediate as word } from "node:timers/promises";
import quota, { usageFrame } from "@enfilade/quota";
import Fastify from "fastify";

const app = Fastify();
await app.register(quota, {
  policies: {
    "tokens-per-minute": { counts: "tokens", limit: 1_000, per: "minute", by: "address" },
    // In millionths of a dollar: $0.01.
    "dollars-per-day": { counts: "money", limit: 10_000, per: "day", by: "address" },
    "runs-at-once": { counts: "runs", limit: 2, by: "address" },
  },
  estimate: () => ({ tokens: 400, money: 1_200 }),
});

// A model at $3 for a million tokens: 3 millionths of a dollar for each.
app.post("/agents/:id/runs", { config: { quota: true } }, (request, reply) => {
  const run = request.quota;
  async function* answer() {
    let tokens = 0;
    for (const text of ["Quotas", "are", "settled", "once."]) {
      run?.signal.throwIfAborted();
      await word();
      tokens += 50;
      yield `data: ${text}\n\n`;
    }
    if (run) yield usageFrame(await run.settle({ tokens, money: 3 * tokens }));
  }
  return reply.type("text/event-stream").send(Readable.from(answer()));
});

const ask = () => app.inject({ method: "POST", url: "/agents/docs/runs" });

const first = await ask();
assert.match(String(first.headers.ratelimit), /"tokens-per-minute";r=600/); // reserved
assert.match(first.body, /event: usage\ndata: \{"usage":\{"tokens":200,"money":600\}/); // used

const used = await app.quota.usage({ address: "127.0.0.1" });
assert.deepEqual(
  used.map((policy) => policy.used),
  [200, 600, 0],
);

// 200 are used, 800 are left: two runs fit, and only two may run at once.
const together = await Promise.all([ask(), ask(), ask()]);
assert.deepEqual(together.map(({ statusCode }) => statusCode).sort(), [200, 200, 429]);
const refused = together.find(({ statusCode }) => statusCode === 429);
assert.equal(refused?.json().code, "QUOTA_EXCEEDED");
assert.ok(Number(refused?.headers["retry-after"]) > 0);
await app.close();
