import assert from "node:assert/strict";
import cors from "@enfilade/cors";
import Fastify from "fastify";

const app = Fastify();
await app.register(cors, {
  origin: ["https://app.example", "https://*.preview.app.example"],
  credentials: true,
});

app.put("/runs/:id", async () => ({ ok: true }));
// Anybody may read the list of models, with no credentials; its preflights say so too.
const open = { origin: "*", credentials: false } as const;
app.get("/models", { config: { cors: open } }, async () => ["small", "large"]);

const preflight = (url: string, origin: string, method: string) =>
  app.inject({
    method: "OPTIONS",
    url,
    headers: { origin, "access-control-request-method": method },
  });

const run = await preflight("/runs/7", "https://pr-1.preview.app.example", "PUT");
assert.equal(run.statusCode, 204);
assert.equal(run.headers["access-control-allow-origin"], "https://pr-1.preview.app.example");
assert.equal((await preflight("/runs/7", "https://evil.example", "PUT")).statusCode, 403);

const models = await preflight("/models", "https://evil.example", "GET");
assert.equal(models.headers["access-control-allow-origin"], "*");

// A page can read what went wrong, too.
const missing = await app.inject({ url: "/nowhere", headers: { origin: "https://app.example" } });
assert.equal(missing.statusCode, 404);
assert.equal(missing.headers["access-control-allow-origin"], "https://app.example");
await app.close();
