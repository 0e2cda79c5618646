import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import cors from "@enfilade/cors";
import errors from "@enfilade/errors";
import { memoryStore } from "@enfilade/limiter";
import order from "@enfilade/order";
import rateLimit, { type RateLimitOptions } from "@enfilade/rate-limit";
import { createRecorder, createStoppedClock, listen, type Page } from "@enfilade/testing";
import Fastify from "fastify";
import { expect, test } from "vitest";
import { describeInBrowser } from "./support.ts";

const sdkFolder = dirname(createRequire(import.meta.url).resolve("openai"));

/** Serves a page whose scripts may import the SDK, as it was published. */
async function sdkPageOrigin(): Promise<string> {
  const app = Fastify();
  app.get("/", (_request, reply) =>
    reply.type("text/html").send("<!doctype html><title>UI</title>"),
  );
  app.get<{ Params: { "*": string } }>("/openai/*", async ({ params }, reply) => {
    const script = await readFile(join(sdkFolder, params["*"]));
    return reply.type("text/javascript").send(script);
  });
  return await listen(app);
}

/** A server of one model, and what it has answered to a POST. */
async function modelServer(origin: string, options: RateLimitOptions) {
  const app = Fastify();
  await app.register(order);
  await app.register(cors, { origin });
  await app.register(errors, { dialect: "openai" });
  // However slow the machine is: the time that the page waits for begins when it is refused.
  const clock = createStoppedClock();
  const store = memoryStore({ now: clock.now });
  await app.register(rateLimit, { ...options, store, onExceeded: clock.start });
  app.post("/v1/chat/completions", async () => ({
    choices: [{ index: 0, message: { role: "assistant", content: "forty-two" } }],
  }));
  const answered = createRecorder<{ status: number; atMs: number; retryAfterMs: number }>();
  app.addHook("onResponse", async ({ method }, reply) => {
    if (method !== "POST") return;
    const retryAfterMs = Number(reply.getHeader("retry-after-ms") ?? 0);
    const atMs = performance.now() - reply.elapsedTime;
    answered.record({ status: reply.statusCode, atMs, retryAfterMs });
  });
  return { api: await listen(app), answered };
}

/** Lets the page ask twice; gives the second answer or what is known of the error, and the timers that were set. */
async function askTwice(page: Page, api: string): Promise<{ outcome: unknown; waits: number[] }> {
  return await page.evaluate(`import("/openai/index.mjs").then(async ({ OpenAI }) => {
    const client = new OpenAI({
      apiKey: "a-key", baseURL: "${api}/v1", dangerouslyAllowBrowser: true, maxRetries: 1,
    });
    const ask = () => client.chat.completions.create({ model: "m", messages: [] });
    await ask();
    const { setTimeout } = globalThis;
    const waits = [];
    globalThis.setTimeout = (run, ms, ...rest) => {
      waits.push(ms);
      return setTimeout(run, ms, ...rest);
    };
    const outcome = await ask().then(
      ({ choices }) => choices[0].message.content,
      ({ status, code }) => ({ status, code }),
    );
    return { outcome, waits };
  })`);
}

describeInBrowser("the openai SDK in a page of another origin", (visit) => {
  test("waits for as many milliseconds as a 429 says, and has its answer", async () => {
    const origin = await sdkPageOrigin();
    const { api, answered } = await modelServer(origin, { max: 1, burst: 1, timeWindow: 400 });

    const { outcome, waits } = await askTwice(await visit(origin), api);
    expect(outcome).toBe("forty-two");
    const [, refused, admitted] = await answered.until(({ length }) => length === 3);
    expect([refused?.status, admitted?.status]).toEqual([429, 200]);
    expect(waits).toContain(refused?.retryAfterMs);
    const waitedMs = (admitted?.atMs ?? 0) - (refused?.atMs ?? 0);
    expect(waitedMs).toBeGreaterThanOrEqual(refused?.retryAfterMs ?? 0);
  });

  test("gives up at once where the wait is long, and tells why", async () => {
    const origin = await sdkPageOrigin();
    const { api, answered } = await modelServer(origin, { max: 1, timeWindow: "11 minutes" });

    const { outcome } = await askTwice(await visit(origin), api);
    expect(outcome).toEqual({ status: 429, code: "rate_limit_exceeded" });
    const seen = await answered.until(({ length }) => length >= 2);
    expect(seen.map(({ status }) => status)).toEqual([200, 429]);
  });
});
