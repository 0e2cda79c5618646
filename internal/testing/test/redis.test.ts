import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createRecorder, type RedisServer, startRedis } from "../src/index.ts";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis(["--maxmemory", "8mb"]);
});
afterAll(() => redis.stop());

async function dial() {
  const socket = connect(redis.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const replies = createRecorder<string>();
  socket.setEncoding("utf8").on("data", (text) => replies.record(String(text)));
  socket.on("error", () => {});
  socket.on("close", () => replies.record("(closed)"));
  await once(socket, "connect");
  return { replies, say: (command: string) => void socket.write(`${command}\r\n`) };
}

describe("a Redis server of one's own", () => {
  it("answers, under the settings that the test gave it", async () => {
    const { replies, say } = await dial();
    say("CONFIG GET maxmemory");
    expect(await replies.find(() => true)).toContain("8388608");
    expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
  });

  it("stays silent while it is frozen, and answers when it thaws", async () => {
    const { replies, say } = await dial();
    redis.freeze();
    say("PING");
    // The kernel still accepts for it: a round trip through the same loopback that Redis does not take.
    await once(connect(redis.port, "127.0.0.1").unref(), "connect");
    expect(replies.items).toEqual([]);
    redis.thaw();
    expect(await replies.find(() => true)).toBe("+PONG\r\n");
  });

  it("drops its clients and its data when it is killed, and comes back on the same port", async () => {
    const before = await dial();
    before.say("SET key value");
    await before.replies.find((reply) => reply === "+OK\r\n");
    await redis.kill();
    await before.replies.find((reply) => reply === "(closed)");
    await redis.restart();
    const after = await dial();
    after.say("EXISTS key");
    expect(await after.replies.find(() => true)).toBe(":0\r\n");
  });

  it("tells why it did not start", async () => {
    await expect(startRedis(["--no-such-setting", "1"])).rejects.toThrow("no-such-setting");
  });
});
