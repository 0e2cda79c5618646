import { createLogLines, listen } from "@enfilade/testing";
import Fastify from "fastify";
import { expect, test } from "vitest";
import { defineLayer } from "../src/index.ts";

/** Node refuses to write it (RFC 9110, section 5.5). */
const unsendable = "a\nb";

test.each([
  ["a layer", "a reply", true, false],
  ["a layer", "a hijacked reply", true, true],
  ["a handler", "a reply", false, false],
  ["a handler", "a hijacked reply", false, true],
])(
  "a header of %s that cannot be sent is left out of %s, and the server lives on",
  async (_who, _what, byLayer, hijack) => {
    const log = createLogLines();
    const app = Fastify({ logger: { stream: log.stream } });
    await app.register(
      defineLayer({
        name: "probe",
        place: "protect",
        setup: () => ({
          onHeaders(request, reply) {
            if (byLayer && request.url === "/bad") reply.header("x-bad", unsendable);
            reply.header("x-good", "yes");
          },
        }),
      }),
    );
    app.get("/bad", (_request, reply) => {
      if (!byLayer) reply.header("x-bad", unsendable);
      if (!hijack) return reply.send({ ok: true });
      reply.hijack();
      reply.raw.end("mine");
      return reply;
    });
    app.get("/fine", async () => ({ ok: true }));
    const origin = await listen(app);
    const bad = await fetch(`${origin}/bad`);
    expect(bad.headers.has("x-bad")).toBe(false);
    await bad.text();
    expect((await fetch(`${origin}/fine`)).status).toBe(200);
    expect(log.items.some(({ err }) => /x-bad/.test(JSON.stringify(err ?? "")))).toBe(true);
  },
);

test("a header that cannot be sent becomes an error, also behind an onSend that takes its time", async () => {
  const app = Fastify();
  const heads: number[] = [];
  await app.register(
    defineLayer({
      name: "probe",
      place: "encode",
      setup: () => ({
        async onSend(_request, _reply, payload) {
          return payload;
        },
        onHeaders: (_request, { statusCode }) => void heads.push(statusCode),
      }),
    }),
  );
  app.get("/", (_request, reply) => reply.header("x-bad", unsendable).send("hello"));
  const response = await fetch(await listen(app));
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ code: "ERR_INVALID_CHAR" });
  expect(heads.at(-1), "the head that went out").toBe(500);
});
