import { once } from "node:events";
import { connect } from "node:http2";
import { Readable } from "node:stream";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { expect, it, onTestFinished } from "vitest";
import { layer } from "./support.ts";

const answers: [string, number, (reply: FastifyReply) => unknown][] = [
  ["a plain reply", 200, (reply) => reply.send({ ok: true })],
  ["a stream", 200, (reply) => reply.send(Readable.from(["a"]))],
  ["an error", 500, (reply) => reply.send(new Error("on purpose"))],
  ["what is not found", 404, (reply) => reply.callNotFound()],
  [
    "a hijacked head",
    201,
    (reply) => void reply.hijack().raw.writeHead(201, { "x-own": "1" }).end("a"),
  ],
  ["a hijacked reply with an implicit head", 200, (reply) => void reply.hijack().raw.end("a")],
  [
    "a hijacked reply whose first piece is written",
    200,
    (reply) => {
      const { raw } = reply.hijack();
      raw.write("a");
      raw.end("b");
    },
  ],
];

it.each(answers)("over HTTP/2 headers reach %s", async (_what, status, answer) => {
  const app = Fastify({ http2: true }) as unknown as FastifyInstance;
  onTestFinished(() => app.close());
  let heads = 0;
  await app.register(
    layer({
      onRequest(_request, reply) {
        reply.header("x-early", "yes");
      },
      onHeaders(_request, reply) {
        heads += 1;
        reply.header("x-late", "yes");
      },
    }),
  );
  app.get("/", (_request, reply) => answer(reply));
  const client = connect(await app.listen({ port: 0, host: "127.0.0.1" }));
  onTestFinished(() => client.destroy());
  const request = client.request({ ":path": "/" });
  request.resume();
  const [headers] = await once(request, "response");
  expect(headers).toMatchObject({ ":status": status, "x-early": "yes", "x-late": "yes" });
  expect(heads).toBe(1);
});
