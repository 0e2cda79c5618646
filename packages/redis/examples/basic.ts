import assert from "node:assert/strict";
import { createRedis, defineScript, isRedisError } from "@enfilade/redis";
import { startRedis } from "@enfilade/testing";

// A server of its own, so that it can be frozen.
const server = await startRedis();
const redis = createRedis({ url: server.url, failuresToOpen: 1 });
await redis.ready();

const increment = defineScript({
  name: "increment",
  lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])",
  read: Number,
});
const attempt = () => redis.run(increment, ["visits"], [1]).catch((error: unknown) => error);

/** Counts once for certain: what a busy machine has kept from running in time is run again. */
async function count(): Promise<number> {
  for (;;) {
    const answer = await attempt();
    if (!isRedisError(answer)) return Number(answer);
    const fate = await answer.fate;
    if (fate.ran === "yes") return Number(fate.reply);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
assert.equal(await count(), 1);

// A frozen server: the caller is answered all the same, and the next one need not even wait.
server.freeze();
const late = await attempt();
assert(isRedisError(late) && late.code === "REDIS_TIMEOUT");
const next = await attempt();
assert(isRedisError(next) && next.code === "REDIS_UNAVAILABLE");

// Thawed, it finds the command in its buffer, past its deadline: it is not counted.
server.thaw();
assert.deepEqual(await late.fate, { ran: "no" });
assert.equal(await count(), 2);
console.log(redis.state().counts);

await redis.close();
await server.stop();
