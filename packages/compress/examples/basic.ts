import assert from "node:assert/strict";
import { gunzipSync, gzipSync } from "node:zlib";
import compress from "@enfilade/compress";
import Fastify from "fastify";

const app = Fastify();
await app.register(compress, { requests: { maxBytes: 2_000_000 } });

const runs = Array.from({ length: 500 }, (_, id) => ({ id, status: "completed" }));
app.get("/runs", async () => runs);
// A secret beside what a stranger can put in is never encoded: its length would tell (BREACH).
app.get("/session", { config: { compress: false } }, async () => ({ token: "s3cret", runs }));
app.post("/runs", async (request) => ({ received: (request.body as unknown[]).length }));

const listed = await app.inject({ url: "/runs", headers: { "accept-encoding": "gzip" } });
assert.equal(listed.headers["content-encoding"], "gzip");
assert.equal(listed.headers.vary, "Accept-Encoding");
assert.deepEqual(JSON.parse(gunzipSync(listed.rawPayload).toString()), runs);

const session = await app.inject({ url: "/session", headers: { "accept-encoding": "gzip" } });
assert.equal(session.headers["content-encoding"], undefined);

const post = (coding: string, payload: Buffer) =>
  app.inject({
    method: "POST",
    url: "/runs",
    headers: { "content-type": "application/json", "content-encoding": coding },
    payload,
  });
const taken = await post("gzip", gzipSync(JSON.stringify(runs)));
assert.deepEqual(taken.json(), { received: 500 });

const bomb = await post("gzip", gzipSync(Buffer.alloc(50_000_000)));
assert.equal(bomb.statusCode, 413);
const nested = await post("gzip, gzip", gzipSync(gzipSync("[]")));
assert.equal(nested.statusCode, 415);
await app.close();
