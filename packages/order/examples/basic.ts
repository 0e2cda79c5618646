import assert from "node:assert/strict";
import { adopt, defineLayer } from "@enfilade/layer";
import { order } from "@enfilade/order";
import rateLimit from "@fastify/rate-limit";
import Fastify from "fastify";

const apiKey = defineLayer({
  name: "api-key",
  place: "authenticate",
  provides: ["principal"],
  setup: () => ({
    onRequest: (request, reply) =>
      request.headers["x-api-key"] === "secret" ? undefined : reply.code(401).send(),
  }),
});

const app = Fastify();
await app.register(order); // from here on the order of the calls does not matter
app.get("/", async () => ({ hello: "world" }));
app.register(apiKey);
app.register(adopt(rateLimit, { name: "rate-limit", place: "shield" }), { max: 2 });

await app.ready();
console.log(app.order.explain("GET", "/").toText());

// Guessing is limited: the limiter stands further out than the layer that refuses.
const guess = async () => (await app.inject("/")).statusCode;
assert.deepEqual([await guess(), await guess(), await guess()], [401, 401, 429]);
await app.close();
