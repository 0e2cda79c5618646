import order from "@enfilade/order";
import requestId from "@enfilade/request-id";
import requestLog from "@enfilade/request-log";
import securityHeaders from "@enfilade/security-headers";
import timing from "@enfilade/timing";
import type { FastifyInstance } from "fastify";

/**
 * Puts the layers in line. Their places decide in which order a request meets them, not these calls:
 * `app.order.explain("POST", "/agents/:id/runs")` tells what comes of it.
 */
export async function line(app: FastifyInstance): Promise<void> {
  await app.register(order);
  await app.register(requestId);
  await app.register(timing);
  await app.register(requestLog, { ignore: ["/health"] });
  await app.register(securityHeaders);
}
