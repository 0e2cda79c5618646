import { Readable } from "node:stream";
import { WAYS } from "@enfilade/line-testing";
import {
  createDeferred,
  createLogLines,
  createRecorder,
  listen,
  openExchange,
  pieces,
} from "@enfilade/testing";
import { createParser } from "eventsource-parser";
import type { FastifyReply } from "fastify";
import OpenAI from "openai";
import { describe, expect, test, vi } from "vitest";
import { type ErrorsOptions, errorEvent, errorFrame } from "../src/index.ts";
import { errorsApp, failWith, SECRET } from "./apps.ts";

type Request = Parameters<typeof errorFrame>[0];

function sendFrames(reply: FastifyReply, frames: AsyncIterable<string>): FastifyReply {
  return reply
    .header("content-type", "text/event-stream")
    .send(Readable.from(frames, { objectMode: false }));
}

async function* failing(request: Request, error: unknown): AsyncGenerator<string> {
  yield 'data: {"token":"a"}\n\n';
  try {
    throw error;
  } catch (thrown) {
    yield errorFrame(request, thrown);
  }
}

async function streamedApp(options: ErrorsOptions, error: unknown) {
  const app = await errorsApp("alone", options, { genReqId: () => "id-1" });
  app.post("/stream", (request, reply) => sendFrames(reply, failing(request, error)));
  return app;
}

/** Reads an event stream as browsers do. */
function eventsOf(text: string): { event: string | undefined; data: unknown }[] {
  const events: { event: string | undefined; data: unknown }[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => events.push({ event, data: JSON.parse(data) }),
  });
  parser.feed(text);
  return events;
}

describe("a stream that fails after its first event", () => {
  const gone = failWith("The model has gone.", { statusCode: 410, code: "MODEL_GONE" });

  test("ends with a problem", async () => {
    const app = await streamedApp({}, gone);

    const response = await app.inject({ method: "POST", url: "/stream", payload: {} });

    expect(response.statusCode).toBe(200);
    expect(eventsOf(response.body)).toEqual([
      { event: undefined, data: { token: "a" } },
      {
        event: "error",
        data: {
          type: "about:blank",
          title: "Gone",
          status: 410,
          detail: "The model has gone.",
          code: "MODEL_GONE",
          requestId: "id-1",
        },
      },
    ]);
  });

  test("ends with AgentOS' RunError in the dialect detail", async () => {
    vi.useFakeTimers({ now: 1_750_000_012_345, toFake: ["Date"] });
    const app = await streamedApp({ dialect: "detail" }, gone);

    const response = await app.inject({ method: "POST", url: "/stream", payload: {} });
    vi.useRealTimers();

    expect(eventsOf(response.body)[1]).toEqual({
      event: "RunError",
      data: {
        created_at: 1_750_000_012,
        event: "RunError",
        content: "The model has gone.",
        error_type: "MODEL_GONE",
        error_id: "id-1",
      },
    });
  });

  test("ends with the answer to the call in the dialect jsonrpc", async () => {
    const app = await streamedApp({ dialect: "jsonrpc" }, gone);
    const payload = { jsonrpc: "2.0", id: 9, method: "tools/call" };

    const response = await app.inject({ method: "POST", url: "/stream", payload });

    expect(eventsOf(response.body)[1]).toMatchObject({
      event: "message",
      data: { jsonrpc: "2.0", id: 9, error: { code: -32000, message: "The model has gone." } },
    });
  });

  test("makes OpenAI's SDK throw in the dialect openai", async () => {
    const app = await errorsApp("alone", { dialect: "openai" });
    app.post("/v1/chat/completions", (request, reply) => sendFrames(reply, failing(request, gone)));
    const client = new OpenAI({ apiKey: "k", baseURL: `${await listen(app)}/v1`, maxRetries: 0 });

    const stream = await client.chat.completions.create({ model: "m", messages: [], stream: true });
    const reading = (async () => {
      for await (const _chunk of stream);
    })();

    await expect(reading).rejects.toMatchObject({
      message: "The model has gone.",
      code: "model_gone",
      type: "invalid_request_error",
    });
  });

  test("tells nothing of what must not be known, and logs it once", async () => {
    const log = createLogLines();
    const app = await errorsApp("alone", {}, { logger: { stream: log.stream } });
    app.get("/", (request, reply) => sendFrames(reply, failing(request, new Error(SECRET))));

    const response = await app.inject("/");

    expect(response.body).not.toContain("ECONNREFUSED");
    expect(eventsOf(response.body)[1]).toMatchObject({ data: { status: 500 } });
    const lines = log.items.filter(({ err }) => JSON.stringify(err)?.includes("ECONNREFUSED"));
    expect(lines).toMatchObject([{ level: 50, msg: "a stream has failed" }]);
  });

  test("takes another server's answer for no answer of its own", async () => {
    const upstream = failWith("Incorrect API key: sk-123", { status: 401, headers: new Headers() });
    const app = await streamedApp({}, upstream);

    const response = await app.inject({ method: "POST", url: "/stream", payload: {} });

    expect(response.body).not.toContain("sk-123");
    expect(eventsOf(response.body)[1]).toMatchObject({ data: { status: 502 } });
  });

  test("has the default dialect where the layer is not registered", () => {
    const { event, data } = errorEvent(
      {
        id: "id-1",
        body: undefined,
        server: {},
        originalUrl: "/",
        protocol: "http",
        raw: { aborted: false },
        socket: undefined,
        log: { error() {} },
        routeOptions: { url: "/" },
      },
      failWith("Gone.", { statusCode: 410 }),
    );

    expect({ event, data }).toMatchObject({ event: "error", data: { status: 410 } });
  });
});

