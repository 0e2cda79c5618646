import type { FastifyRequest } from "fastify";
import type { Phase } from "./phases.ts";

/** Logs what a step threw where nobody can answer for it any more. */
export function logFailure(request: FastifyRequest, phase: Phase, error: unknown): void {
  request.log.error({ err: error }, `a layer failed in ${phase}`);
}
