import { createClock } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { type ApiKeyOptions, generateKey } from "../src/index.ts";
import { ANN, ANN_RECORD, make, statusOf } from "./support.ts";

describe("a record", () => {
  it("lets its key work until it expires, and says then why it does not", async () => {
    const clock = createClock();
    const expiresAt = new Date(clock.now() + 1_000).toISOString();
    const app = await make({ keys: [{ ...ANN_RECORD, expiresAt }], now: clock.now });
    const call = () => app.inject({ url: "/", headers: { "x-api-key": ANN.key } });
    expect((await call()).json().expiresAt).toBe(Date.parse(expiresAt));
    clock.advance(999);
    expect((await call()).statusCode).toBe(200);
    clock.advance(1);
    const refused = await call();
    expect(refused.statusCode).toBe(401);
    expect(refused.json().code).toBe("API_KEY_EXPIRED");
    expect(refused.headers["www-authenticate"]).toBe(
      'Bearer error="invalid_token", error_description="The API key has expired."',
    );
  });

  it("shares its id with another while a key is rotated", async () => {
    const clock = createClock();
    const next = generateKey();
    const app = await make({
      keys: [
        { ...ANN_RECORD, expiresAt: clock.now() + 1_000 },
        { ...ANN_RECORD, hash: next.hash },
      ],
      now: clock.now,
    });
    expect(await statusOf(app, { "x-api-key": ANN.key })).toBe(200);
    expect(await statusOf(app, { "x-api-key": next.key })).toBe(200);
    clock.advance(1_000);
    expect(await statusOf(app, { "x-api-key": ANN.key })).toBe(401);
    expect(await statusOf(app, { "x-api-key": next.key })).toBe(200);
  });

  it("makes a principal that no request can change for the next one", async () => {
    const app = await make({ keys: [{ ...ANN_RECORD, claims: { tenant: { id: 1 } } }] });
    app.get("/change", { config: { access: "authenticated" } }, async ({ principal }) => {
      if (principal === null) throw new Error("nobody");
      const { tenant } = principal.claims as { tenant: { id: number } };
      const attempts = [
        () => Object.assign(principal, { id: "root" }),
        () => (principal.scopes as string[]).push("agent_os:admin"),
        () => Object.assign(tenant, { id: 2 }),
      ];
      return attempts.map((attempt) => {
        try {
          attempt();
          return "changed";
        } catch {
          return "kept";
        }
      });
    });
    const headers = { "x-api-key": ANN.key };
    expect((await app.inject({ url: "/change", headers })).json()).toEqual([
      "kept",
      "kept",
      "kept",
    ]);
    expect((await app.inject({ url: "/", headers })).json().claims).toEqual({ tenant: { id: 1 } });
  });

  it("may be given with the key itself, which is hashed at once", async () => {
    const app = await make({ keys: [{ id: "ann", key: ANN.key }] });
    expect(await statusOf(app, { "x-api-key": ANN.key })).toBe(200);
  });
});

describe("the uses of a key", () => {
  it("are told once in an interval, and a listener that fails harms nobody", async () => {
    const clock = createClock();
    const uses: unknown[] = [];
    const app = await make({
      keys: [ANN_RECORD],
      now: clock.now,
      useIntervalMs: 1_000,
      onUse: async (use) => {
        uses.push(use);
        throw new Error("no database");
      },
    });
    const start = clock.now();
    for (const step of [0, 999, 1, 0]) {
      clock.advance(step);
      expect(await statusOf(app, { "x-api-key": ANN.key })).toBe(200);
    }
    await statusOf(app, { "x-api-key": generateKey().key });
    expect(uses).toEqual([
      { id: "ann", hash: ANN.hash, at: start },
      { id: "ann", hash: ANN.hash, at: start + 1_000 },
    ]);
  });
});

describe("an app does not boot", () => {
  const { hash } = ANN;
  it.each<[string, object, string]>([
    ["without any keys", {}, "keys"],
    ["with an option that is misspelt", { key: ANN.key }, "key"],
    ["with keys that are no list", { keys: ANN.key }, "keys"],
    ["with a key that is no record", { keys: [ANN.key] }, "keys[0]"],
    ["with a record without an id", { keys: [{ hash }] }, "keys[0].id"],
    [
      "with a hash in upper case",
      { keys: [{ id: "a", hash: hash.toUpperCase() }] },
      "keys[0].hash",
    ],
    ["with a key in place of the hash", { keys: [{ id: "a", hash: ANN.key }] }, "keys[0].hash"],
    ["with a misspelt field", { keys: [{ id: "a", hash, scope: [] }] }, "keys[0].scope"],
    ["with scopes that are no list", { keys: [{ id: "a", hash, scopes: "b" }] }, "keys[0].scopes"],
    ["with an owner that is empty", { keys: [{ id: "a", hash, owner: "" }] }, "keys[0].owner"],
    ["with claims in a list", { keys: [{ id: "a", hash, claims: [] }] }, "keys[0].claims"],
    [
      "with a date without a zone",
      { keys: [{ id: "a", hash, expiresAt: "2026-01-01T00:00" }] },
      "expiresAt",
    ],
    ["with a date in words", { keys: [{ id: "a", hash, expiresAt: "tomorrow" }] }, "expiresAt"],
    [
      "with an expiry that is no number",
      { keys: [{ id: "a", hash, expiresAt: Number.NaN }] },
      "expiresAt",
    ],
    [
      "with the same key twice",
      {
        keys: [
          { id: "a", hash },
          { id: "b", hash },
        ],
      },
      "keys[1].hash",
    ],
    ["with a key and its hash", { keys: [{ id: "a", hash, key: ANN.key }] }, "keys[0].key"],
    ["with a key of another form", { keys: [{ id: "a", key: `${ANN.key}x` }] }, "keys[0].key"],
    ["with a short key", { keys: [{ id: "a", key: "secret" }], format: "any" }, "keys[0].key"],
    ["with a source that is none", { keys: [], sources: ["cookie"] }, "sources"],
    ["with no source", { keys: [], sources: [] }, "sources"],
    ["with the wrong header", { keys: [], header: "authorization" }, "header"],
    ["with a header in upper case", { keys: [], header: "X-API-Key" }, "header"],
    ["with a prefix in upper case", { keys: [], keyPrefix: "ENF" }, "keyPrefix"],
    ["with a lookup that is none", { lookup: "keys" }, "lookup"],
    ["with a cache that is misspelt", { keys: [], cache: { ttl: 1 } }, "ttl"],
    ["with keys of null", { keys: null }, "the option keys is not valid. Give an array of"],
    ["with a cache of null", { keys: [], cache: null }, "the option cache is null. Give an object"],
    ["with a key out of its place", { keys: [], secret: ANN.key }, "the option secret is unknown."],
    [
      "with one bad source",
      { keys: [], sources: ["header", "body"] },
      'sources[1] is "body". Name',
    ],
    ["with a file that is not there", { file: "/nowhere/keys.json" }, "file"],
  ])("%s, and never shows a key", async (_what, options, option) => {
    const error = await make(options as ApiKeyOptions).then(
      () => new Error("It has booted."),
      (refusal: Error) => refusal,
    );
    expect(error).toMatchObject({ code: "API_KEY_INVALID_OPTION" });
    expect(error.message).toContain(option);
    expect(error.message).not.toContain(ANN.key.slice(0, 12));
  });
});
