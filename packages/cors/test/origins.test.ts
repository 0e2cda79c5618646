import { createApp } from "@enfilade/line-testing";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type CorsOptions, cors } from "../src/index.ts";
import { corsApp, corsHeaders, EVIL, preflight } from "./apps.ts";

async function allows(options: CorsOptions, origins: readonly string[]): Promise<string[]> {
  const app = await corsApp(options);
  const allowed: string[] = [];
  for (const origin of origins) {
    const { headers } = await app.inject({ url: "/", headers: { origin } });
    if (headers["access-control-allow-origin"] === origin) allowed.push(origin);
    else expect(headers).not.toHaveProperty("access-control-allow-origin");
  }
  return allowed;
}

describe("an origin is let in", () => {
  it("when it is listed, alone or among others", async () => {
    const origins = ["https://app.example", "http://localhost:5173", EVIL];
    expect(await allows({ origin: "https://app.example" }, origins)).toEqual([origins[0]]);
    expect(await allows({ origin: origins.slice(0, 2) }, origins)).toEqual(origins.slice(0, 2));
  });

  it("when it is a subdomain, of any depth, but not the domain itself", async () => {
    const inside = [
      "https://a.app.example",
      "https://a.b.app.example",
      "https://xn--9caa.app.example",
    ];
    const outside = [
      "https://app.example",
      "http://a.app.example",
      "https://a.app.example:8443",
      "https://aapp.example",
      "https://a.app.example.evil.net",
      "https://evil.net/.app.example",
      "https://.app.example",
      "https://a..app.example",
      "https://evil.net:1.app.example",
      "https://u@a.app.example",
    ];
    const options = { origin: "https://*.app.example" };
    expect(await allows(options, [...inside, ...outside])).toEqual(inside);
    expect(await allows({ origin: "https://*.app.example:8443" }, outside)).toEqual([
      "https://a.app.example:8443",
    ]);
  });

  it("when a pattern matches the whole of it", async () => {
    const origin = /https:\/\/app\d*\.example|https:\/\/a/;
    const inside = ["https://app.example", "https://app12.example", "https://a"];
    const outside = ["https://app.example.evil.net", "https://ab", "https://evilapp.example"];
    expect(await allows({ origin }, [...inside, ...outside])).toEqual(inside);
    expect(await allows({ origin: /HTTPS:\/\/App\.example/i }, inside)).toEqual([inside[0]]);
  });

  it("when a function says so, at once or later, and is asked only what the list does not say", async () => {
    const sync = vi.fn((origin: string) => origin.endsWith("//sync.example"));
    const later = vi.fn(async (origin: string) => origin.endsWith("//later.example"));
    const origins = ["https://listed.example", "https://sync.example", "https://later.example"];
    const options = { origin: ["https://listed.example", sync, later] };
    expect(await allows(options, [...origins, EVIL])).toEqual(origins);
    expect(sync.mock.calls.flat()).not.toContain("https://listed.example");
    expect(later.mock.calls.flat()).not.toContain("https://sync.example");
  });

  it("by a function that looks at the request", async () => {
    const app = await corsApp({
      origin: (_origin, request) => request.headers["x-tenant"] === "a",
    });
    const ask = (tenant: string) =>
      app.inject({ url: "/", headers: { origin: EVIL, "x-tenant": tenant } });
    expect((await ask("a")).headers["access-control-allow-origin"]).toBe(EVIL);
    expect((await ask("b")).headers).not.toHaveProperty("access-control-allow-origin");
  });

  it("when it is an extension's or an app's", async () => {
    const origins = ["chrome-extension://abcdefghijklmnop", "capacitor://localhost", "app://-"];
    expect(await allows({ origin: origins }, origins)).toEqual(origins);
  });

  it("whoever it is, where everybody is: by a star that does not vary", async () => {
    const app = await corsApp({ origin: "*" });
    for (const headers of [{ origin: EVIL }, { origin: "null" }, {}]) {
      const response = await app.inject({ url: "/", headers });
      expect(response.headers["access-control-allow-origin"]).toBe("*");
      expect(response.headers).not.toHaveProperty("vary");
    }
  });
});

describe("the origin null", () => {
  it("is refused unless it is listed, whatever else lets in", async () => {
    const asked = vi.fn(() => true);
    for (const origin of [[], "https://app.example", /.*/, asked, "https://*.app.example"]) {
      expect(await allows({ origin } as CorsOptions, ["null"])).toEqual([]);
    }
    expect(asked).not.toHaveBeenCalled();
    expect(await allows({ origin: ["null", "https://app.example"] }, ["null"])).toEqual(["null"]);
  });
});

