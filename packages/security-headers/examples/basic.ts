import assert from "node:assert/strict";
import securityHeaders from "@enfilade/security-headers";
import Fastify from "fastify";

const app = Fastify();
await app.register(securityHeaders);

app.get("/runs", async () => ({ runs: [] }));

// A page among the APIs: its inline script carries the nonce that its policy names.
app.get("/", { config: { securityHeaders: { profile: "page" } } }, (_request, reply) =>
  reply.type("text/html").send(`<script nonce="${reply.cspNonce.script}">start()</script>`),
);

const api = await app.inject({ url: "/runs", headers: { authorization: "Bearer token" } });
assert.equal(
  api.headers["content-security-policy"],
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
assert.equal(api.headers["cache-control"], "no-store");

const page = await app.inject("/");
const nonce = /nonce="([^"]+)"/.exec(page.body)?.[1];
assert.ok(String(page.headers["content-security-policy"]).includes(`'nonce-${nonce}'`));
await app.close();
