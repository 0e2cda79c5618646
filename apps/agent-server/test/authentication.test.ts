import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateKey } from "@enfilade/api-key";
import { createSigner } from "@enfilade/jwt";
import { createLogLines, listen } from "@enfilade/testing";
import Fastify from "fastify";
import { expect, test } from "vitest";
import {
  contentOf,
  jsonOf,
  parseEvents,
  postForm,
  temporaryFolder,
  testServer,
} from "./support.ts";

const securityKey = "a security key of thirty-two characters".replaceAll(" ", "-");
const secret = "a secret that is longer than thirty-two bytes";
const audience = "https://agents.example";
const sign = createSigner({ key: secret, audience });

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const infoOf = async (origin: string) => jsonOf(await fetch(`${origin}/info`));

test("with a security key the server is open to who has it, and to nobody else", async () => {
  const origin = await testServer({}, { OS_SECURITY_KEY: securityKey });
  expect(await infoOf(origin)).toMatchObject({ auth_mode: "security_key" });

  const stranger = await fetch(`${origin}/agents`);
  expect(stranger.status).toBe(401);
  expect(stranger.headers.get("www-authenticate")).toBe("Bearer");
  expect(await jsonOf(stranger)).toMatchObject({ detail: expect.any(String) });

  const guess = await fetch(`${origin}/agents`, { headers: bearer("not-the-key-but-as-long") });
  expect(guess.status).toBe(401);
  expect(guess.headers.get("www-authenticate")).toContain('Bearer error="invalid_token"');

  const known = await fetch(`${origin}/agents`, { headers: bearer(securityKey) });
  expect(await jsonOf<object[]>(known)).toHaveLength(1);
  const run = await fetch(`${origin}/agents/echo/runs`, {
    method: "POST",
    headers: bearer(securityKey),
    body: new URLSearchParams({ message: "hello there" }),
  });
  expect(contentOf(parseEvents(await run.text()).events)).toBe("hello there");
});

test.each(["/", "/health", "/info"])("%s is open, and names no agent", async (path) => {
  const origin = await testServer({}, { OS_SECURITY_KEY: securityKey });
  const response = await fetch(origin + path);
  expect(response.status).toBe(200);
  expect(await response.text()).not.toContain("echo");
});

test("a stranger is told of no route whether it is there", async () => {
  const origin = await testServer({}, { OS_SECURITY_KEY: securityKey });
  for (const path of ["/sessions/s1", "/nowhere", "/docs", "/agents/nobody"]) {
    expect((await fetch(origin + path)).status, path).toBe(401);
  }
  const known = await fetch(`${origin}/nowhere`, { headers: bearer(securityKey) });
  expect(known.status).toBe(404);
});

test("a token is asked for its scopes, route by route", async () => {
  const origin = await testServer({}, { JWT_VERIFICATION_KEY: secret, JWT_AUDIENCE: audience });
  expect(await infoOf(origin)).toMatchObject({ auth_mode: "jwt" });
  const headers = bearer(sign({ sub: "ann", scope: "agents:echo:run sessions:read" }));

  const run = await fetch(`${origin}/agents/echo/runs`, {
    method: "POST",
    headers,
    body: new URLSearchParams({ message: "hi", stream: "false" }),
  });
  expect(await jsonOf(run)).toMatchObject({ content: "hi", user_id: "ann" });
  expect((await fetch(`${origin}/sessions`, { headers })).status).toBe(200);

  const refused = await fetch(`${origin}/metrics`, { headers });
  expect(refused.status).toBe(403);
  const challenge = refused.headers.get("www-authenticate");
  expect(challenge).toContain('error="insufficient_scope"');
  expect(challenge).toContain('scope="metrics:read"');
  for (const [method, path, scope] of [
    ["POST", "/agents/docs/runs", "agents:docs:run"],
    ["POST", "/sessions", "sessions:write"],
    ["DELETE", "/sessions/s1", "sessions:delete"],
  ] as const) {
    const response = await fetch(origin + path, { method, headers });
    expect(response.status, path).toBe(403);
    expect(response.headers.get("www-authenticate")).toContain(`scope="${scope}"`);
  }
});

test("the list of agents holds those that the scopes let one read", async () => {
  const origin = await testServer({}, { JWT_VERIFICATION_KEY: secret });
  const idsFor = async (scope: string) => {
    const headers = bearer(sign({ sub: "ann", scope }));
    const agents = await jsonOf<{ id: string }[]>(await fetch(`${origin}/agents`, { headers }));
    return agents.map(({ id }) => id);
  };
  expect(await idsFor("agents:read")).toEqual(["echo"]);
  expect(await idsFor("agents:echo:read")).toEqual(["echo"]);
  expect(await idsFor("agents:docs:read")).toEqual([]);
});

test("a token that has expired, is for another service or has another signature is refused", async () => {
  const origin = await testServer({}, { JWT_VERIFICATION_KEY: secret, JWT_AUDIENCE: audience });
  const claims = { sub: "ann", scope: "agent_os:admin" };
  const past = createSigner({ key: secret, audience, now: () => Date.now() - 3_600_000 });
  const others = createSigner({ key: secret, audience: "https://other.example" });
  const forger = createSigner({ key: `${secret}, but not this one`, audience });
  for (const token of [past(claims), others(claims), forger(claims)]) {
    const response = await fetch(`${origin}/agents`, { headers: bearer(token) });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain('error="invalid_token"');
  }
});

