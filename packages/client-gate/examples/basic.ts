import assert from "node:assert/strict";
import clientGate from "@enfilade/client-gate";
import Fastify from "fastify";

// A proxy on a private network sees the clients, and says in X-Forwarded-For who they are.
const app = Fastify({ trustProxy: "10.0.0.0/8" });
await app.register(clientGate, {
  allow: [{ name: "office", address: "192.0.2.0/24" }],
  refuse: [
    { name: "legacy-app", userAgent: "LegacyApp/1.", status: 410 },
    {
      name: "old-sdk",
      userAgent: { product: "acme-sdk", version: "<2.4" },
      status: 426,
      headers: { upgrade: "acme/2.4" },
      body: { error: "acme-sdk 2.4 or newer is needed" },
    },
    { name: "abusers", address: ["198.51.100.0/24", "2001:db8:bad::/48"] },
    // Only logs, until it is known whom it would refuse.
    { name: "nameless", userAgent: false, dryRun: true },
  ],
});

app.get("/", async () => "welcome");
app.get("/health", { config: { clientGate: false } }, async () => "well");

const ask = (userAgent: string, address = "203.0.113.5", url = "/") =>
  app.inject({
    url,
    remoteAddress: "10.0.0.1",
    headers: { "user-agent": userAgent, "x-forwarded-for": address },
  });

const legacy = await ask("LegacyApp/1.7.2 (Android 9)");
assert.equal(legacy.statusCode, 410);
assert.equal(legacy.json().code, "CLIENT_GATE_REFUSED");

const sdk = await ask("acme-sdk/2.3.9");
assert.equal(sdk.statusCode, 426);
assert.equal(sdk.headers.upgrade, "acme/2.4");
assert.equal((await ask("acme-sdk/2.4.0")).body, "welcome");

assert.equal((await ask("curl/8.10", "198.51.100.9")).statusCode, 403);
assert.equal((await ask("curl/8.10", "198.51.100.9", "/health")).body, "well");
assert.equal((await ask("LegacyApp/1.7.2", "192.0.2.7")).body, "welcome");
assert.equal((await ask("")).body, "welcome");
await app.close();
