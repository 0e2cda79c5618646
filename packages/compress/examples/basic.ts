import assert from "node:assert/strict";
import { gunzipSync, gzipSync } from "node:zlib";
import compress from "@enfilade/compress";
import Fastify from "fastify";

const app = Fastify();
await app.register(compress, { requests: { maxRatio: 100 } });

const agents = Array.from({ length: 100 }, (_, id) => ({ id, name: `agent ${id}` }));
app.get("/agents", async () => agents);
// It holds a secret beside what a stranger can put in: its length must tell nothing.
app.get("/session", { config: { compress: false } }, async () => ({ token: "secret", agents }));
app.post("/agents", async (request) => ({ received: JSON.stringify(request.body).length }));

const headers = { "accept-encoding": "gzip" };
const list = await app.inject({ url: "/agents", headers });
assert.equal(list.headers["content-encoding"], "gzip");
assert.equal(list.headers.vary, "Accept-Encoding");
assert.deepEqual(JSON.parse(gunzipSync(list.rawPayload).toString()), agents);

const session = await app.inject({ url: "/session", headers });
assert.equal(session.headers["content-encoding"], undefined);

// Bodies of requests may be encoded too.
const post = (body: string) =>
  app.inject({
    method: "POST",
    url: "/agents",
    headers: { "content-type": "application/json", "content-encoding": "gzip" },
    payload: gzipSync(body),
  });
assert.equal((await post(JSON.stringify(agents))).statusCode, 200);

// One that unfolds to more than a hundred times its size is a bomb, however large bodies may be.
const bomb = await post(JSON.stringify("0".repeat(1_000_000)));
assert.equal(bomb.statusCode, 413);
assert.equal(bomb.json().code, "COMPRESS_BODY_TOO_LARGE");
await app.close();
