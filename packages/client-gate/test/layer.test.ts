import { WAYS } from "@enfilade/line-testing";
import { createLogLines } from "@enfilade/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RefuseRule } from "../src/index.ts";
import { ask, gateApp, statusFor } from "./apps.ts";
import { userAgentText } from "./arbitraries.ts";

type Headers = NonNullable<RefuseRule["requestHeaders"]>;

const LEGACY: RefuseRule = { name: "legacy-app", userAgent: "LegacyApp/1.", status: 410 };

describe.each(WAYS)("%s, a client", (way) => {
  test("that no rule is about is let through, and without rules everybody is", async () => {
    expect(await ask(await gateApp(way, { refuse: [LEGACY] }), { as: "curl/8" })).toMatchObject({
      status: 200,
      body: "here",
    });
    expect(await statusFor(await gateApp(way, {}), { as: "LegacyApp/1.4" })).toBe(200);
  });

  test("of an old version is told that it is gone, and nothing of the rule", async () => {
    const app = await gateApp(way, { refuse: [LEGACY] });

    const refused = await ask(app, { as: "LegacyApp/1.4.2 (Android 9)" });

    expect(refused).toMatchObject({ status: 410, code: "CLIENT_GATE_REFUSED" });
    expect(refused.body).toContain("This version of the client is no longer served.");
    expect(refused.body).not.toMatch(/legacy/i);
    expect(await statusFor(app, { as: "LegacyApp/2.0" })).toBe(200);
    expect(await statusFor(app, { as: "LegacyApp/10.0" })).toBe(200);
  });

  test("is refused where there is no route as well, and by HEAD without a body", async () => {
    const app = await gateApp(way, { refuse: [LEGACY] });

    expect(await statusFor(app, { as: "LegacyApp/1.4", url: "/nope" })).toBe(410);
    expect(await statusFor(app, { as: "curl/8", url: "/nope" })).toBe(404);
    expect(await ask(app, { as: "LegacyApp/1.4", method: "HEAD" })).toMatchObject({
      status: 410,
      body: "",
    });
  });

  test("without a User-Agent is one that a rule can be about", async () => {
    const app = await gateApp(way, { refuse: [{ name: "nameless", userAgent: false }] });

    expect(await statusFor(app, {})).toBe(403);
    expect(await statusFor(app, { as: "x" })).toBe(200);
    expect(await statusFor(app, { as: "(a comment)" })).toBe(200);
  });

  test("may send any User-Agent whatsoever and is answered", async () => {
    const app = await gateApp(way, {
      allow: [{ name: "probe", userAgent: "probe/1." }],
      refuse: [LEGACY, { name: "sdk", userAgent: { product: "acme-sdk", version: "<2.4" } }],
    });
    await app.ready();
    await fc.assert(
      fc.asyncProperty(userAgentText, async (as) => {
        expect([200, 403, 410]).toContain(await statusFor(app, { as }));
      }),
      { numRuns: 100 },
    );
  });
});

describe.each(WAYS)("%s, an address", (way) => {
  test("is refused in both of its spellings, and its neighbour is not", async () => {
    const app = await gateApp(way, {
      refuse: [{ name: "net", address: ["198.51.100.0/24", "2001:db8:bad::/48"] }],
    });

    for (const from of ["198.51.100.7", "::ffff:198.51.100.7", "::ffff:c633:6407"]) {
      expect(await statusFor(app, { from }), from).toBe(403);
    }
    expect(await statusFor(app, { from: "2001:DB8:BAD::1" })).toBe(403);
    expect(await statusFor(app, { from: "198.51.101.7" })).toBe(200);
    expect(await statusFor(app, { from: "2001:db8:bae::1" })).toBe(200);
  });

  test("is what Fastify makes of it: nobody can write another one from outside", async () => {
    const options = { refuse: [{ name: "net", address: "198.51.100.0/24" }] };
    const headers = { "x-forwarded-for": "198.51.100.7" };
    const trusting = await gateApp(way, options, { trustProxy: "10.0.0.0/8" });
    const direct = await gateApp(way, options);

    expect(await statusFor(trusting, { from: "10.0.0.1", headers })).toBe(403);
    expect(await statusFor(trusting, { from: "192.0.2.1", headers })).toBe(200);
    expect(await statusFor(direct, { from: "10.0.0.1", headers })).toBe(200);
    // What the client wrote stands on the left of what the proxy has seen.
    const spoofed = { "x-forwarded-for": "192.0.2.99, 198.51.100.7" };
    expect(await statusFor(trusting, { from: "10.0.0.1", headers: spoofed })).toBe(403);
    const withPort = { "x-forwarded-for": "198.51.100.7:50312" };
    expect(await statusFor(trusting, { from: "10.0.0.1", headers: withPort })).toBe(403);
  });

  test("that cannot be read is on every list that refuses, and on none that lets in", async () => {
    const client = { from: "10.0.0.1", headers: { "x-forwarded-for": "unknown" } };
    const proxied = { trustProxy: "10.0.0.0/8" };
    const refusing = { refuse: [{ name: "net", address: "198.51.100.0/24" }] };
    expect(await statusFor(await gateApp(way, refusing, proxied), client)).toBe(403);

    const admitting = {
      allow: [{ name: "all", address: ["0.0.0.0/0", "::/0"] }],
      otherwise: "refuse",
    } as const;
    const app = await gateApp(way, admitting, proxied);
    expect(await statusFor(app, client)).toBe(403);
    expect(await statusFor(app, { from: "192.0.2.1" })).toBe(200);
  });
});

