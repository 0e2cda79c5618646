import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import auth from "@enfilade/auth";
import jwt, { createSigner } from "@enfilade/jwt";
import Fastify from "fastify";

// In production: jwks: { url: "https://login.example/.well-known/jwks.json" }.
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const issuer = "https://login.example";
const audience = "https://api.example";

const app = Fastify();
await app.register(jwt, { keys: [{ publicKey, kid: "2026-01" }], issuer, audience });
await app.register(auth);
app.post(
  "/agents/:id/runs",
  { config: { access: { scopes: ["agents:{id}:run"] } } },
  async ({ principal }) => ({ user: principal?.userId, session: principal?.sessionId }),
);

const sign = createSigner({ key: privateKey, kid: "2026-01", issuer, audience });
const token = sign({ sub: "ann", scope: "agents:web:run", session_id: "s-1" });
const run = (id: string, authorization: string) =>
  app.inject({ method: "POST", url: `/agents/${id}/runs`, headers: { authorization } });

assert.deepEqual((await run("web", `Bearer ${token}`)).json(), { user: "ann", session: "s-1" });
assert.equal((await run("shop", `Bearer ${token}`)).statusCode, 403);
const refused = await run("web", `Bearer ${token.slice(0, -1)}`);
assert.equal(refused.statusCode, 401);
assert.match(String(refused.headers["www-authenticate"]), /^Bearer error="invalid_token"/);
await app.close();
