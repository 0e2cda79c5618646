import apiKey from "@enfilade/api-key";
import auth, { AGENT_OS_RULES, type RuleMap } from "@enfilade/auth";
import clientGate from "@enfilade/client-gate";
import compress from "@enfilade/compress";
import cors from "@enfilade/cors";
import errors from "@enfilade/errors";
import jwt from "@enfilade/jwt";
import type { Store } from "@enfilade/limiter";
import order from "@enfilade/order";
import quota, { quotaAdmin } from "@enfilade/quota";
import rateLimit from "@enfilade/rate-limit";
import requestId from "@enfilade/request-id";
import requestLog from "@enfilade/request-log";
import securityHeaders from "@enfilade/security-headers";
import timing from "@enfilade/timing";
import trustedHost from "@enfilade/trusted-host";
import type { FastifyInstance } from "fastify";
import type { Config } from "./config.ts";
import { quotaOptions } from "./limits/quota.ts";

const rules: RuleMap = {
  ...AGENT_OS_RULES,
  // Everybody may ask, and is told of the agents that their scopes let them read.
  "GET /agents": "authenticated",
};

/**
 * Puts the layers in line. Their places decide in which order a request meets them, not these calls:
 * `app.order.explain("POST", "/agents/:id/runs")` tells what comes of it.
 */
export async function line(app: FastifyInstance, config: Config, store: Store): Promise<void> {
  await app.register(order);
  await app.register(requestId);
  await app.register(timing);
  await app.register(requestLog, { ignore: ["/health"] });
  await app.register(securityHeaders);
  await app.register(trustedHost, { hosts: config.allowedHosts });
  await app.register(cors, { origin: config.corsOrigins });
  if (config.refusedClients) await app.register(clientGate, config.refusedClients);
  // Event streams are left as they are, a token at a time.
  await app.register(compress);
  // AgentOS' clients read a string `detail`. The request log has the error behind it already.
  await app.register(errors, { dialect: "detail", log: false });
  await authenticate(app, config);
  await limit(app, config, store);
}

/** Where nothing is configured nobody is asked who they are; the configuration has seen to it that only loopback is. */
async function authenticate(app: FastifyInstance, { authentication }: Config): Promise<void> {
  const { apiKey: keys, jwt: tokens, resource } = authentication;
  if (!keys && !tokens) return;
  if (keys) await app.register(apiKey, keys);
  if (tokens) await app.register(jwt, tokens);
  // A route that no rule is about does not boot.
  await app.register(auth, { rules, ...(resource && { resources: resource }) });
}

/** By address before anybody has to find out who calls; what runs cost is counted by who that is, if anybody asks. */
async function limit(app: FastifyInstance, config: Config, store: Store): Promise<void> {
  const { limits, authMode } = config;
  const { requestsPerMinute: max } = limits;
  const requests = max ? { max, timeWindow: "minute" as const } : { global: false };
  // Guessing has a limit of its own, whatever requests have.
  if (max || authMode !== "none") await app.register(rateLimit, { ...requests, store });
  const quotas = quotaOptions(limits, authMode === "none" ? "address" : "principal", store);
  if (!quotas) return;
  await app.register(quota, quotas);
  // What everybody uses is for operators to see, by their scopes: where nobody has any, for nobody.
  if (authMode !== "none") await app.register(quotaAdmin, { prefix: "/quotas" });
}