describe.each(WAYS)("%s, a header", (way) => {
  const allowing = (requestHeaders: Headers) =>
    gateApp(way, { allow: [{ name: "in", requestHeaders }], otherwise: "refuse" });
  const refusing = (requestHeaders: Headers) =>
    gateApp(way, { refuse: [{ name: "out", requestHeaders }] });

  test("is there or not, has one of some values, or begins so", async () => {
    const there = await refusing({ "X-Beta": true });
    expect(await statusFor(there, { headers: { "x-beta": "" } })).toBe(403);
    expect(await statusFor(there, {})).toBe(200);
    const missing = await refusing({ "x-client": false });
    expect(await statusFor(missing, {})).toBe(403);
    expect(await statusFor(missing, { headers: { "x-client": "web" } })).toBe(200);
    const values = await refusing({ "x-api-version": ["2023-01-01", "2024-01-01"] });
    expect(await statusFor(values, { headers: { "x-api-version": "2024-01-01" } })).toBe(403);
    expect(await statusFor(values, { headers: { "x-api-version": "2025-01-01" } })).toBe(200);
    const start = await refusing({ "x-api-version": { startsWith: "2024-" } });
    expect(await statusFor(start, { headers: { "x-api-version": "2024-06-01" } })).toBe(403);
    expect(await statusFor(start, { headers: { "x-api-version": "v2024-06-01" } })).toBe(200);
  });

  test("that is sent twice, or is a list, refuses by one of its items and lets in by none", async () => {
    const twice = { "x-region": ["blocked", "good"] };
    const list = { "x-region": "good, blocked" };
    for (const headers of [twice, list]) {
      expect(await statusFor(await refusing({ "x-region": "blocked" }), { headers })).toBe(403);
      expect(await statusFor(await allowing({ "x-region": "good" }), { headers })).toBe(403);
    }
    const app = await allowing({ "x-region": "good" });
    expect(await statusFor(app, { headers: { "x-region": "good" } })).toBe(200);
  });

  test("of the name of what every object has is a header like others", async () => {
    for (const name of ["__proto__", "constructor", "tostring"]) {
      const rule = JSON.parse(`{"${name}": true}`);
      expect(await statusFor(await refusing(rule), {})).toBe(200);
      expect(await statusFor(await allowing(rule), {})).toBe(403);
    }
  });

  test("of any value is compared, and fails nothing", async () => {
    const app = await refusing({ "x-region": { startsWith: "blocked" } });
    await app.ready();
    const value = fc.stringMatching(/^[!-~][ -~]{0,20}$/).map((text) => text.trim());
    await fc.assert(
      fc.asyncProperty(value, async (region) => {
        const items = [region, ...region.split(",").map((item) => item.trim())];
        const expected = items.some((item) => item.startsWith("blocked")) ? 403 : 200;
        expect(await statusFor(app, { headers: { "x-region": region } })).toBe(expected);
      }),
      { numRuns: 100, examples: [["blocked"], ["good,blocked-1"], ["xblocked"]] },
    );
  });
});

