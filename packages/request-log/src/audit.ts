import type { AuditView, Finding } from "@enfilade/layer";
import type { FastifyInstance } from "fastify";
import { fastifyLogsRequests } from "./fastify-lines.ts";
import { isEnabled } from "./levels.ts";
import type { Routes } from "./routes.ts";

const DOUBLE_LINES: Finding = {
  code: "REQUEST_LOG_DOUBLE_LINES",
  severity: "warning",
  where: "the app",
  why: "Fastify writes two lines of its own for every request, and logs errors a second time",
  fix: "Make the app with { logController: new LogController({ disableRequestLogging: true }) }; LogController comes from fastify.",
};

/** Whether Fastify's own lines are on beside ours, told once. */
export interface DoubleLines {
  /** Gives the finding, if it is one; the app's log is not told then. */
  find(): Finding | undefined;
}

/** The servers whose log has been told: one line for an app, however many scopes have a request log. */
const told = new WeakSet<object>();

/** Creates {@link DoubleLines}; without an audit they are told to the app's log at ready. */
export function createDoubleLines(app: FastifyInstance): DoubleLines {
  const isOn = () => fastifyLogsRequests(app) && isEnabled(app.log, "info");
  app.addHook("onReady", async () => {
    if (told.has(app.server) || !isOn()) return;
    told.add(app.server);
    const { code, why, fix } = DOUBLE_LINES;
    app.log.warn({ code }, `@enfilade/request-log: ${why}. ${fix}`);
  });
  return {
    find() {
      if (!isOn()) return undefined;
      told.add(app.server);
      return DOUBLE_LINES;
    },
  };
}

/** Finds double lines, and lists the routes whose bodies are logged. */
export function* auditLog(
  doubleLines: DoubleLines,
  routes: Routes,
  { routes: audited }: AuditView,
): Generator<Finding> {
  const double = doubleLines.find();
  if (double !== undefined) yield double;
  for (const { method, url, config } of audited) {
    const settings = routes.of(config);
    if (!settings?.requestBody && !settings?.responseBody) continue;
    yield {
      code: "REQUEST_LOG_BODIES",
      severity: "info",
      where: `${method} ${url}`,
      why: "its bodies are logged, and hold whatever people send",
      fix: "Turn bodies off, or keep the log as safe as the data.",
    };
  }
}
