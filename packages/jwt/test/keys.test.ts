import { generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Algorithm, createSigner, type JwtKey, type JwtOptions } from "../src/index.ts";
import {
  call,
  EC,
  ED,
  forge,
  hs,
  jwkOf,
  make,
  pemOf,
  RSA,
  SECRET,
  soon,
  statusOf,
} from "./support.ts";

const P384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
const P521 = generateKeyPairSync("ec", { namedCurve: "P-521" });

describe("every algorithm", () => {
  it.each<[Algorithm, unknown, JwtKey]>([
    ["HS256", SECRET, { secret: SECRET }],
    ["HS384", SECRET, { secret: SECRET, algorithm: "HS384" }],
    [
      "HS512",
      Buffer.from(SECRET),
      { secret: new TextEncoder().encode(SECRET), algorithm: "HS512" },
    ],
    ["RS256", RSA.privateKey, { publicKey: pemOf(RSA.publicKey), algorithm: "RS256" }],
    ["RS384", RSA.privateKey, { publicKey: RSA.publicKey, algorithm: "RS384" }],
    ["RS512", pemOf(RSA.privateKey), { jwk: jwkOf(RSA.publicKey, { alg: "RS512" }) }],
    ["PS256", RSA.privateKey, { publicKey: RSA.publicKey, algorithm: "PS256" }],
    ["PS384", RSA.privateKey, { publicKey: RSA.publicKey, algorithm: "PS384" }],
    ["PS512", RSA.privateKey, { publicKey: RSA.publicKey, algorithm: "PS512" }],
    ["ES256", jwkOf(EC.privateKey), { publicKey: EC.publicKey }],
    ["ES384", P384.privateKey, { publicKey: pemOf(P384.publicKey) }],
    ["ES512", P521.privateKey, { jwk: jwkOf(P521.publicKey) }],
    ["EdDSA", ED.privateKey, { publicKey: ED.publicKey }],
  ])("is signed and verified: %s", async (algorithm, key, verification) => {
    const sign = createSigner({ key: key as string, algorithm });
    const app = await make({ keys: [verification] });
    const token = sign({ sub: "ann" });
    expect(JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).alg).toBe(
      algorithm,
    );
    expect((await call(app, token)).json().id).toBe("ann");
  });
});

describe("several keys", () => {
  const other = randomBytes(32);
  const keys: JwtKey[] = [
    { secret: SECRET, kid: "old" },
    { secret: other, kid: "new" },
  ];
  const sign = (key: string | Buffer, kid?: string) =>
    createSigner({ key, ...(kid !== undefined && { kid }) })({ sub: "ann" });

  it("are told apart by kid, and a kid names no other's key", async () => {
    const app = await make({ keys });
    expect(await statusOf(app, sign(SECRET, "old"))).toBe(200);
    expect(await statusOf(app, sign(other, "new"))).toBe(200);
    expect(await statusOf(app, sign(other, "old"))).toBe(401);
    expect(await statusOf(app, sign(SECRET, "unknown"))).toBe(401);
  });

  it("are tried in turn for a token without a kid, and a key without one fits every kid", async () => {
    const app = await make({ keys });
    expect(await statusOf(app, sign(SECRET))).toBe(200);
    expect(await statusOf(app, sign(other))).toBe(200);
    const anonymous = await make({ keys: [{ secret: other }] });
    expect(await statusOf(anonymous, sign(other, "whatever"))).toBe(200);
  });

  it("never lend each other their algorithms", async () => {
    const app = await make({
      keys: [
        { secret: SECRET, algorithm: "HS512", kid: "a" },
        { publicKey: EC.publicKey, kid: "b" },
      ],
    });
    expect(await statusOf(app, hs({}, { kid: "a" }))).toBe(401);
    const token = forge({ alg: "HS512", kid: "b" }, { sub: "ann", exp: soon() }, SECRET, "sha512");
    expect(await statusOf(app, token)).toBe(401);
  });
});

