import { once } from "node:events";
import { connect } from "node:http2";
import { createDeferred, listen, openExchange } from "@enfilade/testing";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Exchange, exchangeOf } from "../src/index.ts";
import { createApp, layer, neverAnswers } from "./support.ts";

/* Exchanges of apps in which no layer settles anything: nobody has to hear of their end, but anybody may ask. */

/** A request to such an app, when all is over and nobody has asked for its exchange. */
async function answeredRequest(): Promise<FastifyRequest> {
  const app = createApp();
  const ended = createDeferred<FastifyRequest>();
  await app.register(layer({}));
  app.get("/", async (request, { raw }) => {
    raw.once("close", () => ended.resolve(request));
    return "hello";
  });
  await (await fetch(await listen(app))).text();
  return ended.promise;
}

describe("the exchange of an app in which no layer settles anything", () => {
  it.each(["a request over the network", "inject"])("tells how it ended: %s", async (how) => {
    const app = createApp();
    let exchange: Exchange | undefined;
    const closed = createDeferred();
    await app.register(layer({}));
    app.get("/", async (request, { raw }) => {
      exchange = exchangeOf(request);
      raw.once("close", closed.resolve);
      return "hello";
    });
    if (how === "inject") await app.inject("/");
    else await (await fetch(await listen(app))).text();
    await closed.promise;
    expect(exchange?.outcome).toBe("completed");
    expect(exchange?.settledAt).toBeGreaterThanOrEqual(exchange?.headersAt ?? Infinity);
  });

  it("tells it to one who asks for the first time when it is all over", async () => {
    const request = await answeredRequest();
    expect(exchangeOf(request)?.outcome).toBe("completed");
    expect(exchangeOf(request)?.settledAt).toBeTypeOf("number");
  });

  it("tells one who asks late of a client that went away", async () => {
    const app = createApp();
    const ended = createDeferred<FastifyRequest>();
    await app.register(layer({}));
    app.addHook("onRequest", async (request, { raw }) => {
      raw.once("close", () => ended.resolve(request));
    });
    const reached = neverAnswers(app);
    const client = await openExchange(await listen(app), { path: "/never" });
    await reached;
    client.destroy();
    expect(exchangeOf(await ended.promise)?.outcome).toBe("aborted");
  });
});

describe("nothing further in runs, where no layer settles anything, for a client that has gone", () => {
  /** Lets a first layer wait, and gives what ran after it. */
  async function waitingApp(app: FastifyInstance) {
    const [waiting, released] = [createDeferred<FastifyRequest>(), createDeferred()];
    const [walked, ran] = [createDeferred(), [] as string[]];
    await app.register(
      layer({
        async onRequest(request) {
          if (request.url !== "/waiting") return;
          waiting.resolve(request);
          await released.promise;
          // Behind the continuation of this hook.
          setImmediate(walked.resolve);
        },
      }),
    );
    const note = ({ url }: FastifyRequest) => {
      if (url === "/waiting") ran.push("inner");
    };
    await app.register(layer({ onRequest: note }, "inner", "spend"));
    app.get("/waiting", async () => void ran.push("handler"));
    return { waiting, released, walked, ran };
  }

  it("over HTTP/1.1", async () => {
    const app = createApp();
    const { waiting, released, walked, ran } = await waitingApp(app);
    const client = await openExchange(await listen(app), { path: "/waiting" });
    const { socket } = (await waiting.promise).raw;
    client.destroy();
    await once(socket, "close");
    released.resolve();
    await walked.promise;
    expect(ran).toEqual([]);
  });

  it("while it waited behind another request of its connection", async () => {
    const app = createApp();
    const { waiting, released, walked, ran } = await waitingApp(app);
    void neverAnswers(app);
    const client = await openExchange(await listen(app), { path: "/never" });
    client.write("GET /waiting HTTP/1.1\r\nhost: local\r\n\r\n");
    const { socket } = (await waiting.promise).raw;
    client.destroy();
    await once(socket, "close");
    released.resolve();
    await walked.promise;
    expect(ran).toEqual([]);
  });

  it("over HTTP/2", async () => {
    const app = Fastify({ http2: true }) as unknown as FastifyInstance;
    onTestFinished(() => app.close());
    const { waiting, released, walked, ran } = await waitingApp(app);
    const client = connect(await app.listen({ port: 0, host: "127.0.0.1" }));
    onTestFinished(() => client.destroy());
    const stream = client.request({ ":path": "/waiting" }).on("error", () => {});
    const { raw } = await waiting.promise;
    const closed = once(raw, "close");
    stream.destroy();
    await closed;
    released.resolve();
    await walked.promise;
    expect(ran).toEqual([]);
  });
});

describe("what is followed from the first call of exchangeOf on", () => {
  it("is timed from there, and what went out before has no time", async () => {
    const request = await answeredRequest();
    const before = performance.now();
    const exchange = exchangeOf(request);
    expect(exchange).toMatchObject({ headersAt: undefined, firstByteAt: undefined });
    expect(exchange?.startedAt).toBeGreaterThanOrEqual(before);
  });

  it("is timed from the first hook on where a layer has onHeaders", async () => {
    const app = createApp();
    const asked = createDeferred<number>();
    await app.register(layer({ onHeaders() {} }));
    app.get("/", async (request) => {
      const before = performance.now();
      asked.resolve(before - (exchangeOf(request)?.startedAt ?? Number.NaN));
      return "hello";
    });
    await app.inject("/");
    expect(await asked.promise).toBeGreaterThanOrEqual(0);
  });
});

it("the replies of an app without layers are Fastify's own", async () => {
  const [app, other] = [createApp(), createApp()];
  await app.register(layer({}));
  const sends: unknown[] = [];
  for (const each of [app, other, Fastify()]) {
    each.get("/", async (_request, reply) => {
      sends.push(reply.send, reply.hijack);
      return "hello";
    });
    await each.inject("/");
  }
  const [send, hijack, ...others] = sends;
  expect(others.slice(0, 2)).toEqual(others.slice(2));
  expect(others).not.toContain(send);
  expect(others).not.toContain(hijack);
});
