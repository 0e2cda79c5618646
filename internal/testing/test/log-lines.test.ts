import Fastify from "fastify";
import { describe, expect, it } from "vitest";
import { createLogLines } from "../src/index.ts";

describe("log lines", () => {
  it("hands out what a Fastify app logs, as data", async () => {
    const log = createLogLines();
    const app = Fastify({ logger: { stream: log.stream } });
    app.get("/", async (request) => {
      request.log.warn({ code: "SEEN" }, "a message");
      return "";
    });
    await app.inject("/");
    const line = await log.find((line) => line.msg === "a message");
    expect(line).toMatchObject({ level: 40, code: "SEEN" });
    await app.close();
  });

  it("joins a line that arrives in two writes, and parts two that arrive in one", async () => {
    const log = createLogLines();
    log.stream.write('{"level":30,"ms');
    log.stream.write('g":"one"}\n{"level":30,"msg":"two"}\n');
    expect((await log.until((lines) => lines.length === 2)).map((line) => line.msg)).toEqual([
      "one",
      "two",
    ]);
  });
});
