import { once } from "node:events";
import { connect } from "node:net";
import { type AppOptions, createApp, WAYS, type Way } from "@enfilade/line-testing";
import {
  createDeferred,
  createLogLines,
  createRecorder,
  listen,
  openExchange,
  requestHttp2,
  sendBytes,
} from "@enfilade/testing";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import { type ErrorsOptions, errors, serverErrors } from "../src/index.ts";

const headers = { "x-content-type-options": "nosniff" };

async function serverApp(
  way: Way,
  serverOptions: AppOptions = {},
  options: ErrorsOptions = {},
): Promise<FastifyInstance> {
  const { http, ...rest } = serverErrors({ headers, generateRequestId: () => "made-1" });
  const app = await createApp({
    way,
    ...rest,
    ...serverOptions,
    http: { ...http, ...serverOptions.http },
  });
  await app.register(errors, options);
  app.get("/", async () => "here");
  app.get("/files/:name", async () => "file");
  return app;
}

function bodyOf(response: string): { status: number; code: string; requestId: string } {
  return JSON.parse(response.slice(response.indexOf("\r\n\r\n") + 4));
}

describe.each(WAYS)("%s, a server with serverErrors()", (way) => {
  test.each([
    ["garbage", "this is no HTTP\r\n\r\n", 400, "MALFORMED_REQUEST"],
    ["an unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "MALFORMED_REQUEST"],
    [
      "a header with a control character",
      "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",
      400,
      "MALFORMED_REQUEST",
    ],
    [
      "both framings",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
      400,
      "MALFORMED_REQUEST",
    ],
    [
      "headers that are too large",
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
      431,
      "HEADERS_TOO_LARGE",
    ],
  ])(
    "answers %s in the envelope, with headers and a request id",
    async (_what, bytes, status, code) => {
      const origin = await listen(await serverApp(way));

      const response = await sendBytes(origin, bytes);

      expect(response).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(response).toContain("\r\nx-content-type-options: nosniff\r\n");
      expect(response).toContain("\r\nx-request-id: made-1\r\n");
      expect(response).toContain("\r\nconnection: close\r\n");
      expect(response).toContain("\r\ncontent-type: application/problem+json");
      expect(bodyOf(response)).toMatchObject({ status, code, requestId: "made-1" });
    },
  );

  test("answers a request that does not arrive in time by 408", async () => {
    const app = await serverApp(way, {
      requestTimeout: 100,
      http: { headersTimeout: 100, connectionsCheckingInterval: 50 },
    });
    const origin = await listen(app);

    const response = await sendBytes(origin, "GET / HTTP/1.1\r\nHost: a\r\n");

    expect(response).toMatch(/^HTTP\/1\.1 408 /);
    expect(bodyOf(response)).toMatchObject({ status: 408, code: "REQUEST_TIMEOUT" });
  });

  test("speaks the dialect of the layer at the root there too", async () => {
    const origin = await listen(await serverApp(way, {}, { dialect: "openai" }));

    const response = await sendBytes(origin, "garbage\r\n\r\n");

    expect(bodyOf(response)).toMatchObject({ error: { code: "malformed_request" } });
  });

  test("says nothing into the middle of a response, and cuts it off", async () => {
    const app = await serverApp(way);
    const onRequest = async (_request: unknown, reply: FastifyReply) => {
      reply.hijack().raw.write("begun");
    };
    app.post("/stream", { onRequest }, async () => "never");
    const exchange = await openExchange(await listen(app), {
      method: "POST",
      path: "/stream",
      headers: { "transfer-encoding": "chunked" },
    });
    await exchange.bodyUntil("begun");

    exchange.write("this is no chunk\r\n");

    expect(await exchange.closed()).not.toContain("MALFORMED_REQUEST");
  });

  test("answers HTTP/1.1 without a Host by 400, with what all layers add", async () => {
    const app = await serverApp(way);
    app.addHook("onSend", async (_request, reply) => {
      reply.header("x-layer", "yes");
    });
    const origin = await listen(app);

    const response = await sendBytes(origin, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");

    expect(response).toMatch(/^HTTP\/1\.1 400 /);
    expect(response).toContain("x-layer: yes");
    expect(bodyOf(response)).toMatchObject({ code: "ERRORS_MISSING_HOST" });
    const old = await sendBytes(origin, "GET / HTTP/1.0\r\n\r\n");
    expect(old).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("answers an Expect that it cannot meet by 417, and meets 100-continue", async () => {
    const origin = await listen(await serverApp(way));
    const get = (expectation: string) =>
      sendBytes(
        origin,
        `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: ${expectation}\r\n\r\n`,
      );

    const response = await get("200-maybe");

    expect(response).toMatch(/^HTTP\/1\.1 417 /);
    expect(bodyOf(response)).toMatchObject({ code: "ERRORS_EXPECTATION_FAILED" });
    expect(await get("100-Continue")).toContain("HTTP/1.1 200 ");
  });

  test.each([
    ["/%zz", 400, "INVALID_URL"],
    [`/files/${"x".repeat(200)}`, 414, "URL_TOO_LONG"],
  ])(
    "answers the bad URL %.12s in the envelope, with headers and the request's id",
    async (url, status, code) => {
      const app = await serverApp(way, { genReqId: () => "id-1" });

      const response = await app.inject(url);

      expect(response.statusCode).toBe(status);
      expect(response.headers).toMatchObject({ ...headers, "x-request-id": "id-1" });
      expect(response.json()).toMatchObject({ status, code, requestId: "id-1" });
      expect(response.body).not.toContain("zz");
    },
  );

  test("answers a bad URL in the dialect that its beginning is given", async () => {
    const app = await serverApp(way, {}, { dialects: { "/v1": "openai" } });

    expect((await app.inject("/v1/%zz")).json()).toMatchObject({ error: { code: "invalid_url" } });
  });

  test("answers a constraint that fails by 500, and logs why", async () => {
    const log = createLogLines();
    const app = await serverApp(way, { logger: { stream: log.stream } });
    app.addConstraintStrategy({
      name: "tenant",
      storage: () => ({ get: () => null, set() {} }),
      deriveConstraint: (_request: unknown, _context: unknown, done: (error: Error) => void) => {
        done(new Error("no tenants today"));
      },
    } as never);
    app.route({ method: "GET", url: "/t", constraints: { tenant: "x" }, handler: async () => 1 });

    const response = await app.inject("/t");

    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({ code: "INTERNAL_SERVER_ERROR" });
    await log.find(({ level }) => level === 50);
  });

  test("refuses while it closes by a 503 that all layers see", async () => {
    const app = await serverApp(way);
    app.addHook("onSend", async (_request, reply) => {
      reply.header("x-layer", "yes");
    });

    const response = await askWhileClosing(app);

    expect(response).toMatch(/^HTTP\/1\.1 503 /);
    expect(response).toContain("x-layer: yes");
    expect(response).toMatch(/connection: close/i);
    expect(response).toContain("retry-after: 1");
    expect(bodyOf(response)).toMatchObject({
      code: "ERRORS_SERVER_CLOSING",
      detail: "The server is about to stop; try again.",
    });
  });

  test("serves while it closes where that is asked for", async () => {
    const app = await serverApp(way, {}, { refuseWhileClosing: false });

    expect(await askWhileClosing(app)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

/** Sends a request over a connection that a closing server keeps open for the one before, and gives its answer. */
async function askWhileClosing(app: FastifyInstance): Promise<string> {
  const release = createDeferred();
  const seen = createRecorder<string>();
  app.get("/slow", async () => {
    await release.promise;
    return "slow";
  });
  app.addHook("preClose", async () => seen.record("closing"));
  app.server.on("request", ({ url }: { url: string }) => seen.record(url));
  const { hostname, port } = new URL(await listen(app));
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(socket, "connect");

  socket.write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  await seen.find((item) => item === "/slow");
  void app.close();
  await seen.find((item) => item === "closing");
  socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await seen.find((item) => item === "/");
  // The second answer waits for the first.
  release.resolve();
  await once(socket, "close");

  const text = Buffer.concat(chunks).toString();
  return text.slice(text.lastIndexOf("HTTP/1.1"));
}

test("over HTTP/2 an error has the envelope, and an unknown Expect is refused", async () => {
  const { http: _http, ...options } = serverErrors();
  const app = await createApp({ ...options, http2: true });
  await app.register(errors);
  app.get("/", async () => "here");
  const origin = await listen(app);

  for (const [request, status] of [
    [{ path: "/nope" }, 404],
    [{ path: "/%zz" }, 400],
    [{ headers: { expect: "200-maybe" } }, 417],
    [{ method: "DELETE" }, 405],
  ] as const) {
    const response = await requestHttp2(origin, request);
    expect(response.statusCode).toBe(status);
    expect(JSON.parse(response.body)).toMatchObject({ status });
  }
});

test("a peer that resets its connection is not answered, and nothing fails", async () => {
  const seen = createRecorder<string>();
  const { clientErrorHandler, ...rest } = serverErrors();
  const app = Fastify({
    ...rest,
    clientErrorHandler(error, socket) {
      clientErrorHandler.call(this, error, socket);
      seen.record(`${error.code} ${socket.destroyed}`);
    },
  });
  await app.register(errors);
  const exchange = await openExchange(await listen(app), {
    method: "POST",
    headers: { "content-length": "100" },
  });

  exchange.write("half");
  exchange.reset();

  await seen.find((item) => item.endsWith("true"));
});