describe.each(WAYS)("%s", (way) => {
  test("a stream that fails before its first byte has the envelope, and nothing of the stream", async () => {
    const app = await errorsApp(way);
    app.get("/", (_request, reply) => {
      const stream = new Readable({
        read() {
          this.destroy(new Error(SECRET));
        },
      });
      return reply.headers({ "content-type": "text/event-stream", etag: '"1"' }).send(stream);
    });

    const response = await app.inject("/");

    expect(response.statusCode).toBe(500);
    expect(response.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(response.headers).not.toHaveProperty("etag");
    expect(response.json()).toMatchObject({ code: "INTERNAL_SERVER_ERROR" });
  });

  test("a stream that fails after its headers is cut off, with nothing of the error in it", async () => {
    const app = await errorsApp(way);
    const rest = createDeferred<string>();
    app.get("/", (_request, reply) => sendFrames(reply, pieces("data: 1\n\n", rest.promise)));
    const exchange = await openExchange(await listen(app));
    await exchange.bodyUntil("data: 1");

    rest.reject(new Error(SECRET));

    expect(await exchange.closed()).toBe("data: 1\n\n");
  });

  test("a client that goes away is told nothing, and leaves no error behind", async () => {
    const log = createLogLines();
    const ended = createRecorder<string>();
    const app = await errorsApp(way, {}, { logger: { stream: log.stream } });
    app.get("/", (request, reply) =>
      sendFrames(
        reply,
        (async function* () {
          try {
            yield "data: 1\n\n";
            await new Promise((_resolve, reject) => {
              request.signal.addEventListener("abort", () => reject(request.signal.reason));
            });
          } catch (error) {
            yield errorFrame(request, error);
          } finally {
            ended.record("ended");
          }
        })(),
      ),
    );
    const exchange = await openExchange(await listen(app));
    await exchange.bodyUntil("data: 1");

    exchange.destroy();

    await ended.find((item) => item === "ended");
    expect(log.items.filter(({ level }) => level >= 50)).toEqual([]);
  });

  test("a handler that takes too long is a 503 that says so", async () => {
    const app = await errorsApp(way);
    app.get("/", { handlerTimeout: 20 }, async (request) => {
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      return "too late";
    });

    const response = await app.inject("/");

    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({
      code: "HANDLER_TIMEOUT",
      detail: "The request took longer than the server allows.",
    });
  });

  test("a reply that was hijacked stays its handler's own, whatever is thrown after", async () => {
    const app = await errorsApp(way);
    app.get("/", async (_request, reply) => {
      reply.hijack();
      reply.raw.end("mine");
      throw new Error(SECRET);
    });

    expect((await app.inject("/")).body).toBe("mine");
  });
});
