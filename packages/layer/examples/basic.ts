import assert from "node:assert/strict";
import { adopt, defineLayer } from "@enfilade/layer";
import helmet from "@fastify/helmet";
import Fastify, { type FastifyRequest } from "fastify";

// A concern is written once: a name, a place in the line, and a function that gives its hooks.
const runLimit = defineLayer<{ max: number }>({
  name: "run-limit",
  place: "spend",
  setup(_app, { max }) {
    const running = new Set<FastifyRequest>();
    return {
      onRequest(request, reply) {
        if (running.size >= max) return reply.code(429).send({ error: "too many runs" });
        running.add(request);
      },
      onHeaders(_request, reply) {
        reply.header("x-running", running.size);
      },
      // However it ends: delivered, client gone, stream broken, time limit.
      onSettled(request) {
        running.delete(request);
      },
    };
  },
});

const app = Fastify();
await app.register(runLimit, { max: 1 });
// Any plugin becomes a layer.
await app.register(adopt(helmet, { name: "helmet", place: "protect" }));

app.post("/runs", async () => ({ answer: 42 }));
// A handler that is busy: it asks for a second run while its own is under way.
app.post("/nested", async () => (await app.inject({ method: "POST", url: "/runs" })).statusCode);

const response = await app.inject({ method: "POST", url: "/runs" });
assert.equal(response.headers["x-running"], "1");
assert.equal(response.headers["x-frame-options"], "SAMEORIGIN");
assert.equal((await app.inject({ method: "POST", url: "/nested" })).body, "429");
// The refusal and the run that it was refused for have both given back what they held.
assert.equal((await app.inject({ method: "POST", url: "/runs" })).statusCode, 200);
await app.close();
