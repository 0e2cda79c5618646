import { createClock, createLogLines } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { createSigner, type JwtOptions } from "../src/index.ts";
import { call, hs, make, SECRET, statusOf } from "./support.ts";

const keys = [{ secret: SECRET }];

describe("times", () => {
  it("may differ by the tolerance, and no more", async () => {
    const clock = createClock();
    const sign = createSigner({ key: SECRET, now: clock.now, expiresInSeconds: 60 });
    const app = await make({ keys, now: clock.now, clockToleranceSeconds: 5, cache: false });
    const token = sign({ sub: "ann" });
    const early = sign({ sub: "ann", nbf: Math.floor(clock.now() / 1000) + 5, exp: 9e9 });
    const tooEarly = sign({ sub: "ann", nbf: Math.floor(clock.now() / 1000) + 6, exp: 9e9 });
    expect(await statusOf(app, early)).toBe(200);
    expect(await statusOf(app, tooEarly)).toBe(401);
    clock.advance(64_000 - (clock.now() % 1000));
    expect(await statusOf(app, token)).toBe(200);
    clock.advance(1_000);
    const refused = await call(app, token);
    expect(refused.json().code).toBe("JWT_EXPIRED");
    expect(refused.headers["www-authenticate"]).toBe(
      'Bearer error="invalid_token", error_description="The token has expired."',
    );
  });

  it("have an end even without exp, when there is a greatest age", async () => {
    const clock = createClock();
    const sign = createSigner({ key: SECRET, now: clock.now, expiresInSeconds: 86_400 });
    const app = await make({ keys, now: clock.now, maxAgeSeconds: 60, clockToleranceSeconds: 0 });
    const token = sign({ sub: "ann" });
    expect(await statusOf(app, token)).toBe(200);
    clock.advance(61_000);
    expect(await statusOf(app, token)).toBe(401);
    expect(await statusOf(app, sign({ sub: "ann", iat: 9e9, exp: 9e9 }))).toBe(401);
  });

  it("need no end only when that was said", async () => {
    const app = await make({ keys, requiredClaims: [] });
    expect(await statusOf(app, hs({ exp: undefined }))).toBe(200);
    const strict = await make({ keys, requiredClaims: ["exp", "jti"] });
    expect(await statusOf(strict, hs())).toBe(401);
    expect(await statusOf(strict, hs({ jti: "1" }))).toBe(200);
  });
});

describe("issuer and audience", () => {
  const options: JwtOptions = {
    keys,
    issuer: ["https://a.example", /https:\/\/[a-z]+\.tenants\.example/],
    audience: "https://api.example",
  };
  const aud = "https://api.example";
  it.each<[unknown, unknown, number]>([
    ["https://a.example", aud, 200],
    ["https://b.tenants.example", ["other", aud], 200],
    ["https://a.example", undefined, 401],
    ["https://a.example", "other", 401],
    ["https://a.example", [], 401],
    ["https://a.example", "", 401],
    [undefined, aud, 401],
    ["", aud, 401],
    ["https://a.example/", aud, 401],
    ["https://b.tenants.example.evil.example", aud, 401],
    ["x https://b.tenants.example", aud, 401],
    ["https://b.tenants.example\nx", aud, 401],
  ])("iss %j and aud %j: %i (case 9)", async (iss, audience, status) => {
    expect(await statusOf(await make(options), hs({ iss, aud: audience }))).toBe(status);
  });

  it.each(["g", "y", "gy", "gm"])(
    "hold a pattern with the flags %s every time (case 8)",
    async (flags) => {
      const pattern = new RegExp("https://a\\.example", flags);
      const app = await make({ keys, issuer: pattern, audience: pattern, cache: false });
      const good = hs({ iss: "https://a.example", aud: "https://a.example" });
      const bad = hs({ iss: "https://a.example.evil", aud: "https://a.example" });
      // Alternating, and the same twice in a row: a pattern with a memory fails at one of the two.
      for (let count = 0; count < 250; count++) {
        for (const [token, status] of [
          [good, 200],
          [good, 200],
          [bad, 401],
          [bad, 401],
        ] as const) {
          expect(await statusOf(app, token)).toBe(status);
        }
      }
    },
  );
});

describe("typ", () => {
  it("is that of an access token, or what was asked for", async () => {
    const app = await make();
    for (const typ of ["JWT", "jwt", "at+jwt", "application/at+jwt", undefined]) {
      expect(await statusOf(app, hs({}, { typ }))).toBe(200);
    }
    const strict = await make({ keys, typ: "at+jwt" });
    expect(await statusOf(strict, hs({}, { typ: "application/AT+JWT" }))).toBe(200);
    expect(await statusOf(strict, hs({}, { typ: "JWT" }))).toBe(401);
    expect(await statusOf(strict, hs({}, { typ: undefined }))).toBe(401);
  });
});

describe("the principal", () => {
  it("has everything that an agent server takes from a token", async () => {
    const claims = {
      scope: "agents:run agents:read",
      scopes: ["sessions:read", "agents:run", 1],
      session_id: "s-1",
      dependencies: { robot: "R2" },
      session_state: { step: 1 },
    };
    const principal = (await call(await make(), hs({ ...claims, exp: 9e9 }))).json();
    expect(principal).toEqual({
      kind: "jwt",
      id: "ann",
      scopes: ["agents:run", "agents:read", "sessions:read"],
      claims: { sub: "ann", exp: 9e9, ...claims },
      userId: "ann",
      sessionId: "s-1",
      dependencies: { robot: "R2" },
      sessionState: { step: 1 },
      expiresAt: 9e12,
    });
  });

  it("takes it from other claims when that was said", async () => {
    const app = await make({
      keys,
      claims: {
        id: "client_id",
        userId: "user",
        scopes: ["roles"],
        sessionId: "sid",
        dependencies: ["department", "region"],
        sessionState: "state",
      },
    });
    const claims = {
      client_id: "c",
      user: "u",
      roles: "a b",
      sid: "s",
      department: 7,
      state: { x: 1 },
    };
    expect((await call(app, hs(claims))).json()).toMatchObject({
      id: "c",
      userId: "u",
      scopes: ["a", "b"],
      sessionId: "s",
      dependencies: { department: 7 },
      sessionState: { x: 1 },
    });
  });

  it("has no claim that the token has not, and none of the wrong kind", async () => {
    const app = await make({
      keys,
      claims: { dependencies: ["constructor"], sessionId: "toString" },
    });
    const principal = (
      await call(app, hs({ scope: 1, scopes: { a: 1 }, session_state: [1] }))
    ).json();
    expect(principal.scopes).toEqual([]);
    for (const name of ["dependencies", "sessionState", "sessionId"]) {
      expect(principal).not.toHaveProperty(name);
    }
  });
});

it("puts no token into the log, and says there why it was refused", async () => {
  const log = createLogLines();
  const app = await make({ keys }, { logger: { level: "trace", stream: log.stream } });
  const token = hs({ exp: 1 });
  await call(app, token);
  await call(app, `${token}x`);
  await call(app, hs({}, { crit: ["x"] }));
  const text = JSON.stringify(log.items);
  expect(text).toContain("it has a critical extension");
  for (const part of token.split(".").slice(1)) expect(text).not.toContain(part);
});
