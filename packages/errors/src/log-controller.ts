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

function findLogController(app: object | null): LogController | undefined {
  if (app === null) return undefined;
  const symbol = Object.getOwnPropertySymbols(app).find(
    ({ description }) => description === "fastify.logController",
  );
  if (symbol === undefined) return findLogController(Object.getPrototypeOf(app));
  const controller: Partial<LogController> | undefined = Reflect.get(app, symbol);
  return typeof controller?.isLogDisabled === "function"
    ? (controller as LogController)
    : undefined;
}
