import { Readable } from "node:stream";
import { createDeferred, type Exchange, listen, openExchange, pieces } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { createApp, neverAnswers, outcomesOf, watchEndings } from "./support.ts";

const json = { "content-type": "application/json" };

describe("aborted is what the client went away from", () => {
  const ways: [string, (exchange: Exchange) => void][] = [
    ["closing the connection", (exchange) => exchange.destroy()],
    ["closing its half of it", (exchange) => exchange.halfClose()],
    ["resetting it", (exchange) => exchange.reset()],
  ];

  it.each(ways)("before the reply, by %s, its body read in full", async (_way, leave) => {
    const app = createApp();
    const endings = await watchEndings(app);
    const reached = neverAnswers(app);
    const body = JSON.stringify({ prompt: "hello" });
    const exchange = await openExchange(await listen(app), { path: "/never", headers: json, body });
    await reached;
    leave(exchange);
    expect(await outcomesOf(app, endings)).toEqual(["aborted"]);
    expect(endings.items[0]?.headed).toBe(false);
  });

  it.each(ways)("before the reply to a GET, by %s", async (_way, leave) => {
    const app = createApp();
    const endings = await watchEndings(app);
    const reached = neverAnswers(app);
    const exchange = await openExchange(await listen(app), { path: "/never" });
    await reached;
    leave(exchange);
    expect(await outcomesOf(app, endings)).toEqual(["aborted"]);
  });

  it.each(ways)("in the middle of a stream, by %s", async (_way, leave) => {
    const app = createApp();
    const endings = await watchEndings(app);
    const never = new Promise<string>(() => {});
    app.get("/", (_request, reply) => reply.send(Readable.from(pieces("first", never))));
    const exchange = await openExchange(await listen(app));
    await exchange.bodyUntil("first");
    leave(exchange);
    expect(await outcomesOf(app, endings)).toEqual(["aborted"]);
    expect(endings.items[0]?.headed).toBe(true);
  });

  it.each(ways)("in the middle of a hijacked reply, by %s", async (_way, leave) => {
    const app = createApp();
    const endings = await watchEndings(app);
    app.get("/", (_request, reply) => {
      reply.hijack();
      reply.raw.write("first");
    });
    const exchange = await openExchange(await listen(app));
    await exchange.bodyUntil("first");
    leave(exchange);
    expect(await outcomesOf(app, endings)).toEqual(["aborted"]);
  });

  it.each(ways)(
    "even where the server then breaks the response off itself, by %s",
    async (_way, leave) => {
      const app = createApp();
      const endings = await watchEndings(app);
      app.get("/", (request, reply) => {
        reply.hijack();
        request.raw.once("close", () => reply.raw.destroy(new Error("nobody listens")));
        reply.raw.write("first");
      });
      const exchange = await openExchange(await listen(app));
      await exchange.bodyUntil("first");
      leave(exchange);
      expect(await outcomesOf(app, endings)).toEqual(["aborted"]);
    },
  );

  it("before its body had arrived", async () => {
    const app = createApp();
    const endings = await watchEndings(app);
    const reached = createDeferred();
    app.addHook("preParsing", async () => reached.resolve());
    app.post("/", async () => "never");
    const exchange = await openExchange(await listen(app), {
      headers: { ...json, "content-length": "100" },
      body: "{",
    });
    await reached.promise;
    exchange.destroy();
    expect(await outcomesOf(app, endings)).toEqual(["aborted"]);
  });
});
