import assert from "node:assert/strict";
import { gcra, strictWindow } from "@enfilade/limiter";
import rateLimit from "@enfilade/rate-limit";
import Fastify from "fastify";

const app = Fastify();
// Sixty a minute, ten of them at once; and no more than a thousand in any day. One decision, all or nothing.
await app.register(rateLimit, {
  policies: [
    gcra({ name: "minute", limit: 60, per: "minute", burst: 10 }),
    strictWindow({ name: "day", limit: 1_000, per: "day" }),
  ],
});

app.get("/models", async () => ["small", "large"]);
// Three tries for both routes together.
const login = { max: 3, groupId: "login" };
app.post("/login", { config: { rateLimit: login } }, async () => ({ ok: true }));
app.post("/reset", { config: { rateLimit: { ...login } } }, async () => ({ ok: true }));
app.get("/health", async () => ({ ok: true }));

const first = await app.inject("/models");
assert.equal(first.headers["ratelimit-policy"], '"minute";q=60;w=60, "day";q=1000;w=86400');
assert.equal(first.headers.ratelimit?.toString().split(";")[1], "r=9");

const tries = ["/login", "/reset", "/login", "/reset"];
const statuses = [];
for (const url of tries) statuses.push((await app.inject({ method: "POST", url })).statusCode);
assert.deepEqual(statuses, [200, 200, 200, 429]);

const refused = await app.inject({ method: "POST", url: "/login" });
assert.deepEqual(refused.json()["violated-policies"], ["address"]);
assert.ok(Number(refused.headers["retry-after-ms"]) > 0);

// Health checks are not limited, paths that do not exist are.
assert.equal((await app.inject("/health")).headers.ratelimit, undefined);
assert.ok((await app.inject("/nothing")).headers.ratelimit);
await app.close();
