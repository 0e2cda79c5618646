import { bootWith, createApp, WAYS } from "@enfilade/line-testing";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { cors, EXPOSED_HEADERS } from "../src/index.ts";
import { APP, corsApp, corsHeaders, EVIL, preflight } from "./apps.ts";

describe("an option that is not valid refuses to boot, and says what would do", () => {
  it.each([
    ["a misspelt option", { origins: [APP] }, /the option origins is unknown\. Use one of origin,/],
    ["an engine's option of old", { origin: APP, maxAge: 5 }, /the option maxAge is unknown/],
    ["everybody by true", { origin: true }, /give \[\] for nobody, "\*" for everybody/],
    [
      "an upper-case origin",
      { origin: "https://App.example" },
      /send it: "https:\/\/app\.example"/,
    ],
    ["a path", { origin: "https://app.example/" }, /send it: "https:\/\/app\.example"/],
    ["a default port", { origin: "https://app.example:443" }, /send it: "https:\/\/app\.example"/],
    ["a host alone", { origin: "app.example" }, /is no origin; give scheme and host/],
    ["user information", { origin: "https://u@app.example" }, /send it: "https:\/\/app\.example"/],
    ["a star among others", { origin: ["*", APP] }, /give "\*" alone/],
    ["a star for a top-level domain", { origin: "https://*.com" }, /before two labels/],
    ["a star in the middle", { origin: "https://app.*.example" }, /A star stands for subdomains/],
    ["a star without a scheme", { origin: "*.app.example" }, /A star stands for subdomains/],
    [
      "a star and a dot too few",
      { origin: "https://*app.example" },
      /A star stands for subdomains/,
    ],
    ["a number", { origin: [APP, 4] }, /the option origin\[1\] is 4\. Give origins such as/],
    ["one bad origin", { origin: [APP, "x"] }, /the option origin\[1\] is "x"\. It is no origin/],
    ["a bad origin alone", { origin: "x" }, /the option origin is "x"\. It is no origin/],
    ["a bad pattern in a list", { origin: [/x/g] }, /the option origin\[0\] is \/x\/g\. Of flags/],
    ["a global pattern", { origin: /https:\/\/app\.example/g }, /may have i, u and v/],
    ["a sticky pattern", { origin: /https:\/\/app\.example/y }, /may have i, u and v/],
    ["credentials that are no flag", { credentials: "true" }, /Give true or false/],
    ["methods in one string", { methods: "GET,PUT" }, /Give an array of strings/],
    [
      "a method that is no name",
      { methods: ["GET", "PUT, DELETE"] },
      /methods\[1\] is "PUT, DELETE"\. Give names/,
    ],
    [
      "a header that is no name",
      { allowedHeaders: ["x-a\r\nx-b: c"] },
      /allowedHeaders\[0\] is .* Give names/,
    ],
    [
      "an exposed header that is no name",
      { exposedHeaders: ["x a"] },
      /exposedHeaders\[0\] is "x a"\. Give names/,
    ],
    [
      "a star to expose with credentials",
      { origin: APP, credentials: true, exposedHeaders: ["*"] },
      /name the headers/,
    ],
    ["an age that no browser keeps", { maxAgeSeconds: 86_401 }, /from 0 to 86400/],
    ["a negative age", { maxAgeSeconds: -1 }, /from 0 to 86400/],
  ])("%s", async (_what, options, message) => {
    await expect(bootWith(cors, options)).rejects.toMatchObject({
      code: "CORS_INVALID_OPTION",
      message: expect.stringMatching(message),
    });
  });
});

