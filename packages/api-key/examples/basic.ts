import assert from "node:assert/strict";
import apiKey, { generateKey } from "@enfilade/api-key";
import auth from "@enfilade/auth";
import Fastify from "fastify";

// The key goes to whoever calls, its hash to wherever you keep such things.
const { key, hash } = generateKey();

const app = Fastify();
await app.register(apiKey, {
  keys: [{ id: "ci", hash, scopes: ["agents:run"], owner: "ann", expiresAt: "2099-01-01" }],
});
await app.register(auth);

app.post(
  "/agents/:id/runs",
  { config: { access: { scopes: ["agents:{id}:run"] } } },
  async ({ principal }) => ({ caller: principal?.id, onBehalfOf: principal?.userId }),
);

const run = (headers: Record<string, string>) =>
  app.inject({ method: "POST", url: "/agents/web/runs", headers });
assert.deepEqual((await run({ "x-api-key": key })).json(), { caller: "ci", onBehalfOf: "ann" });
assert.equal((await run({ authorization: `Bearer ${key}` })).statusCode, 200);

const refused = await run({ "x-api-key": generateKey().key });
assert.equal(refused.statusCode, 401);
assert.match(String(refused.headers["www-authenticate"]), /^Bearer error="invalid_token"/);
await app.close();
