import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadConfig } from "../src/config.ts";
import { problemsOf, temporaryFolder } from "./support.ts";

const securityKey = "0123456789abcdef0123456789abcdef";
const secret = "a secret that is longer than thirty-two bytes";
const rsa = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { format: "pem", type: "spki" },
  privateKeyEncoding: { format: "pem", type: "pkcs8" },
});
const ec = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { format: "pem", type: "spki" },
  privateKeyEncoding: { format: "pem", type: "pkcs8" },
});

test.each([
  [{}, "none"],
  [{ OS_SECURITY_KEY: securityKey }, "security_key"],
  [{ JWT_VERIFICATION_KEY: secret }, "jwt"],
  [{ JWT_VERIFICATION_KEY: rsa.publicKey }, "jwt"],
  [{ JWT_VERIFICATION_KEY: rsa.publicKey, JWT_ALGORITHM: "PS256" }, "jwt"],
  [{ JWT_VERIFICATION_KEY: ec.publicKey }, "jwt"],
  [{ JWT_JWKS_URL: "https://login.example/jwks.json" }, "jwt"],
  [{ JWT_JWKS_URL: "http://127.0.0.1:8080/jwks.json", JWT_AUDIENCE: "https://a.example" }, "jwt"],
  [{ OS_SECURITY_KEY: securityKey, JWT_VERIFICATION_KEY: secret }, "jwt"],
] as const)("%j is the mode %s", (env, mode) => {
  expect(loadConfig(env).authMode).toBe(mode);
});

test("a server that authenticates its callers may be reached from anywhere", () => {
  expect(loadConfig({ HOST: "0.0.0.0", OS_SECURITY_KEY: securityKey }).host).toBe("0.0.0.0");
  // The key is wrong, which is told; that there is none would be told in vain.
  expect(problemsOf({ HOST: "0.0.0.0", OS_SECURITY_KEY: "short" })).toHaveLength(1);
});

test("a security key is compared by the layer: as it is, whatever its form, for everything", () => {
  expect(loadConfig({ OS_SECURITY_KEY: securityKey }).authentication.apiKey).toEqual({
    keys: [{ id: "os-security-key", key: securityKey, scopes: ["agent_os:admin"] }],
    format: "any",
  });
});

test.each([
  ["OS_SECURITY_KEY", "nineteen-characters"],
  ["OS_SECURITY_KEY", "a key with spaces between"],
  ["OS_SECURITY_KEY", "a-key,or-two-of-them"],
  ["OS_SECURITY_KEY", "eyJhbGciOiJIUzI1NiJ9.e30.abc"],
  ["JWT_VERIFICATION_KEY", "thirty-one bytes, one too few.."],
  ["JWT_VERIFICATION_KEY", rsa.privateKey],
  ["JWT_VERIFICATION_KEY", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"],
])("%s is refused, and not shown, when it is %j", (name, value) => {
  const problems = problemsOf({ [name]: value });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(new RegExp(`^${name} `));
  expect(problems[0]).not.toContain(value.trim().slice(0, 12));
});

test("no text that is refused as a secret gets into the message", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 6 }), (text) => {
      const given = `x${text}`;
      const problems = problemsOf({ OS_SECURITY_KEY: given, JWT_VERIFICATION_KEY: given });
      expect(problems.join("\n")).not.toContain(given);
    }),
  );
});