describe.each(WAYS)("credentials for everybody refuse to boot, %s", (way) => {
  it.each<[string, unknown]>([
    ["a star", "*"],
    ["null, which any page can be", [APP, "null"]],
    ["a pattern that matches anything", /.*/],
    ["a pattern for any https origin", /https:\/\/.+/],
    ["a pattern for any plain origin", [APP, /http:\/\/[^/]*/]],
    ["a pattern for any name under a top-level domain", /https:\/\/[a-z0-9-]+\.com/],
    ["a pattern of alternatives, one of them open", /https:\/\/app\.example|https?:\/\/\S+/],
    ["a function that always says yes", () => true],
    ["a function that says yes to all of https", (origin: string) => origin.startsWith("https://")],
  ])("%s", async (_what, origin) => {
    await expect(bootWith(cors, { origin, credentials: true }, { way })).rejects.toMatchObject({
      code: "CORS_WILDCARD_CREDENTIALS",
      message: expect.stringContaining("List the origins that may use them"),
    });
    await bootWith(cors, { origin, credentials: false }, { way });
  });

  it("whatever pattern it is that lets everybody in", async () => {
    const open = fc
      .record({
        scheme: fc.constantFrom("https://", "https?://", "(?:http|https)://", "\\w+://", ".+//"),
        host: fc.constantFrom(".+", ".*", "[^/]+", "\\S+", "[\\w.:-]+", "(?:[\\w-]+\\.)*[\\w:]+"),
        other: fc.constantFrom("", "|https://app\\.example", "|null"),
      })
      .map(({ scheme, host, other }) => new RegExp(`${scheme}${host}${other}`));
    await fc.assert(
      fc.asyncProperty(open, async (pattern) => {
        const options = { origin: [APP, pattern], credentials: true };
        await expect(bootWith(cors, options, { way })).rejects.toMatchObject({
          code: expect.stringMatching(/^CORS_(WILDCARD_CREDENTIALS|UNSAFE_PATTERN)$/),
        });
      }),
      { numRuns: 40 },
    );
  });

  it("and on a route too, when the app is ready", async () => {
    const app = await createApp({ way });
    await app.register(cors, { origin: "*" });
    app.get("/me", { config: { cors: { credentials: true } } }, async () => "me");
    await expect(app.ready()).rejects.toMatchObject({
      code: "CORS_WILDCARD_CREDENTIALS",
      message: expect.stringContaining("config.cors of GET /me"),
    });
  });
});

