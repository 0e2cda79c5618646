import { internalOf } from "@enfilade/layer";
import type { FastifyInstance } from "fastify";

/** The part of Fastify's log controller that tells whether it is silent. */
interface Controller {
  readonly disableRequestLogging?: unknown;
}

/**
 * Tells whether Fastify writes its own lines for every request, "incoming request" and "request
 * completed". An application that brings a log controller class of its own has decided for itself.
 */
export function fastifyLogsRequests(app: FastifyInstance): boolean {
  const controller = internalOf(app, "fastify.logController") as Controller | undefined;
  if (controller === undefined) {
    // The first releases of Fastify 5 have the plain option alone.
    return Reflect.get(app.initialConfig, "disableRequestLogging") === false;
  }
  const isFastifys = Object.getPrototypeOf(controller)?.constructor?.name === "LogController";
  return isFastifys && controller.disableRequestLogging === false;
}

/** Tells whether an app was made without a logger: Fastify's stand-in has one empty function for all levels. */
export function hasNoLogger({ log }: FastifyInstance): boolean {
  return !("isLevelEnabled" in log) && log.info === log.error;
}