describe("what only resembles an origin", () => {
  // Prefixes, suffixes, ports, cases, lists: everything that an attacker has tried on a listed origin.
  const listed = "https://app.example";
  const mutations = fc
    .record({
      before: fc.constantFrom("", "x", " ", "https://", "https://evil.net, ", "null, ", "\t", "//"),
      scheme: fc.constantFrom("https", "http", "HTTPS", "Https", "wss", "file", ""),
      separator: fc.constantFrom("://", ":", ":/", ":///", ":\\\\"),
      user: fc.constantFrom("", "evil@", "app.example@", ":@", "%40"),
      sub: fc.constantFrom("", "evil", "evil.", ".", "www.", "xn--"),
      host: fc.constantFrom(
        "app.example",
        "APP.example",
        "app.Example",
        "appxexample",
        "app%2eexample",
      ),
      after: fc.constantFrom(
        "",
        ".",
        ".evil.net",
        "evil.net",
        "-evil.net",
        "_",
        "`",
        "}.evil.net",
        "$",
      ),
      port: fc.constantFrom("", ":443", ":80", ":0443", ":", ":8443", ":65536", ":443.evil.net"),
      tail: fc.constantFrom(
        "",
        "/",
        "/path",
        "?q",
        "#f",
        " ",
        ",",
        ", https://evil.net",
        "\0",
        "%00",
      ),
    })
    .map(({ before, scheme, separator, user, sub, host, after, port, tail }) =>
      [before, scheme, separator, user, sub, host, after, port, tail].join(""),
    )
    .filter((text) => text.trim() !== listed && !/[\0\t]/.test(text));

  it("is never let in by a list, a star or a pattern for another one", async () => {
    const exact = await corsApp({ origin: listed, credentials: true });
    const pattern = await corsApp({ origin: /https:\/\/app\.example/, credentials: true });
    await fc.assert(
      fc.asyncProperty(mutations, async (origin) => {
        for (const app of [exact, pattern]) {
          const { headers } = await app.inject({ url: "/", headers: { origin } });
          expect(headers).not.toHaveProperty("access-control-allow-origin");
          expect(headers).not.toHaveProperty("access-control-allow-credentials");
          expect(headers.vary).toBe("Origin");
          expect((await preflight(app, "/", { origin })).statusCode).toBe(403);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("passes a star only as a subdomain that a browser could send", async () => {
    const app = await corsApp({ origin: "https://*.app.example" });
    await fc.assert(
      fc.asyncProperty(mutations, async (origin) => {
        const { headers } = await app.inject({ url: "/", headers: { origin } });
        const canonical = /^https:\/\/(?:[a-z0-9_-]+\.)+app\.example$/.test(origin);
        expect(headers["access-control-allow-origin"]).toBe(canonical ? origin : undefined);
      }),
      { numRuns: 400 },
    );
  });

  it("is not even shown to a function", async () => {
    const judge = vi.fn(() => true);
    const app = await corsApp({ origin: judge });
    await fc.assert(
      fc.asyncProperty(mutations, async (origin) => {
        judge.mockClear();
        await app.inject({ url: "/", headers: { origin } });
        for (const [asked] of judge.mock.calls as unknown as [string][]) {
          expect(new URL(asked).host).not.toBe("");
          expect(asked).toMatch(/^[a-z]+:\/\/[a-z0-9._-]+(:\d+)?$/);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is refused however long it is", async () => {
    const app = await corsApp({ origin: [/https:\/\/[a-z.]+/, listed] });
    const origin = `https://${"a".repeat(12_000)}`;
    const { headers } = await app.inject({ url: "/", headers: { origin } });
    expect(headers).not.toHaveProperty("access-control-allow-origin");
  });
});

describe("a function that fails", () => {
  it.each([
    [
      "throws",
      () => {
        throw new Error("down");
      },
    ],
    ["rejects", () => Promise.reject(new Error("down"))],
  ])("fails the request when it %s, without letting anybody in", async (_how, origin) => {
    const app = await corsApp({ origin });
    const response = await app.inject({ url: "/", headers: { origin: EVIL } });
    expect(response.statusCode).toBe(500);
    expect(corsHeaders(response)).toEqual({ vary: "Origin" });
    expect((await app.inject("/")).statusCode).toBe(200);
  });

  it.each([
    ["undefined", undefined],
    ["a string", "https://evil.example"],
    ["an object", {}],
    ["null", null],
  ])("must not let in by %s, which is neither true nor false", async (_what, verdict) => {
    for (const origin of [() => verdict, async () => verdict]) {
      const app = await corsApp({ origin: origin as unknown as () => boolean });
      const response = await app.inject({ url: "/", headers: { origin: EVIL } });
      expect(response.statusCode).toBe(500);
      expect(response.json().code).toBe("CORS_INVALID_VERDICT");
      expect(response.headers).not.toHaveProperty("access-control-allow-origin");
    }
  });
});

it("lets nobody in unless told to", async () => {
  const app = await createApp();
  await app.register(cors);
  app.get("/", async () => "ok");
  const response = await app.inject({ url: "/", headers: { origin: EVIL } });
  expect(response.statusCode).toBe(200);
  expect(corsHeaders(response)).toEqual({ vary: "Origin" });
});