describe.each(WAYS)("%s, a function", (way) => {
  const withCheck = (when: unknown, logger: object | false = false) =>
    gateApp(way, { refuse: [{ name: "odd", when: when as never }, LEGACY] }, { logger } as never);

  test.each([
    ["at once", (request: { url: string }) => request.url.includes("odd")],
    ["in its time", async (request: { url: string }) => request.url.includes("odd")],
  ])("decides %s, and the rules behind it are asked where it says no", async (_how, when) => {
    const app = await withCheck(when);

    expect(await statusFor(app, { url: "/?odd" })).toBe(403);
    expect(await statusFor(app, { url: "/" })).toBe(200);
    expect(await statusFor(app, { url: "/", as: "LegacyApp/1.1" })).toBe(410);
  });

  test.each([
    ["throws", () => fail()],
    ["rejects", () => Promise.reject(new Error("the database is down"))],
    ["gives nothing", () => undefined],
    ["gives 1", () => 1],
    ["gives null", async () => null],
  ])("that %s lets nobody in, and its reasons are not told", async (_what, when) => {
    const answer = await ask(await withCheck(when), {});

    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain("here");
  });

  test("is asked last, and only about whom the rest of its rule is about", async () => {
    const asked: string[] = [];
    const when = ({ headers }: { headers: Record<string, unknown> }) => {
      asked.push(String(headers["user-agent"]));
      return true;
    };
    const app = await gateApp(way, {
      refuse: [{ name: "both", userAgent: "App", address: "198.51.100.0/24", when }],
    });

    expect(await statusFor(app, { as: "App/1", from: "192.0.2.1" })).toBe(200);
    expect(await statusFor(app, { as: "Other/1", from: "198.51.100.1" })).toBe(200);
    expect(asked).toEqual([]);
    expect(await statusFor(app, { as: "App/1", from: "198.51.100.1" })).toBe(403);
    expect(asked).toEqual(["App/1"]);
  });
});

describe.each(WAYS)("%s, rules", (way) => {
  test("that let in come before those that refuse", async () => {
    const app = await gateApp(way, {
      refuse: [{ name: "net", address: "198.51.100.0/24" }, LEGACY],
      allow: [{ name: "office", address: "198.51.100.7" }],
    });

    expect(await statusFor(app, { from: "198.51.100.7", as: "LegacyApp/1.0" })).toBe(200);
    expect(await statusFor(app, { from: "198.51.100.8" })).toBe(403);
  });

  test("that refuse are asked in their order, and the first decides", async () => {
    const app = await gateApp(way, {
      refuse: [
        { name: "one", userAgent: "A", status: 410 },
        { name: "two", userAgent: "B", status: 404, message: "Nothing." },
      ],
    });

    expect(await statusFor(app, { as: "B/1 A/1" })).toBe(410);
    expect(await ask(app, { as: "B/1" })).toMatchObject({
      status: 404,
      body: expect.stringContaining('"Nothing."'),
    });
  });

  test("may leave nobody else in, with words of their own", async () => {
    const app = await gateApp(way, {
      allow: [{ name: "office", address: "loopback" }],
      otherwise: { status: 404, body: { error: "not_found" } },
    });

    expect(await statusFor(app, { from: "127.0.0.1" })).toBe(200);
    expect(await ask(app, { from: "192.0.2.1" })).toMatchObject({
      status: 404,
      body: '{"error":"not_found"}',
    });
  });

  test("are named in the log where they refuse", async () => {
    const log = createLogLines();
    const app = await gateApp(
      way,
      { refuse: [LEGACY, { name: "net", address: "198.51.100.7", body: "no" }] },
      { logger: { stream: log.stream } },
    );

    await ask(app, { as: "LegacyApp/1.1" });
    await ask(app, { from: "198.51.100.7" });

    expect(log.items.flatMap(({ err }) => (err === undefined ? [] : [err]))).toEqual([
      expect.objectContaining({ code: "CLIENT_GATE_REFUSED", rule: "legacy-app", statusCode: 410 }),
    ]);
    expect(log.items.filter(({ msg }) => msg === "client gate: refused")).toEqual([
      expect.objectContaining({ rule: "net", status: 403, level: 30 }),
    ]);
  });
});

function fail(): never {
  throw new Error("the database is down");
}
