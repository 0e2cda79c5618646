import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { createDeferred, createRecorder, listen, openExchange, pieces } from "@enfilade/testing";
import type { FastifyInstance, FastifyReply } from "fastify";
import { describe, expect, it } from "vitest";
import { type Exchange, exchangeOf } from "../src/index.ts";
import { createApp, layer } from "./support.ts";

/** An app that hands out its exchanges when they have settled. */
async function settledOf(app: FastifyInstance) {
  const settled = createRecorder<Exchange>();
  await app.register(
    layer({
      onSettled(request) {
        const exchange = exchangeOf(request);
        if (exchange !== undefined) settled.record(exchange);
      },
    }),
  );
  return settled;
}

/** The times of an exchange, as numbers in the order in which they must have come. */
function times({ startedAt, headersAt, firstByteAt, settledAt }: Exchange) {
  return [startedAt, headersAt, firstByteAt, settledAt].filter((time) => time !== undefined);
}

describe("exchangeOf", () => {
  it("gives the same exchange to every hook and to the handler, and none where no layer is", async () => {
    const app = createApp();
    const seen = new Set<unknown>();
    const look = (request: Parameters<typeof exchangeOf>[0]) => void seen.add(exchangeOf(request));
    app.register(async (scope) => {
      await scope.register(layer({ onRequest: look, onSend: look, onSettled: look }));
      scope.get("/", async (request) => look(request));
    });
    let outside: unknown = "not asked";
    app.get("/outside", async (request) => {
      outside = exchangeOf(request);
    });
    await app.inject("/");
    await app.inject("/outside");
    expect(seen.size).toBe(1);
    expect(outside).toBeUndefined();
  });

  it.each<[string, (reply: FastifyReply) => unknown, number]>([
    ["a reply", (reply) => reply.send("hello"), 3],
    ["a stream", (reply) => reply.send(Readable.from(["a", "b"])), 4],
    ["a raw writer", (reply) => void reply.hijack().raw.write("a", () => reply.raw.end()), 4],
  ])("knows in which order things came about: %s", async (_what, answer, count) => {
    const app = createApp();
    const settled = await settledOf(app);
    app.get("/", (_request, reply) => answer(reply));
    await (await fetch(await listen(app))).text();
    const exchange = await settled.find(() => true);
    expect(times(exchange)).toHaveLength(count);
    expect(times(exchange)).toEqual(times(exchange).toSorted((a, b) => a - b));
    expect(exchange.outcome).toBe("completed");
  });

  it("sees the first byte of a stream when it goes out, not when the next one does", async () => {
    const app = createApp();
    const settled = await settledOf(app);
    const rest = createDeferred<string>();
    const begun = createDeferred<Exchange | undefined>();
    app.get("/", (request, reply) => {
      begun.resolve(exchangeOf(request));
      return reply.send(Readable.from(pieces("first", rest.promise)));
    });
    const client = await openExchange(await listen(app));
    await client.bodyUntil("first");
    const atFirst = (await begun.promise)?.firstByteAt;
    expect(atFirst).toBeTypeOf("number");
    rest.resolve("rest");
    await client.wholeBody();
    expect((await settled.find(() => true)).firstByteAt).toBe(atFirst);
  });

  it("has no time of headers for an exchange that never had any", async () => {
    const app = createApp();
    const settled = await settledOf(app);
    app.get("/", (_request, reply) => void reply.hijack().raw.destroy());
    await (await openExchange(await listen(app))).closed();
    expect(await settled.find(() => true)).toMatchObject({
      headersAt: undefined,
      firstByteAt: undefined,
      outcome: "errored",
    });
  });

  it("counts the sends of a payload that failed", async () => {
    const app = createApp();
    const settled = await settledOf(app);
    const broken = new Readable({ read: () => void broken.destroy(new Error("no file")) });
    app.get("/", (_request, reply) => reply.send(broken));
    await app.inject("/");
    expect((await settled.find(() => true)).sends).toBe(2);
  });
});

describe("functions that others put in the place of the response's own", () => {
  /** What middleware for compression does: it takes what is written, and hands on something else. */
  function wrap(raw: ServerResponse): void {
    const { write, end } = raw;
    const loud = (chunk: unknown) => (typeof chunk === "string" ? chunk.toUpperCase() : chunk);
    raw.write = (chunk: unknown, ...rest: unknown[]) =>
      Reflect.apply(write, raw, [loud(chunk), ...rest]);
    raw.end = (chunk?: unknown, ...rest: unknown[]) =>
      Reflect.apply(end, raw, [loud(chunk), ...rest]);
  }

  it.each(["before", "after"])("%s the exchange has begun stay there to the end", async (when) => {
    const app = createApp();
    const wrapAll = async (_request: unknown, { raw }: FastifyReply) => wrap(raw);
    if (when === "before") app.addHook("onRequest", wrapAll);
    const settled = await settledOf(app);
    if (when === "after") app.addHook("onRequest", wrapAll);
    app.get("/", (_request, reply) => {
      const { raw } = reply.hijack();
      for (const piece of ["a", "b", "c"]) raw.write(piece);
      raw.end("d");
    });
    expect(await (await fetch(await listen(app))).text()).toBe("ABCD");
    expect((await settled.find(() => true)).firstByteAt).toBeTypeOf("number");
  });
});
