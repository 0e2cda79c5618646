import { Readable } from "node:stream";
import { createLogLines, listen } from "@enfilade/testing";
import type { FastifyReply } from "fastify";
import { describe, expect, it } from "vitest";
import { type Answer, answering, marked, raw } from "./marked.ts";
import { createApp, layer } from "./support.ts";

describe("what layers set on the reply arrives, and onHeaders runs once,", () => {
  const answers: [string, number, Answer][] = [
    ["a plain reply", 200, (reply) => reply.send({ ok: true })],
    ["a reply without a body", 204, (reply) => reply.code(204).send()],
    ["a stream", 200, (reply) => reply.send(Readable.from(["a"]))],
    ["a web stream", 200, (reply) => reply.send(new Blob(["a"]).stream())],
    ["a web Response", 201, (reply) => reply.send(new Response("a", { status: 201 }))],
    ["an error", 418, (reply) => reply.code(418).send(new Error("on purpose"))],
    ["what is not found", 404, (reply) => reply.callNotFound()],
    ["a head with an object", 201, raw((to) => to.writeHead(201, { "x-own": "1" }).end("a"))],
    ["a head with a message", 201, raw((to) => to.writeHead(201, "Made", { "x-own": "1" }).end())],
    ["a head with a message alone", 201, raw((to) => to.writeHead(201, "Made").end())],
    ["a head with a flat list", 201, raw((to) => to.writeHead(201, ["x-own", "1"]).end("a"))],
    [
      "a head with pairs",
      201,
      raw((to) => to.writeHead(201, [["x-own", "1"]] as unknown as string[]).end("a")),
    ],
    ["an implicit head", 200, raw((to) => to.end("a"))],
    ["an implicit head before a piece", 200, raw((to) => to.write("a", () => to.end("b")))],
    [
      "flushed headers",
      200,
      raw((to) => {
        to.flushHeaders();
        to.end("a");
      }),
    ],
    ["a raw writer that does not hijack", 200, (reply) => void reply.raw.end("a")],
  ];
  it.each(answers)("on %s", async (_what, status, answer) => {
    const { app, heads } = await marked();
    answering(app, answer);
    const response = await fetch(await listen(app));
    await response.text();
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-early": "yes",
      "x-late": "yes",
    });
    expect(heads).toEqual([status]);
  });
});

describe("onHeaders", () => {
  it("keeps every cookie, its own and the handler's", async () => {
    const app = createApp();
    await app.register(
      layer({ onHeaders: (_request, reply) => void reply.header("set-cookie", "late=1") }),
    );
    answering(app, (reply) =>
      reply.header("set-cookie", "a=1").header("set-cookie", "b=2").send("hello"),
    );
    const { headers } = await app.inject("/");
    expect(headers["set-cookie"]).toEqual(["a=1", "b=2", "late=1"]);
  });

  it("sees the status and the headers that go out, whoever named them", async () => {
    const app = createApp();
    const seen: unknown[] = [];
    await app.register(
      layer({
        onHeaders: ({ url }, { raw }) =>
          void seen.push([url, raw.statusCode, raw.getHeader("x-own")]),
      }),
    );
    app.get("/raw", (_request, reply) =>
      raw((to) => to.writeHead(202, { "x-own": "1" }).end())(reply),
    );
    app.get("/stream", (_request, reply) =>
      reply
        .code(203)
        .header("x-own", "2")
        .send(Readable.from(["a"])),
    );
    for (const url of ["/raw", "/stream"]) await app.inject(url);
    expect(seen).toEqual([
      ["/raw", 202, "1"],
      ["/stream", 203, "2"],
    ]);
  });

  it("runs innermost first, so that the outer layer has the last word", async () => {
    const app = createApp();
    for (const name of ["outer", "inner"]) {
      const onHeaders = (_request: unknown, reply: FastifyReply) => void reply.header("x-by", name);
      await app.register(layer({ onHeaders }, name));
    }
    answering(app, (reply) => reply.send("hello"));
    expect((await app.inject("/")).headers["x-by"]).toBe("outer");
  });

  it("that throws is logged, and the response goes out with what the others have set", async () => {
    const log = createLogLines();
    const { app } = await marked({ logger: { level: "error", stream: log.stream } });
    await app.register(
      layer(
        {
          onHeaders() {
            throw new Error("on purpose");
          },
        },
        "failing",
      ),
    );
    answering(app, (reply) => reply.send("hello"));
    const response = await app.inject("/");
    expect([response.body, response.headers["x-late"]]).toEqual(["hello", "yes"]);
    expect(log.items).toMatchObject([
      { msg: "a layer failed in onHeaders", err: { message: "on purpose" } },
    ]);
  });

  it("does not run for a client that has gone before the headers", async () => {
    const { app, heads } = await marked();
    answering(app, (reply) => {
      reply.raw.destroy().once("close", () => reply.send("too late"));
    });
    await expect(fetch(await listen(app))).rejects.toThrow();
    await app.close();
    expect(heads).toEqual([]);
  });
});
