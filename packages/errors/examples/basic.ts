import assert from "node:assert/strict";
import errors, { serverErrors } from "@enfilade/errors";
import Fastify from "fastify";

const app = Fastify(serverErrors());
await app.register(errors, { dialects: { "/v1": "openai" } });

app.get("/agents/:id", async () => {
  throw Object.assign(new Error("No such agent."), { statusCode: 404, code: "AGENT_NOT_FOUND" });
});
app.post("/v1/chat/completions", async () => {
  throw new Error("connect ECONNREFUSED 10.0.0.5:5432");
});

const unknown = await app.inject("/agents/x");
assert.equal(unknown.headers["content-type"], "application/problem+json; charset=utf-8");
assert.equal(unknown.json().detail, "No such agent.");

const broken = await app.inject({ method: "POST", url: "/v1/chat/completions" });
assert.equal(broken.json().error.message, "The server could not complete the request.");

const wrongMethod = await app.inject({ method: "DELETE", url: "/agents/x" });
assert.equal(wrongMethod.headers.allow, "GET, HEAD");
await app.close();
