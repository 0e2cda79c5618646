import http2 from "node:http2";
import { auth } from "@enfilade/auth";
import { errors } from "@enfilade/errors";
import { createApp } from "@enfilade/line-testing";
import { listen, openExchange } from "@enfilade/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { quota, usageFrame } from "../src/index.ts";
import { ann, believing, bob, eventually, quotaApp } from "./support/apps.ts";

const policies = {
  requests: { counts: "requests", limit: 1, per: "hour" },
  runs: { counts: "runs", limit: 1 },
} as const;

test("stands in spend, behind whoever finds out who is calling", async () => {
  const { app } = await quotaApp("in line", { policies });
  app.get("/", { config: { quota: true } }, () => "done");
  await app.ready();
  const { doors } = app.order.explain("GET", "/");
  expect(doors.map(({ layer, place }) => [layer, place])).toEqual([
    ["believing", "authenticate"],
    ["auth", "authorize"],
    ["quota", "spend"],
  ]);
});

test("counts and refuses the same, whatever the order of registration", async () => {
  const steps = ["believing", "auth", "quota", "errors", "route", "scope"] as const;
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...steps], { minLength: steps.length }),
      async (sequence) => {
        const app = await createApp({ way: "in line" });
        const config = { quota: true, access: "authenticated" } as const;
        for (const step of sequence) {
          if (step === "believing") app.register(believing);
          else if (step === "auth") app.register(auth);
          else if (step === "quota") app.register(quota, { policies });
          else if (step === "errors") app.register(errors);
          else if (step === "route") app.get("/", { config }, () => "done");
          else app.register(async (scope) => void scope.get("/scope", { config }, () => "done"));
        }
        const ask = async (url: string, headers: object) =>
          (await app.inject({ url, headers: { ...headers } })).statusCode;
        expect(await ask("/", {})).toBe(401);
        expect([await ask("/", ann), await ask("/scope", ann)]).toEqual([200, 429]);
        expect(await ask("/scope", bob)).toBe(200);
        await app.close();
      },
    ),
    { numRuns: 20 },
  );
});

test("a refusal speaks the dialect of its route", async () => {
  const { app } = await quotaApp("in line", { policies });
  await app.register(errors, {
    dialects: { "/v1": "openai", "/agents": "detail", "/mcp": "jsonrpc" },
  });
  for (const url of ["/", "/v1", "/agents", "/mcp"]) {
    app.post(url, { config: { quota: true } }, () => "done");
  }
  const ask = (url: string) => app.inject({ method: "POST", url, headers: ann, body: { id: 7 } });
  await ask("/");
  const detail = "The quota is used up: requests.";
  const members = { "violated-policies": ["requests"] };

  expect((await ask("/")).json()).toMatchObject({ detail, code: "QUOTA_EXCEEDED", ...members });
  expect((await ask("/v1")).json()).toMatchObject({
    error: { message: detail, type: "rate_limit_error", code: "quota_exceeded" },
  });
  expect((await ask("/agents")).json()).toMatchObject({ detail, code: "QUOTA_EXCEEDED" });
  expect((await ask("/mcp")).json()).toMatchObject({ id: 7, error: { message: detail } });
});

test("an error handler of one's own is given the refusal, and what it sends goes out", async () => {
  const { app } = await quotaApp("in line", { policies });
  app.setErrorHandler((error: Error & { code: string; problem: object }, _request, reply) =>
    reply.code(429).send({ mine: error.code, ...error.problem }),
  );
  app.get("/", { config: { quota: true } }, () => "done");
  await app.inject({ url: "/", headers: ann });
  const refused = await app.inject({ url: "/", headers: ann });
  expect(refused.json()).toMatchObject({
    mine: "QUOTA_EXCEEDED",
    "violated-policies": ["requests"],
  });
  expect(refused.headers).toHaveProperty("retry-after");
});

test("a stream that was hijacked has the fields in its head, and ends with what it has cost", async () => {
  const { app } = await quotaApp("in line", {
    policies: { tokens: { counts: "tokens", limit: 1_000, per: "hour" } },
    estimate: () => ({ tokens: 400 }),
  });
  app.get("/", { config: { quota: true } }, async (request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "text/event-stream" });
    reply.raw.write('data: "Hello"\n\n');
    const settlement = await request.quota?.settle({ tokens: 312 });
    reply.raw.end(settlement && usageFrame(settlement));
  });
  const exchange = await openExchange(await listen(app), { headers: ann });

  const { headers } = await exchange.head();
  expect(headers.get("ratelimit")?.join()).toMatch(/^"tokens";r=600;t=\d+$/);
  const [, event] = (await exchange.wholeBody()).split("\n\n");
  expect(event).toMatch(/^event: usage\ndata: \{"usage":\{"tokens":312\}.*"remaining":688/);
});

test("over HTTP/2 a stream that its client cancels gives its place back", async () => {
  const { app, used } = await quotaApp(
    "in line",
    { policies: { runs: { counts: "runs", limit: 1 } } },
    { http2: true },
  );
  app.get("/", { config: { quota: true } }, (_request, reply) => {
    reply.hijack();
    reply.raw.write("begun");
  });
  const session = http2.connect(await listen(app));
  const open = () => session.request({ ":path": "/", ...ann });
  for (let i = 0; i < 3; i++) {
    const stream = open();
    const [headers] = await new Promise<[Record<string, unknown>]>((resolve) => {
      stream.once("response", (received) => resolve([received]));
    });
    expect(headers[":status"]).toBe(200);
    expect(headers.ratelimit).toBe('"runs";r=0');
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await eventually(used).toEqual({ runs: 0 });
  }
  session.destroy();
});