test.each([
  [{ JWT_ALGORITHM: "none", JWT_VERIFICATION_KEY: secret }, "JWT_ALGORITHM must be one of HS256"],
  [{ JWT_ALGORITHM: "RS256", JWT_VERIFICATION_KEY: secret }, "must be a public key in PEM"],
  [{ JWT_ALGORITHM: "HS512", JWT_VERIFICATION_KEY: secret }, "must be a secret of 64 bytes"],
  [{ JWT_ALGORITHM: "HS256", JWT_VERIFICATION_KEY: rsa.publicKey }, "must be a key for HS256"],
  [{ JWT_ALGORITHM: "ES256", JWT_VERIFICATION_KEY: rsa.publicKey }, "must be a key for ES256"],
  [{ JWT_AUDIENCE: "a", JWT_ISSUER: "b" }, "JWT_AUDIENCE and JWT_ISSUER is set without a key"],
  [{ JWT_JWKS_URL: "http://login.example/jwks" }, "JWT_JWKS_URL must be an https URL"],
  [{ JWT_JWKS_FILE: "/nowhere/jwks.json" }, "which cannot be read (ENOENT)"],
  [{ API_KEYS_FILE: "/nowhere/keys.json" }, "which cannot be read (ENOENT)"],
  [{ TRUST_PROXY: "true" }, "TRUST_PROXY must list the addresses of the proxies"],
  [{ TRUST_PROXY: "1" }, "TRUST_PROXY must list"],
  [{ TRUST_PROXY: "0.0.0.0/0" }, "TRUST_PROXY must list"],
  [{ TRUST_PROXY: "10.0.0.1, proxy.example" }, "TRUST_PROXY must list"],
  [{ TRUST_PROXY: "0.0.0.0/1,128.0.0.0/1" }, "TRUST_PROXY must list"],
  [{ TRUST_PROXY: "::/1" }, "TRUST_PROXY must list"],
  [{ TRUST_PROXY: "::ffff:0:0/96" }, "TRUST_PROXY must list"],
  [{ JWT_VERIFICATION_KEY: secret, JWT_AUDIENCE: "," }, "JWT_AUDIENCE names nobody"],
])("%j is refused: %s", (env, problem) => {
  expect(problemsOf({ ...env })).toEqual([expect.stringContaining(problem)]);
});

const der = (type: "spki" | "pkcs1") =>
  createPublicKey(rsa.publicKey).export({ format: "der", type }).toString("base64");

test.each([
  ["a public key without its armour", der("spki")],
  ["one of RSA alone", der("pkcs1")],
  ["one on lines", der("spki").replace(/.{64}/g, "$&\n")],
  ["a JWK", JSON.stringify(createPublicKey(rsa.publicKey).export({ format: "jwk" }))],
  ["a key of SSH", `ssh-rsa ${der("spki")} ann@example`],
  ["a URL", "https://login.example/.well-known/jwks.json"],
  ["the name of a file", "/run/secrets/jwt-verification-key.pem"],
])("%s is no secret to sign with", (_what, value) => {
  expect(problemsOf({ JWT_VERIFICATION_KEY: value })).toEqual([
    expect.stringContaining("it is what others know too"),
  ]);
});

test("whatever is random is a secret, in base64 as well", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 400 }), (bytes) => {
      const value = Buffer.from(bytes).toString("base64");
      expect(problemsOf({ JWT_VERIFICATION_KEY: value })).toEqual([]);
    }),
  );
});

test("two sources of key sets, and a file that holds no JSON, are told together", () => {
  const file = join(temporaryFolder(), "jwks.json");
  writeFileSync(file, "keys:");
  const env = { JWT_JWKS_URL: "https://login.example/jwks.json", JWT_JWKS_FILE: file };
  expect(problemsOf(env)).toEqual([
    `JWT_JWKS_FILE names ${JSON.stringify(file)}, which is no valid JSON`,
    "JWT_JWKS_URL and JWT_JWKS_FILE are both set; keep one of them",
  ]);
});

test("proxies are trusted by their addresses, none by default", () => {
  expect(loadConfig({}).trustProxy).toEqual([]);
  expect(loadConfig({ TRUST_PROXY: "loopback, 10.0.0.0/8,fd00::/8,::1" }).trustProxy).toEqual([
    "loopback",
    "10.0.0.0/8",
    "fd00::/8",
    "::1",
  ]);
});

test("an audience that is a URL is the resource that OAuth clients are told of", () => {
  const resourceFor = (env: Record<string, string>) =>
    loadConfig({ JWT_VERIFICATION_KEY: secret, ...env }).authentication.resource;
  expect(resourceFor({ JWT_AUDIENCE: "agents" })).toBeUndefined();
  expect(resourceFor({ JWT_AUDIENCE: "http://agents.example" })).toBeUndefined();
  expect(
    resourceFor({ JWT_AUDIENCE: "agents, https://agents.example", JWT_ISSUER: "login" }),
  ).toMatchObject({ resource: "https://agents.example", authorizationServers: [] });
});