test("an audience that is a URL is described to OAuth clients, and named in every challenge", async () => {
  const issuer = "https://login.example";
  const env = { JWT_VERIFICATION_KEY: secret, JWT_AUDIENCE: audience, JWT_ISSUER: issuer };
  const origin = await testServer({}, env);
  const metadata = "/.well-known/oauth-protected-resource";
  const described = await fetch(origin + metadata);
  expect(await jsonOf(described)).toMatchObject({
    resource: audience,
    authorization_servers: [issuer],
    scopes_supported: expect.arrayContaining(["agents:run", "sessions:read"]),
  });
  const refused = await fetch(`${origin}/agents`);
  expect(refused.headers.get("www-authenticate")).toBe(
    `Bearer resource_metadata="${audience}${metadata}"`,
  );
});

test("tokens are verified by the keys of a file, each by its own", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const file = join(temporaryFolder(), "jwks.json");
  writeFileSync(
    file,
    JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "first" }] }),
  );
  const origin = await testServer({}, { JWT_JWKS_FILE: file, JWT_AUDIENCE: audience });
  const statusFor = async (kid: string) => {
    const token = createSigner({ key: privateKey, kid, audience })({
      sub: "ann",
      scope: "agents:read",
    });
    return (await fetch(`${origin}/agents`, { headers: bearer(token) })).status;
  };
  expect(await statusFor("first")).toBe(200);
  expect(await statusFor("second")).toBe(401);
});

test("tokens are verified by the keys of an issuer, which are fetched from it", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const issuer = Fastify();
  const keys = [{ ...publicKey.export({ format: "jwk" }), kid: "first" }];
  issuer.get("/jwks.json", async () => ({ keys }));
  const issuerOrigin = await listen(issuer);
  const origin = await testServer(
    {},
    { JWT_JWKS_URL: `${issuerOrigin}/jwks.json`, JWT_ISSUER: issuerOrigin, JWT_AUDIENCE: audience },
  );
  const statusFrom = async (from: string) => {
    const signIt = createSigner({ key: privateKey, kid: "first", issuer: from, audience });
    const headers = bearer(signIt({ sub: "ann", scope: "agents:read" }));
    return (await fetch(`${origin}/agents`, { headers })).status;
  };
  expect(await statusFrom(issuerOrigin)).toBe(200);
  expect(await statusFrom("https://other.example")).toBe(401);
});

test("an RSA key in PEM verifies RS256, also where its line breaks are written out", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = String(publicKey.export({ format: "pem", type: "spki" })).replaceAll("\n", "\\n");
  const origin = await testServer({}, { JWT_VERIFICATION_KEY: pem });
  const token = createSigner({ key: privateKey, algorithm: "RS256" })({
    sub: "ann",
    scope: "agents:read",
  });
  expect((await fetch(`${origin}/agents`, { headers: bearer(token) })).status).toBe(200);
  // Whoever has the public key could sign with it, if it were taken for a secret.
  const confused = createSigner({ key: Buffer.from(`${pem} is no secret`), algorithm: "HS256" })({
    sub: "ann",
  });
  expect((await fetch(`${origin}/agents`, { headers: bearer(confused) })).status).toBe(401);
});

test("keys come and go with their file, without a restart", async () => {
  const [first, second] = [generateKey(), generateKey()];
  const file = join(temporaryFolder(), "keys.json");
  const write = (hash: string) =>
    writeFileSync(file, JSON.stringify({ keys: [{ id: "ci", hash, scopes: ["agents:read"] }] }));
  write(first.hash);
  const log = createLogLines();
  const origin = await testServer({ logStream: log.stream }, { API_KEYS_FILE: file });
  expect(await infoOf(origin)).toMatchObject({ auth_mode: "security_key" });
  const statusWith = async (key: string) =>
    (await fetch(`${origin}/agents`, { headers: { "x-api-key": key } })).status;
  expect(await statusWith(first.key)).toBe(200);
  expect(await statusWith(second.key)).toBe(401);

  write(second.hash);
  await log.find(({ msg }) => msg === "the API keys were read again");
  expect(await statusWith(first.key)).toBe(401);
  expect(await statusWith(second.key)).toBe(200);
  expect((await fetch(`${origin}/agents`, { headers: bearer(second.key) })).status).toBe(200);
  const lines = JSON.stringify(log.items);
  expect(lines).toContain('"principal":"ci"');
  expect(lines).not.toContain(first.key);
  expect(lines).not.toContain(second.key);
});

test("all three ways to prove who one is work beside each other", async () => {
  const { key, hash } = generateKey();
  const file = join(temporaryFolder(), "keys.json");
  writeFileSync(file, JSON.stringify({ keys: [{ id: "ci", hash, scopes: ["agents:read"] }] }));
  const origin = await testServer(
    {},
    { OS_SECURITY_KEY: securityKey, API_KEYS_FILE: file, JWT_VERIFICATION_KEY: secret },
  );
  expect(await infoOf(origin)).toMatchObject({ auth_mode: "jwt" });
  const token = sign({ sub: "ann", scope: "agents:read" });
  for (const credentials of [securityKey, key, token]) {
    const response = await fetch(`${origin}/agents`, { headers: bearer(credentials) });
    expect(response.status).toBe(200);
  }
  for (const credentials of [`${securityKey}x`, generateKey().key, `${token}x`]) {
    const response = await fetch(`${origin}/agents`, { headers: bearer(credentials) });
    expect(response.status).toBe(401);
  }
});

test("without any way to authenticate nobody is asked", async () => {
  const origin = await testServer();
  expect(await infoOf(origin)).toMatchObject({ auth_mode: "none" });
  const run = await postForm(`${origin}/agents/echo/runs`, { message: "x", stream: "false" });
  expect(run.status).toBe(200);
  expect((await fetch(`${origin}/sessions`)).status).toBe(200);
});
