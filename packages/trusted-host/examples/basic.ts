import assert from "node:assert/strict";
import trustedHost from "@enfilade/trusted-host";
import Fastify from "fastify";

// TLS ends at a proxy on this machine, which says so in X-Forwarded-Proto and X-Forwarded-Host.
const app = Fastify({ trustProxy: "127.0.0.1" });
await app.register(trustedHost, {
  hosts: ["example.com", "www.example.com", "*.tenants.example.com"],
  httpsRedirect: true,
  wwwRedirect: "remove",
});

app.get("/", async (request) => `https://${request.host}/welcome`);
// Called by address, over http.
app.get("/health", { config: { trustedHost: false } }, async () => "well");

const ask = (host: string, proto: string, url = "/") =>
  app.inject({ url, headers: { host, "x-forwarded-proto": proto } });

const welcome = await ask("a.tenants.example.com", "https");
assert.equal(welcome.body, "https://a.tenants.example.com/welcome");

const poisoned = await ask("evil.example", "https");
assert.equal(poisoned.statusCode, 400);
assert.equal(poisoned.json().code, "TRUSTED_HOST_UNKNOWN");

assert.equal((await ask("www.example.com", "http")).headers.location, "https://www.example.com/");
assert.equal((await ask("www.example.com", "https")).headers.location, "https://example.com/");
assert.equal((await ask("10.0.0.7:3000", "http", "/health")).body, "well");
await app.close();
