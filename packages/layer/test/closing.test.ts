import { createDeferred, listen, openExchange } from "@enfilade/testing";
import Fastify from "fastify";
import { describe, expect, it } from "vitest";
import { defineLayer } from "../src/index.ts";
import { createApp, layer } from "./support.ts";

/** A layer whose settling takes a few turns, and says when it is through. */
function slowly(through: () => void) {
  return layer({
    async onSettled() {
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      through();
    },
  });
}

describe("app.close() waits for onSettled", () => {
  it("of replies in the scope of the layer and in scopes below it", async () => {
    const app = createApp();
    const settled: string[] = [];
    await app.register(
      layer({
        async onSettled({ url }) {
          await new Promise((resolve) => setImmediate(resolve));
          settled.push(url);
        },
      }),
    );
    app.get("/", async () => "above");
    app.register(async (below) => {
      below.get("/below", async () => "below");
    });
    await Promise.all([app.inject("/"), app.inject("/below")]);
    await app.close();
    expect(settled.toSorted()).toEqual(["/", "/below"]);
  });

  it.each([
    { who: "the server", forced: true },
    { who: "the client", forced: false },
  ])("of an exchange that $who cuts off meanwhile", async ({ forced }) => {
    const app = createApp({ forceCloseConnections: forced });
    const reached = createDeferred();
    let settled = 0;
    await app.register(
      slowly(() => {
        settled += 1;
      }),
    );
    app.get("/", () => {
      reached.resolve();
      return new Promise(() => {});
    });
    const exchange = await openExchange(await listen(app));
    await reached.promise;
    const closed = app.close();
    if (!forced) exchange.destroy();
    await closed;
    expect(settled).toBe(1);
  });

  it("before it closes what was there before the layer, and what came after it", async () => {
    const app = createApp({ forceCloseConnections: true });
    const reached = createDeferred();
    const events: string[] = [];
    app.addHook("onClose", async () => void events.push("the first store closed"));
    await app.register(slowly(() => events.push("settled")));
    app.addHook("onClose", async () => void events.push("the last store closed"));
    app.get("/", () => {
      reached.resolve();
      return new Promise(() => {});
    });
    await openExchange(await listen(app));
    await reached.promise;
    await app.close();
    expect(events).toEqual(["settled", "the last store closed", "the first store closed"]);
  });

  it("but not for an injected request that nobody answers, which would never end", async () => {
    const app = Fastify();
    const reached = createDeferred();
    let settled = 0;
    await app.register(
      slowly(() => {
        settled += 1;
      }),
    );
    app.get("/", () => {
      reached.resolve();
      return new Promise(() => {});
    });
    app.inject("/").then(
      () => {},
      () => {},
    );
    await reached.promise;
    await app.close();
    expect(settled).toBe(0);
  });
});

it("nothing further in runs for a client that went away while a layer was waiting", async () => {
  const app = createApp();
  const [waiting, released, over] = [createDeferred(), createDeferred(), createDeferred()];
  const ran: string[] = [];
  await app.register(
    layer(
      {
        async onRequest() {
          waiting.resolve();
          await released.promise;
        },
        onSettled: (_request, _reply, outcome) => {
          ran.push(outcome);
          over.resolve();
        },
      },
      "outer",
    ),
  );
  await app.register(
    defineLayer({
      name: "inner",
      place: "spend",
      setup: () => ({ onRequest: () => void ran.push("inner") }),
    }),
  );
  app.get("/", async () => void ran.push("handler"));
  const exchange = await openExchange(await listen(app));
  await waiting.promise;
  exchange.destroy();
  await over.promise;
  released.resolve();
  await app.close();
  expect(ran).toEqual(["aborted"]);
});
