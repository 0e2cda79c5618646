import { createApp } from "@enfilade/line-testing";
import { listen, openExchange } from "@enfilade/testing";
import Fastify, { type FastifyRequest } from "fastify";
import { describe, expect, it } from "vitest";
import { bearerToken, isForged, isRepeated, readCookie, takeQueryParameter } from "../src/index.ts";

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** Asks something of a request as it came over a socket. */
async function ask(
  question: (request: FastifyRequest) => unknown,
  request: { method?: string; path?: string; headers?: Headers },
): Promise<unknown> {
  const app = Fastify();
  app.all("/", async (received) => JSON.stringify({ answer: question(received) }));
  const exchange = await openExchange(await listen(app), request);
  return JSON.parse(await exchange.wholeBody()).answer ?? undefined;
}

describe("bearerToken", () => {
  it.each<[string, string | undefined]>([
    ["Bearer abc", "abc"],
    ["bearer abc", "abc"],
    ["BEARER   abc ", "abc"],
    ["Bearer a b", "a b"],
    ["Bearer", ""],
    ["Bearerabc", undefined],
    ["Basic abc", undefined],
    ["", undefined],
  ])("reads %j as %j", async (authorization, token) => {
    expect(await ask(bearerToken, { headers: { authorization } })).toBe(token);
  });

  it("refuses a header that was sent twice", async () => {
    const answer = await ask(bearerToken, { headers: { authorization: ["Bearer a", "Bearer a"] } });
    expect(answer).toBeUndefined();
    const repeated = (request: FastifyRequest) => isRepeated(request.raw, "authorization");
    expect(await ask(repeated, { headers: { Authorization: "a", AUTHORIZATION: "b" } })).toBe(true);
    expect(await ask(repeated, { headers: { Authorization: "a" } })).toBe(false);
  });
});

describe("readCookie", () => {
  const read = (request: FastifyRequest) => readCookie(request, "token");
  it.each<[string, string | undefined]>([
    ["token=abc", "abc"],
    ["a=1; token=abc; b=2", "abc"],
    ['token="abc"', "abc"],
    ["xtoken=no; token=abc", "abc"],
    ["tokenx=no", undefined],
    ["token", undefined],
    ["token=a=b", "a=b"],
  ])("reads %j as %j", async (cookie, value) => {
    expect(await ask(read, { headers: { cookie } })).toBe(value);
  });
});

describe("takeQueryParameter", () => {
  it("takes the value out of the query and out of the URL", async () => {
    const app = await createApp();
    app.get("/", async (request) => [
      takeQueryParameter(request, "key"),
      request.url,
      request.query,
    ]);
    const response = await app.inject("/?a=1&key=secret&b=2");
    expect(response.json()).toEqual(["secret", "/?a=1&key=redacted&b=2", { a: "1", b: "2" }]);
  });

  it("takes it out even when it is there twice, and refuses it", async () => {
    const app = await createApp();
    const seen: string[] = [];
    app.addHook("onError", async (request) => {
      seen.push(request.url);
    });
    app.get("/", async (request) => takeQueryParameter(request, "key"));
    const response = await app.inject("/?key=one&key=two");
    expect(response.statusCode).toBe(400);
    expect(seen).toEqual(["/?key=redacted"]);
  });
});

describe("isForged", () => {
  it.each<[string, string, Headers, boolean]>([
    ["another site that posts", "POST", { "sec-fetch-site": "cross-site" }, true],
    ["our own page that posts", "POST", { "sec-fetch-site": "same-origin" }, false],
    ["a sibling that posts", "POST", { "sec-fetch-site": "same-site" }, false],
    ["another site that links to us", "GET", { "sec-fetch-site": "cross-site" }, false],
    [
      "another site that opens a WebSocket",
      "GET",
      { "sec-fetch-site": "cross-site", upgrade: "websocket" },
      true,
    ],
    ["an origin of another host", "POST", { origin: "https://evil.example" }, true],
    ["an origin without a name", "POST", { origin: "null" }, true],
    ["our own origin", "POST", { origin: "http://api.example", host: "api.example" }, false],
    ["no browser", "POST", {}, false],
  ])("knows %s", async (_what, method, headers, forged) => {
    expect(await ask(isForged, { method, headers })).toBe(forged);
  });
});
