import cors from "@enfilade/cors";
import errors from "@enfilade/errors";
import order from "@enfilade/order";
import requestId from "@enfilade/request-id";
import requestLog from "@enfilade/request-log";
import securityHeaders from "@enfilade/security-headers";
import timing from "@enfilade/timing";
import trustedHost from "@enfilade/trusted-host";
import Fastify from "fastify";
import { expect, test } from "vitest";

const origin = "https://ui.example";

// Fastify hands values that a request is decorated with to scopes that come later, not to those that are there.
test("a scope that was loaded before every layer gets all that they give", async () => {
  const app = Fastify();
  await app.register(order);
  await app.register(
    async (scope) => {
      scope.decorateRequest("own", "mine");
      scope.get("/route", async (request, reply) => ({
        trace: request.trace.traceId,
        answer: await request.timing.measure("work", async () => 42),
        nonce: reply.cspNonce.script,
      }));
      scope.get("/fails", async () => {
        throw new Error("a secret of the inside");
      });
    },
    { prefix: "/early" },
  );
  await app.register(requestId);
  await app.register(timing);
  await app.register(requestLog);
  await app.register(securityHeaders);
  await app.register(trustedHost, { hosts: ["localhost"] });
  await app.register(cors, { origin });
  await app.register(errors);

  for (const [url, status] of [
    ["/early/route", 200],
    ["/early/fails", 500],
    ["/early/nothing", 404],
  ] as const) {
    const response = await app.inject({ url, headers: { origin } });
    expect(response.statusCode, url).toBe(status);
    expect(response.headers).toMatchObject({
      "x-request-id": expect.any(String),
      "x-process-time-ms": expect.any(String),
      "x-content-type-options": "nosniff",
      "access-control-allow-origin": origin,
    });
    expect(response.body).not.toContain("secret");
  }
  await app.close();
});
