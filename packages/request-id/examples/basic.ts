import assert from "node:assert/strict";
import requestId, { traceHeaders } from "@enfilade/request-id";
import Fastify from "fastify";

const app = Fastify();
// Ids and traces of our own proxies are continued; everybody else gets new ones.
await app.register(requestId, { accept: ["127.0.0.0/8", "10.0.0.0/8"] });

app.get("/", async (request) => ({
  id: request.id,
  // What a call to another service would carry.
  onward: traceHeaders(request.trace),
}));

const response = await app.inject({
  url: "/",
  headers: {
    "x-request-id": "run-42",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  },
});
assert.equal(response.headers["x-request-id"], "run-42");
assert.equal(response.json().id, "run-42");
assert.match(
  response.json().onward.traceparent,
  /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/,
);

const forged = await app.inject({ url: "/", headers: { "x-request-id": "a b\u0007" } });
assert.match(String(forged.headers["x-request-id"]), /^[0-9a-f-]{36}$/);
await app.close();
