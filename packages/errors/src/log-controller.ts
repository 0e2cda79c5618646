import { internalOf } from "@enfilade/layer";
import type { FastifyInstance, FastifyRequest, LogController } from "fastify";

/** Tells whether Fastify says nothing of a request, and so nothing of what its error handler meets. */
export type IsSilent = (request: FastifyRequest) => boolean;

/**
 * Finds out from Fastify's log controller whether it logs errors. The class is public, where Fastify keeps
 * it is not: if it cannot be found, Fastify is taken to log, which it does unless it is told otherwise.
 */
export function silenceOf(app: FastifyInstance): IsSilent {
  const controller = findLogController(app);
  return controller === undefined ? () => false : (request) => controller.isLogDisabled(request);
}

function findLogController(app: FastifyInstance): LogController | undefined {
  const controller = internalOf(app, "fastify.logController") as Partial<LogController> | undefined;
  return typeof controller?.isLogDisabled === "function"
    ? (controller as LogController)
    : undefined;
}