describe("an app does not boot with", () => {
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const bitcoin = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
  const pss = generateKeyPairSync("rsa-pss", { modulusLength: 2048 });
  it.each<[string, object, string]>([
    ["no keys", {}, "keys"],
    ["an option that is misspelt, and may be a secret", { secret: SECRET }, "secret"],
    ["a secret of 31 bytes (case 13)", { keys: [{ secret: "x".repeat(31) }] }, "keys[0].secret"],
    [
      "a secret too short for its hash",
      { keys: [{ secret: "x".repeat(32), algorithm: "HS512" }] },
      "secret",
    ],
    ["a secret for RSA", { keys: [{ secret: SECRET, algorithm: "RS256" }] }, "algorithm"],
    [
      "a private key",
      { keys: [{ publicKey: pemOf(RSA.privateKey), algorithm: "RS256" }] },
      "publicKey",
    ],
    ["a private key object", { keys: [{ publicKey: EC.privateKey }] }, "publicKey"],
    ["RSA without an algorithm", { keys: [{ publicKey: RSA.publicKey }] }, "algorithm"],
    [
      "the wrong algorithm",
      { keys: [{ publicKey: EC.publicKey, algorithm: "ES384" }] },
      "algorithm",
    ],
    ["RSA of 1024 bits", { keys: [{ publicKey: weak.publicKey, algorithm: "RS256" }] }, "2048"],
    ["a curve that is none of RFC 7518's", { keys: [{ publicKey: bitcoin.publicKey }] }, "P-256"],
    ["a key for PSS alone", { keys: [{ publicKey: pss.publicKey, algorithm: "PS256" }] }, "RSA"],
    ["text for a key", { keys: [{ publicKey: "key" }] }, "publicKey"],
    ["a key in two forms", { keys: [{ publicKey: EC.publicKey, secret: SECRET }] }, "keys[0]"],
    ["a JWK for encryption", { keys: [{ jwk: jwkOf(EC.publicKey, { use: "enc" }) }] }, "jwk.use"],
    [
      "a JWK that only signs",
      { keys: [{ jwk: jwkOf(EC.publicKey, { key_ops: ["sign"] }) }] },
      "key_ops",
    ],
    [
      "a JWK of an unknown algorithm",
      { keys: [{ jwk: jwkOf(EC.publicKey, { alg: "none" }) }] },
      "alg",
    ],
    [
      "a secret JWK without its algorithm",
      { keys: [{ jwk: { kty: "oct", k: SECRET } }] },
      "jwk.alg",
    ],
    ["a short secret JWK", { keys: [{ jwk: { kty: "oct", k: "eHg", alg: "HS256" } }] }, "secret"],
    ["a kid that is a number", { keys: [{ secret: SECRET, kid: 1 }] }, "kid"],
    ["a duration in words (case 5)", { maxAgeSeconds: "1h30m" }, "maxAgeSeconds"],
    ["a duration of ISO 8601 (case 5)", { clockToleranceSeconds: "P1D" }, "clockToleranceSeconds"],
    ["a tolerance of an hour", { clockToleranceSeconds: 3600 }, "clockToleranceSeconds"],
    ["an issuer that is empty", { issuer: "" }, "issuer"],
    ["an audience of nobody", { audience: [] }, "audience"],
    ["an unknown source", { sources: ["body"] }, "sources"],
    ["a misspelt claim", { claims: { user: "sub" } }, "user"],
    ["a misspelt cache", { cache: { ttl: 1 } }, "ttl"],
    ["an algorithm that is none", { algorithms: ["none"] }, "algorithms"],
    ["keys over http (case 15)", { jwks: { url: "http://login.example/jwks" } }, "url"],
    ["keys from elsewhere", { jwks: { url: "file:///etc/jwks" } }, "url"],
    ["a URL and a file", { jwks: { url: "https://a.example", file: "b" } }, "url"],
    ["a file that is not there", { jwks: { file: "/nowhere/jwks.json" } }, "jwks.file"],
    ["a secret out of its place", { secret: SECRET }, "the option secret is unknown. Use one of"],
    ["a JWKS of null", { jwks: null }, "the option jwks is null. Give an object with some of url,"],
    ["a cache of its size alone", { cache: 500 }, "the option cache is 500. Give an object"],
    ["claims of null", { claims: null }, "the option claims is null. Give an object"],
    ["an audience of a number", { audience: ["a", 5] }, "the option audience[1] is 5. Give texts"],
    ["an issuer of null", { issuer: null }, "the option issuer is null. Give texts"],
    ["one bad algorithm", { algorithms: ["HS256", "none"] }, 'algorithms[1] is "none". Give an'],
    ["one bad source", { sources: ["header", "body"] }, 'sources[1] is "body". Name one'],
  ])("%s, and never shows a key", async (_what, options, option) => {
    const given = "keys" in options || "jwks" in options || _what === "no keys";
    const error = await make(
      (given ? options : { keys: [{ secret: SECRET }], ...options }) as JwtOptions,
    ).then(
      () => new Error("It has booted."),
      (refusal: Error) => refusal,
    );
    expect(error).toMatchObject({ code: "JWT_INVALID_OPTION" });
    expect(error.message).toContain(option);
    expect(error.message).not.toContain(SECRET.slice(0, 8));
    expect(error.message).not.toContain("BEGIN");
  });
});

describe("createSigner", () => {
  it("says what every token shall say, unless the claims do", async () => {
    const sign = createSigner({
      key: SECRET,
      issuer: "https://a.example",
      audience: ["b"],
      kid: "k",
      expiresInSeconds: 60,
      typ: "at+jwt",
      now: () => 1_000_000,
    });
    const [header = "", payload = ""] = sign({ sub: "ann", aud: "c" }).split(".");
    const parse = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
    expect(parse(header)).toEqual({ alg: "HS256", typ: "at+jwt", kid: "k" });
    expect(parse(payload)).toMatchObject({
      iat: 1000,
      exp: 1060,
      iss: "https://a.example",
      aud: "c",
      sub: "ann",
      jti: expect.stringMatching(/^[\w-]{36}$/),
    });
  });

  it.each<[string, object, string]>([
    ["a short secret", { key: "short" }, "key"],
    ["a public key", { key: pemOf(EC.publicKey) }, "key"],
    ["RSA without an algorithm", { key: RSA.privateKey }, "algorithm"],
    ["a secret for RSA", { key: SECRET, algorithm: "RS256" }, "algorithm"],
    ["no time to live", { key: SECRET, expiresInSeconds: 0 }, "expiresInSeconds"],
    ["a time in words", { key: SECRET, expiresInSeconds: "1h" }, "expiresInSeconds"],
  ])("refuses %s", (_what, options, option) => {
    expect(() => createSigner(options as { key: string })).toThrow(option);
  });
});