describe("a function that takes its time to let everybody in", () => {
  it("boots, but nobody gets in, and the log says why", async () => {
    const errors: unknown[] = [];
    const app = await createApp();
    vi.spyOn(app.log, "error").mockImplementation((...args: unknown[]) => void errors.push(args));
    await app.register(cors, { origin: [APP, async () => true], credentials: true });
    app.get("/", async () => "ok");
    const response = await app.inject({ url: "/", headers: { origin: EVIL } });
    expect(corsHeaders(response)).toEqual({ vary: "Origin" });
    expect((await preflight(app, "/", { origin: EVIL })).statusCode).toBe(403);
    const listed = await app.inject({ url: "/", headers: { origin: APP } });
    expect(listed.headers["access-control-allow-origin"]).toBe(APP);
    expect(errors).toMatchObject([[{ err: { code: "CORS_WILDCARD_CREDENTIALS" } }, /nobody's/]]);
  });

  it("is let be when it knows its friends, or wants to see the request", async () => {
    for (const origin of [
      async (asked: string) => asked === APP,
      async (asked: string, request: unknown) => request !== undefined && asked === APP,
      (asked: string) => (asked === APP ? Promise.resolve(true) : Promise.reject(new Error("no"))),
    ]) {
      const app = await corsApp({ origin, credentials: true });
      const { headers } = await app.inject({ url: "/", headers: { origin: APP } });
      expect(headers["access-control-allow-origin"]).toBe(APP);
    }
  });
});

describe("a pattern that could be made to backtrack without end", () => {
  it.each([
    /https:\/\/(a+)+\.app\.example/,
    /https:\/\/(a|a)*\.app\.example/,
    /https:\/\/(\w+\.?)+\.app\.example/,
    /https:\/\/([a-z]+)*\.app\.example/,
    /https:\/\/(.*)*\.app\.example/,
    /https:\/\/\w+\w+\w+\.app\.example/,
    /(https:\/\/.*)+\.app\.example/,
  ])("refuses to boot: %s", async (origin) => {
    await expect(bootWith(cors, { origin })).rejects.toMatchObject({ code: "CORS_UNSAFE_PATTERN" });
  });

  it.each([
    /https:\/\/.*\.app\.example/,
    /https:\/\/(?:[a-z0-9-]+\.)*app\.example/,
    /https?:\/\/localhost(:\d+)?/,
    /https:\/\/pr-\d+--app\.netlify\.app/,
    /https:\/\/[a-z]{2,8}\.(?:preview|staging)\.app\.example/,
  ])("is not found in %s", async (origin) => {
    await corsApp({ origin, credentials: true });
  });

  it("never gets in, however it is put together: what boots answers the worst origins at once", async () => {
    const atom = fc.constantFrom("a", "\\w", ".", "[a-z]", "(?:a|b)", "(?:a|ab)", "\\.");
    const quantified = fc
      .tuple(atom, fc.constantFrom("", "+", "*", "?", "{1,9}"))
      .map(([of, times]) => of + times);
    const group = fc
      .tuple(
        fc.array(quantified, { minLength: 1, maxLength: 3 }),
        fc.constantFrom("", "+", "*", "{2,}"),
      )
      .map(([parts, times]) => `(?:${parts.join("")})${times}`);
    const pattern = fc
      .array(group, { minLength: 1, maxLength: 2 })
      .map((groups) => new RegExp(`https://${groups.join("")}\\.app\\.example`));
    const worst = [..."ab."].map((letter) => `https://${letter.repeat(250)}`);
    await fc.assert(
      fc.asyncProperty(pattern, async (origin) => {
        const app = await createApp();
        try {
          await app.register(cors, { origin });
        } catch (error) {
          expect(error).toMatchObject({ code: "CORS_UNSAFE_PATTERN" });
          return;
        }
        for (const attack of [...worst, `https://${"ab".repeat(120)}!`]) {
          const response = await app.inject({ url: "/", headers: { origin: attack } });
          expect(response.headers).not.toHaveProperty("access-control-allow-origin");
        }
      }),
      { numRuns: 20 },
    );
  }, 60_000);
});

describe("the answers say what the options say", () => {
  it("by default: what our layers emit, and what pages commonly do", async () => {
    const app = await corsApp({ origin: APP });
    const response = await app.inject({ url: "/", headers: { origin: APP } });
    expect(corsHeaders(response)).toEqual({
      vary: "Origin",
      "access-control-allow-origin": APP,
      "access-control-expose-headers": EXPOSED_HEADERS.join(", "),
    });
    expect(EXPOSED_HEADERS).toEqual(
      expect.arrayContaining([
        "RateLimit",
        "RateLimit-Policy",
        "Retry-After",
        "Retry-After-Ms",
        "X-Should-Retry",
        "X-Request-ID",
        "Server-Timing",
        "X-Process-Time-Ms",
        "Mcp-Session-Id",
      ]),
    );
    const asked = { "access-control-request-headers": "authorization,x-any" };
    const answer = await preflight(app, "/", { headers: asked });
    expect(answer.statusCode).toBe(204);
    expect(corsHeaders(answer)).toEqual({
      vary: "Access-Control-Request-Method, Origin, Access-Control-Request-Headers",
      "access-control-allow-origin": APP,
      "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
      "access-control-allow-headers": "authorization,x-any",
      "access-control-max-age": "7200",
    });
  });

  it("with all of them given", async () => {
    const app = await corsApp({
      origin: APP,
      credentials: true,
      methods: ["GET", "QUERY"],
      allowedHeaders: ["Authorization", "Idempotency-Key"],
      exposedHeaders: ["X-Total"],
      maxAgeSeconds: 0,
      privateNetwork: true,
    });
    const response = await app.inject({ url: "/", headers: { origin: APP } });
    expect(corsHeaders(response)).toEqual({
      vary: "Origin",
      "access-control-allow-origin": APP,
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": "X-Total",
    });
    const answer = await preflight(app, "/", {
      headers: {
        "access-control-request-headers": "x-other",
        "access-control-request-private-network": "true",
      },
    });
    expect(corsHeaders(answer)).toEqual({
      vary: "Access-Control-Request-Method, Origin, Access-Control-Request-Private-Network",
      "access-control-allow-origin": APP,
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "GET, QUERY",
      "access-control-allow-headers": "Authorization, Idempotency-Key",
      "access-control-max-age": "0",
      "access-control-allow-private-network": "true",
    });
  });

  it("exposing nothing, or everything, where that is asked for", async () => {
    const headers = { origin: APP };
    const nothing = await corsApp({ origin: APP, exposedHeaders: [] });
    expect((await nothing.inject({ url: "/", headers })).headers).not.toHaveProperty(
      "access-control-expose-headers",
    );
    const everything = await corsApp({ origin: "*", exposedHeaders: ["*"] });
    const response = await everything.inject({ url: "/", headers });
    expect(response.headers["access-control-expose-headers"]).toBe("*");
  });

  it("opening no private network unless it is opted in, asked for, and asked by a listed origin", async () => {
    const headers = { "access-control-request-private-network": "true" };
    const name = "access-control-allow-private-network";
    const closed = await corsApp({ origin: APP });
    expect((await preflight(closed, "/", { headers })).headers).not.toHaveProperty(name);
    const open = await corsApp({ origin: APP, privateNetwork: true });
    expect((await preflight(open, "/", { headers })).headers[name]).toBe("true");
    expect((await preflight(open, "/")).headers).not.toHaveProperty(name);
    expect((await preflight(open, "/", { headers, origin: EVIL })).headers).not.toHaveProperty(
      name,
    );
  });
});
