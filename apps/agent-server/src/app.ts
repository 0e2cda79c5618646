import type { ServerOptions } from "node:http";
import { serverErrors } from "@enfilade/errors";
import { createHeaders } from "@enfilade/security-headers";
import Fastify, { type FastifyInstance, LogController } from "fastify";
import type { Agent } from "./agents/agent.ts";
import type { Config } from "./config.ts";
import { aboutRoutes } from "./http/about-routes.ts";
import { acceptBodies, maxTextBytes } from "./http/bodies.ts";
import type { RouteContext } from "./http/context.ts";
import { drainOnClose } from "./http/drain.ts";
import { refuseForeignPages } from "./http/foreign-pages.ts";
import { metricsRoutes } from "./http/metrics-routes.ts";
import { runRoutes } from "./http/run-routes.ts";
import { sessionRoutes } from "./http/session-routes.ts";
import { openCounters } from "./limits/counters.ts";
import { line } from "./line.ts";
import { endInterruptedRuns } from "./runs/recover.ts";
import { RunService } from "./runs/run-service.ts";
import type { Store } from "./store/store.ts";

/** What the app works with and does not make itself. */
export interface Dependencies {
  readonly agents: readonly Agent[];
  /** Closed by whoever opened it, after the app. */
  readonly store: Store;
  /** Where log lines go. @defaultValue standard output */
  readonly logStream?: { write(line: string): void };
  /** How long a stream keeps silent before it says that it is alive. @defaultValue 15_000 */
  readonly heartbeatMs?: number;
  /** How long a run may take. @defaultValue 600_000 */
  readonly runTimeoutMs?: number;
  /** How long a closing server waits for clients to read how their streams end. @defaultValue 5_000 */
  readonly drainMs?: number;
  /** How long a request may take to arrive, body included. @defaultValue 120_000 */
  readonly requestTimeoutMs?: number;
  /** Milliseconds since the epoch. @defaultValue Date.now */
  readonly now?: () => number;
}

/**
 * Builds the server, ready to listen or to be injected into.
 *
 * @example
 * const app = await buildApp(loadConfig({}), { agents: [createEchoAgent({ wordDelayMs: 0 })], store });
 * await app.inject("/health");
 */
export async function buildApp(
  config: Config,
  dependencies: Dependencies,
): Promise<FastifyInstance> {
  const { store, logStream, now = Date.now } = dependencies;
  const { heartbeatMs = 15_000, runTimeoutMs = 600_000, drainMs = 5_000 } = dependencies;
  const { requestTimeoutMs = 120_000 } = dependencies;
  const agents = new Map(dependencies.agents.map((agent) => [agent.id, agent]));
  await endInterruptedRuns(store.runs, agents, now);

  const app: FastifyInstance = Fastify({
    logger: { level: config.logLevel, ...(logStream && { stream: logStream }) },
    // The request log writes one line for both of Fastify's.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxTextBytes,
    trustProxy: config.trustProxy.length > 0 && [...config.trustProxy],
    requestTimeout: requestTimeoutMs,
    // Errors that meet no route and no hook have the envelope of all others, and the headers.
    ...serverErrors({ headers: createHeaders({}, false) }),
    http: arrivingWithin(requestTimeoutMs),
  });
  const runs = new RunService({
    store,
    now,
    timeoutMs: runTimeoutMs,
    onError: (err, errorId) => app.log.error({ err, errorId }, "run failed"),
  });
  const { authMode } = config;
  const counters = openCounters(config.limits, app.log);
  const context: RouteContext = { agents, store, runs, authMode, counters, heartbeatMs, now };

  app.addHook("onClose", () => counters.close());
  try {
    await line(app, config, counters.store);
  } catch (error) {
    // Nobody gets the app to close it, and its connections would keep the process alive.
    await counters.close();
    throw error;
  }
  if (authMode === "none") refuseForeignPages(app);
  acceptBodies(app);
  drainOnClose(app, runs, drainMs);
  aboutRoutes(app, context);
  runRoutes(app, context);
  sessionRoutes(app, context);
  metricsRoutes(app, context);
  return app;
}

/** What Node needs besides `requestTimeout`, and `serverErrors()` for the requests that it answers in Node's place. */
function arrivingWithin(requestTimeoutMs: number): ServerOptions {
  return {
    requireHostHeader: false,
    // The shorter of the two holds for the head: with the default here, a body could take a minute all the same.
    headersTimeout: Math.min(60_000, requestTimeoutMs),
    connectionsCheckingInterval: Math.min(30_000, requestTimeoutMs),
  };
}
