import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WAYS } from "@enfilade/line-testing";
import { createClock, createDeferred, createLogLines } from "@enfilade/testing";
import type { FastifyInstance } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { createSigner, type JwksOptions } from "../src/index.ts";
import { call, EC, ED, jwkOf, make, RSA, SECRET, statusOf } from "./support.ts";

/** An issuer that serves its keys, as long as it is up. */
async function issuer(...keys: object[]) {
  const state = {
    body: JSON.stringify({ keys }),
    status: 200,
    headers: {} as Record<string, string>,
    fetches: 0,
    hold: undefined as Promise<void> | undefined,
    url: "",
    set(...next: object[]) {
      state.body = JSON.stringify({ keys: next });
    },
  };
  const server = createServer(async (_request, response) => {
    state.fetches += 1;
    await state.hold;
    response.writeHead(state.status, { "content-type": "application/json", ...state.headers });
    response.end(state.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
  });
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  return state;
}

const EC_KEY = jwkOf(EC.publicKey, { kid: "ec", use: "sig" });
const ED_KEY = jwkOf(ED.publicKey, { kid: "ed", alg: "EdDSA" });
const clock = createClock();
const signEc = createSigner({
  key: EC.privateKey,
  kid: "ec",
  now: clock.now,
  expiresInSeconds: 1e7,
});
const signEd = createSigner({
  key: ED.privateKey,
  kid: "ed",
  now: clock.now,
  expiresInSeconds: 1e7,
});

/** An app that trusts the issuer, by a clock that the test holds. */
function trusting(options: JwksOptions, log = createLogLines()): Promise<FastifyInstance> {
  return make(
    { jwks: options, now: clock.now, cache: false },
    {
      logger: { level: "warn", stream: log.stream },
    },
  );
}

describe("keys from a URL", () => {
  it.each(WAYS)("verify tokens, %s", async (way) => {
    const { url } = await issuer(EC_KEY, ED_KEY);
    const app = await make({ jwks: { url }, now: clock.now }, { way });
    expect(await statusOf(app, signEc({ sub: "ann" }))).toBe(200);
    expect(await statusOf(app, signEd({ sub: "ann" }))).toBe(200);
  });

  it("are fetched once, however many wait for them", async () => {
    const remote = await issuer(EC_KEY);
    const released = createDeferred<void>();
    remote.hold = released.promise;
    const app = await trusting({ url: remote.url });
    const calls = Array.from({ length: 20 }, (_, index) =>
      statusOf(app, signEc({ sub: `${index}` })),
    );
    released.resolve();
    expect(new Set(await Promise.all(calls))).toEqual(new Set([200]));
    expect(remote.fetches).toBe(1);
  });

  it("are fetched again for a new kid: a rotation needs no restart", async () => {
    const remote = await issuer(EC_KEY);
    const app = await trusting({ url: remote.url, cooldownSeconds: 30 });
    expect(await statusOf(app, signEc({ sub: "ann" }))).toBe(200);
    remote.set(EC_KEY, ED_KEY);
    clock.advance(30_000);
    expect(await statusOf(app, signEd({ sub: "ann" }))).toBe(200);
    expect(remote.fetches).toBe(2);
  });

  it("are fetched once per cooldown, whatever kids a flood invents (case 16)", async () => {
    const remote = await issuer(EC_KEY);
    const app = await trusting({ url: remote.url, cooldownSeconds: 30 });
    await statusOf(app, signEc({ sub: "ann" }));
    for (let round = 1; round <= 3; round++) {
      clock.advance(round === 1 ? 30_000 : 1);
      const guess = (kid: string) =>
        statusOf(app, createSigner({ key: EC.privateKey, kid, now: clock.now })({ sub: "eve" }));
      const flood = Array.from({ length: 50 }, (_, index) => guess(`${round}-${index}`));
      expect(new Set(await Promise.all(flood))).toEqual(new Set([401]));
      // And those that come one after the other, up to the end of the cooldown.
      for (let index = 0; index < 5; index++) expect(await guess(`later-${index}`)).toBe(401);
      clock.advance(29_999);
      expect(await guess("last")).toBe(401);
      expect(remote.fetches).toBe(1 + round);
    }
    expect(await statusOf(app, signEc({ sub: "ann" }))).toBe(200);
  });

  it("serve while the issuer is down, but not for ever (case 16)", async () => {
    const remote = await issuer(EC_KEY);
    const app = await trusting({ url: remote.url, refreshSeconds: 60, maxStaleSeconds: 600 });
    const token = signEc({ sub: "ann" });
    expect(await statusOf(app, token)).toBe(200);
    remote.status = 500;
    for (const seconds of [61, 300, 238]) {
      clock.advance(seconds * 1000);
      expect(await statusOf(app, token)).toBe(200);
    }
    clock.advance(60_000);
    const refused = await call(app, token);
    expect(refused.statusCode).toBe(503);
    expect(refused.json().code).toBe("AUTH_UNAVAILABLE");
    expect(refused.body).not.toContain("127.0.0.1");
    remote.status = 200;
    clock.advance(60_000);
    expect(await statusOf(app, token)).toBe(200);
  });

  it("that are too old take what was cached with them", async () => {
    const remote = await issuer(EC_KEY);
    const app = await make({
      jwks: { url: remote.url, maxStaleSeconds: 100 },
      now: clock.now,
      cache: { ttlMs: 10_000_000 },
    });
    const token = signEc({ sub: "ann" });
    expect(await statusOf(app, token)).toBe(200);
    remote.status = 500;
    clock.advance(101_000);
    expect(await statusOf(app, token)).toBe(503);
  });

  it("that were withdrawn take what was cached with them", async () => {
    const remote = await issuer(EC_KEY, ED_KEY);
    const app = await make({
      jwks: { url: remote.url, refreshSeconds: 60 },
      now: clock.now,
      cache: { ttlMs: 10_000_000 },
    });
    const token = signEc({ sub: "ann" });
    expect(await statusOf(app, token)).toBe(200);
    remote.set(ED_KEY);
    clock.advance(61_000);
    const unknown = createSigner({ key: EC.privateKey, kid: "x", now: clock.now })({ sub: "ann" });
    expect(await statusOf(app, unknown)).toBe(401);
    expect(remote.fetches).toBe(2);
    expect(await statusOf(app, token)).toBe(401);
  });

  it.each<[string, (remote: Awaited<ReturnType<typeof issuer>>) => void]>([
    [
      "redirects",
      (remote) => {
        remote.status = 302;
        remote.headers = { location: remote.url };
      },
    ],
    [
      "does not find them",
      (remote) => {
        remote.status = 404;
      },
    ],
    [
      "answers with a page",
      (remote) => {
        remote.body = "<html>";
      },
    ],
    [
      "answers with null",
      (remote) => {
        remote.body = "null";
      },
    ],
    ["has none", (remote) => remote.set()],
    [
      "has only secrets",
      (remote) =>
        remote.set({ kty: "oct", k: Buffer.from(SECRET).toString("base64url"), alg: "HS256" }),
    ],
    ["has too many", (remote) => remote.set(...Array.from({ length: 65 }, () => EC_KEY))],
    [
      "has only RSA keys without alg (case 3)",
      (remote) => remote.set(jwkOf(RSA.publicKey, { kid: "ec" })),
    ],
    [
      "never stops answering",
      (remote) => {
        remote.body = " ".repeat(600 * 1024);
      },
    ],
  ])("are not taken from an issuer that %s, and the log says so", async (_what, spoil) => {
    const remote = await issuer(EC_KEY);
    spoil(remote);
    const log = createLogLines();
    const app = await trusting({ url: remote.url }, log);
    expect(await statusOf(app, signEc({ sub: "ann" }))).toBe(503);
    await log.find(({ msg }) => msg === "the JWK Set could not be fetched");
    expect(remote.fetches).toBe(1);
  });

  it("are given up on in time", async () => {
    const remote = await issuer(EC_KEY);
    remote.hold = new Promise(() => {});
    const app = await trusting({ url: remote.url, timeoutMs: 30 });
    expect(await statusOf(app, signEc({ sub: "ann" }))).toBe(503);
  });

  it("are pinned by the options where they name no algorithm", async () => {
    const { url } = await issuer(jwkOf(RSA.publicKey, { kid: "rsa" }));
    const app = await make({ jwks: { url }, algorithms: ["RS256"], now: clock.now });
    const sign = (algorithm: "RS256" | "PS256") =>
      createSigner({ key: RSA.privateKey, kid: "rsa", algorithm, now: clock.now })({ sub: "ann" });
    expect(await statusOf(app, sign("RS256"))).toBe(200);
    expect(await statusOf(app, sign("PS256"))).toBe(401);
  });

  it("that cannot be used are left out, and the log names them", async () => {
    const log = createLogLines();
    const { url } = await issuer(jwkOf(RSA.publicKey, { use: "enc" }), EC_KEY);
    const app = await trusting({ url }, log);
    expect(await statusOf(app, signEc({ sub: "ann" }))).toBe(200);
    const line = await log.find(({ msg }) => msg === "some keys of the JWK Set cannot be used");
    expect(JSON.stringify(line)).toContain("keys[0]: jwk.use");
  });

  it("never come from where the token says (case 15)", async () => {
    const evil = await issuer(jwkOf(ED.publicKey, { kid: "ec", alg: "EdDSA" }));
    const remote = await issuer(EC_KEY);
    const app = await trusting({ url: remote.url });
    const input = ["jku", "x5u", "jwk"].map((name) => {
      const header = {
        alg: "EdDSA",
        kid: "ec",
        [name]: name === "jwk" ? jwkOf(ED.publicKey) : evil.url,
      };
      const [, payload, signature] = signEd({ sub: "eve", iss: evil.url }).split(".");
      return `${Buffer.from(JSON.stringify(header)).toString("base64url")}.${payload}.${signature}`;
    });
    for (const token of input) expect(await statusOf(app, token)).toBe(401);
    expect(evil.fetches).toBe(0);
  });

  it("stand beside keys that are known already, which serve when the issuer is down", async () => {
    const remote = await issuer(EC_KEY);
    remote.status = 500;
    const app = await make({
      keys: [{ secret: SECRET }],
      jwks: { url: remote.url, cooldownSeconds: 10 },
      now: clock.now,
      cache: false,
    });
    const own = createSigner({ key: SECRET, now: clock.now })({ sub: "ann" });
    expect(await statusOf(app, own)).toBe(200);
    expect(await statusOf(app, signEc({ sub: "ann" }))).toBe(503);
    remote.status = 200;
    clock.advance(10_000);
    expect(await statusOf(app, signEc({ sub: "ann" }))).toBe(200);
    expect(await statusOf(app, own)).toBe(200);
  });
});

describe("keys from a file", () => {
  async function written(...keys: object[]) {
    const folder = await mkdtemp(join(tmpdir(), "jwks-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "jwks.json");
    const write = (...next: object[]) => writeFile(file, JSON.stringify({ keys: next }));
    await write(...keys);
    return { file, write };
  }

  it("are read again when it changes, and old tokens are forgotten", async () => {
    const { file, write } = await written(EC_KEY);
    const log = createLogLines();
    const app = await make(
      { jwks: { file, fileIntervalMs: 10 }, now: clock.now },
      {
        logger: { level: "info", stream: log.stream },
      },
    );
    const [ec, ed] = [signEc({ sub: "ann" }), signEd({ sub: "ann" })];
    expect([await statusOf(app, ec), await statusOf(app, ed)]).toEqual([200, 401]);
    await write(ED_KEY);
    await log.find(({ msg }) => msg === "the JWK Set was read again");
    expect([await statusOf(app, ec), await statusOf(app, ed)]).toEqual([401, 200]);
    await writeFile(file, "{");
    await log.find(({ level }) => level === 50);
    expect(await statusOf(app, ed)).toBe(200);
  });

  it("may be secrets, for it is ours", async () => {
    const k = Buffer.from(SECRET).toString("base64url");
    const { file } = await written({ kty: "oct", k, alg: "HS256", kid: "s" });
    const app = await make({ jwks: { file }, now: clock.now });
    const sign = createSigner({ key: SECRET, kid: "s", now: clock.now });
    expect(await statusOf(app, sign({ sub: "ann" }))).toBe(200);
  });

  it("must all be usable", async () => {
    const { file } = await written(EC_KEY, jwkOf(RSA.publicKey));
    await expect(make({ jwks: { file } })).rejects.toThrow("must not choose");
  });
});
