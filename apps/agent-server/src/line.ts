import cors from "@enfilade/cors";
import errors from "@enfilade/errors";
import order from "@enfilade/order";
import requestId from "@enfilade/request-id";
import requestLog from "@enfilade/request-log";
import securityHeaders from "@enfilade/security-headers";
import timing from "@enfilade/timing";
import trustedHost from "@enfilade/trusted-host";
import type { FastifyInstance } from "fastify";
import type { Config } from "./config.ts";

/**
 * Puts the layers in line. Their places decide in which order a request meets them, not these calls:
 * `app.order.explain("POST", "/agents/:id/runs")` tells what comes of it.
 */
export async function line(
  app: FastifyInstance,
  { allowedHosts, corsOrigins }: Config,
): Promise<void> {
  await app.register(order);
  await app.register(requestId);
  await app.register(timing);
  await app.register(requestLog, { ignore: ["/health"] });
  await app.register(securityHeaders);
  await app.register(trustedHost, { hosts: allowedHosts });
  await app.register(cors, { origin: corsOrigins });
  // AgentOS' clients read a string `detail`. The request log has the error behind it already.
  await app.register(errors, { dialect: "detail", log: false });
}
