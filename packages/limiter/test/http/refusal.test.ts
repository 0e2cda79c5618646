import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerPlain, refusalOf, retryHeaders } from "../../src/http/index.ts";
import { concurrency, createLimiter, memoryStore, strictWindow } from "../../src/index.ts";

const tokens = strictWindow({ name: "tokens", limit: 100, per: "minute" });
const runs = concurrency({ name: "runs", limit: 1 });

async function refuse(cost: number) {
  const limiter = createLimiter({ store: memoryStore({ now: () => 1_750_000_000_000 }) });
  await limiter.reserve([
    { policy: tokens, key: "k", cost: 60 },
    { policy: runs, key: "other" },
  ]);
  const decision = await limiter.decide([{ policy: tokens, key: "k", cost }]);
  await limiter.close();
  return decision;
}

describe("a refusal", () => {
  it("says when to come again, and names the policies that are used up", async () => {
    expect(refusalOf(await refuse(50))).toEqual({
      kind: "later",
      status: 429,
      headers: { "retry-after": "65", "retry-after-ms": "65000", "x-should-retry": "false" },
      problem: {
        type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
        "violated-policies": ["tokens"],
      },
    });
  });

  it("of what can never fit is a 413 that nobody tries again", async () => {
    expect(refusalOf(await refuse(101))).toMatchObject({
      kind: "never",
      status: 413,
      headers: { "x-should-retry": "false" },
    });
  });

  it("for want of room is the server's own, a 503", async () => {
    expect(refusalOf(await refuse(50), { busy: true })).toMatchObject({
      kind: "busy",
      status: 503,
      problem: {
        type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
      },
    });
    expect(refusalOf(await refuse(101), { busy: true }).status).toBe(413);
  });

  it("keeps to itself the policies that are not told", async () => {
    const { problem } = refusalOf(await refuse(50), { isTold: (name) => name !== "tokens" });
    expect(problem["violated-policies"]).toEqual([]);
  });
});

describe("when to come again", () => {
  it("is whole seconds, never none, and the milliseconds beside them", () => {
    expect(retryHeaders(1)).toEqual({ "retry-after": "1", "retry-after-ms": "1" });
    expect(retryHeaders(0)).toEqual({ "retry-after": "1", "retry-after-ms": "1" });
    expect(retryHeaders(1_000.2)).toEqual({ "retry-after": "2", "retry-after-ms": "1001" });
  });

  it("stops SDKs beyond a minute only, and for good where it is never", () => {
    expect(retryHeaders(60_000)).not.toHaveProperty("x-should-retry");
    expect(retryHeaders(60_001)).toMatchObject({ "retry-after": "61", "x-should-retry": "false" });
    expect(retryHeaders(Number.POSITIVE_INFINITY)).toEqual({ "x-should-retry": "false" });
  });

  it("is never too early, in either header", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (ms) => {
        const fields = retryHeaders(ms);
        expect(fields["retry-after"]).toMatch(/^[1-9]\d*$/);
        expect(Number(fields["retry-after"]) * 1_000).toBeGreaterThanOrEqual(ms);
        expect(Number(fields["retry-after-ms"])).toBeGreaterThanOrEqual(ms);
      }),
    );
  });
});

describe("an answer without the errors layer", () => {
  const error = Object.assign(new Error("Wait."), {
    code: "QUOTA_EXCEEDED",
    statusCode: 429,
    problem: { type: "https://example.com/quota", "violated-policies": ["tokens"], status: 200 },
  });
  const plain = {
    statusCode: 429,
    code: "QUOTA_EXCEEDED",
    error: "Too Many Requests",
    message: "Wait.",
  };

  /** Answers with a payload, and gives what became of it and of the headers. */
  function answer(payload: unknown, method = "GET", length?: number) {
    const headers: Record<string, unknown> = { "content-length": length };
    const reply = {
      getHeader: (name: string) => headers[name],
      header: (name: string, value: string) => Object.assign(headers, { [name]: value }),
      removeHeader: (name: string) => Reflect.deleteProperty(headers, name),
    };
    return { body: answerPlain({ method, id: "req-1" }, reply, payload, error), headers };
  }

  it("is problem details, whose own members nothing replaces", () => {
    const { body = "", headers } = answer(JSON.stringify(plain));
    expect(JSON.parse(body)).toEqual({
      type: "https://example.com/quota",
      title: "Too Many Requests",
      status: 429,
      detail: "Wait.",
      code: "QUOTA_EXCEEDED",
      requestId: "req-1",
      "violated-policies": ["tokens"],
    });
    expect(headers).toEqual({
      "content-type": "application/problem+json; charset=utf-8",
      "cache-control": "no-store",
      "content-length": String(Buffer.byteLength(body)),
    });
  });

  it("takes the place of Fastify's own answer, and of nobody else's", () => {
    for (const other of [
      JSON.stringify({ ...plain, hint: "mine" }),
      JSON.stringify({ ...plain, message: "Mine." }),
      answer(JSON.stringify(plain)).body,
      "{ not json",
      "Wait.",
      Buffer.from(JSON.stringify(plain)),
      undefined,
    ]) {
      expect(answer(other)).toEqual({ body: undefined, headers: {} });
    }
  });

  it("to HEAD has the head of the answer to GET, although the body is gone by then", () => {
    const length = Buffer.byteLength(JSON.stringify(plain));
    const { headers } = answer(JSON.stringify(plain));
    expect(answer(null, "HEAD", length)).toEqual({ body: undefined, headers });
    expect(answer(null, "HEAD", length + 1).headers).toEqual({ "content-length": length + 1 });
    expect(answer(null, "GET", length).headers).toEqual({ "content-length": length });
  });
});
