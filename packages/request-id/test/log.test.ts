import { createApp } from "@enfilade/line-testing";
import { createLogLines, listen, openExchange } from "@enfilade/testing";
import { type FastifyReply, type FastifyServerOptions, LogController } from "fastify";
import { expect, it } from "vitest";
import { requestId } from "../src/index.ts";

async function loggedApp(server: FastifyServerOptions = {}) {
  const log = createLogLines();
  const app = await createApp({ logger: { level: "info", stream: log.stream }, ...server });
  // Not awaited on purpose: a route that is declared before the layer has loaded is served all the same.
  app.register(requestId);
  app.get("/", async (request, reply) => {
    request.log.info("from the request");
    reply.log.info("from the reply");
    return "ok";
  });
  app.get("/throws", async () => {
    throw new Error("boom");
  });
  return { app, log };
}

it("puts the id into every line of a request's log, Fastify's first line included", async () => {
  const { app, log } = await loggedApp();
  await app.inject({ url: "/", headers: { "x-request-id": "abc" } });
  const lines = log.items.filter((line) => line.reqId !== undefined);
  expect(lines.map(({ msg, reqId }) => [msg, reqId])).toEqual([
    ["incoming request", "abc"],
    ["from the request", "abc"],
    ["from the reply", "abc"],
    ["request completed", "abc"],
  ]);
});

it.each(["/nowhere", "/throws", "/%zz"])("names the request in the lines about %s", async (url) => {
  const { app, log } = await loggedApp({
    frameworkErrors(error, request, reply: FastifyReply) {
      request.log.info(error.message);
      reply.code(400).send();
    },
  });
  await app.inject({ url, headers: { "x-request-id": "abc" } });
  expect(log.items.length).toBeGreaterThan(1);
  expect(new Set(log.items.map((line) => line.reqId))).toEqual(new Set(["abc"]));
});

it("binds the id once in each line, under the label that Fastify was given", async () => {
  const chunks: string[] = [];
  const { app } = await loggedApp({
    logController: new LogController({ requestIdLogLabel: "request_id" }),
    logger: { level: "info", stream: { write: (line: string) => void chunks.push(line) } },
  });
  await app.inject({ url: "/", headers: { "x-request-id": "abc" } });
  const lines = chunks.join("").trim().split("\n");
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line.match(/"request_id":"abc"/g)).toHaveLength(1);
  expect(chunks.join("")).not.toContain("reqId");
});

it("cannot be used to write lines into the log", async () => {
  const { app, log } = await loggedApp();
  const origin = await listen(app);
  const exchange = await openExchange(origin, {
    headers: { "x-request-id": 'x","level":60,"msg":"forged' },
  });
  await exchange.wholeBody();
  await log.find((line) => line.msg === "request completed");
  expect(log.items.some((line) => line.level === 60)).toBe(false);
  expect(new Set(log.items.flatMap(({ reqId }) => reqId ?? [])).size).toBe(1);
});
