import assert from "node:assert/strict";
import auth, { createAuthenticator, type Principal } from "@enfilade/auth";
import { defineLayer } from "@enfilade/layer";
import Fastify from "fastify";

// Who is calling; @enfilade/jwt and @enfilade/api-key are such layers, ready-made.
const people = new Map<unknown, Principal>([
  ["Bearer ann", { kind: "demo", id: "ann", scopes: ["agents:web:run"], claims: {} }],
]);
const demo = defineLayer({
  name: "demo",
  place: "authenticate",
  provides: ["principal"],
  setup: (app) =>
    createAuthenticator(app, {
      kind: "demo",
      challenge: { scheme: "Bearer" },
      authenticate: (request) => people.get(request.headers.authorization) ?? null,
    }),
});

const app = Fastify();
await app.register(demo);
await app.register(auth);
app.get("/health", { config: { public: true } }, async () => "ok");
app.post(
  "/agents/:id/runs",
  { config: { access: { scopes: ["agents:{id}:run"] } } },
  async (request) => ({ by: request.principal?.id }),
);

const run = (id: string, authorization = "") =>
  app.inject({ method: "POST", url: `/agents/${id}/runs`, headers: { authorization } });
assert.equal((await app.inject("/health")).statusCode, 200);
assert.deepEqual((await run("web", "Bearer ann")).json(), { by: "ann" });
assert.equal((await run("shop", "Bearer ann")).statusCode, 403);
assert.equal((await run("web")).headers["www-authenticate"], "Bearer");
await app.close();
