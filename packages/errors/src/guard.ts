import type { FastifyRequest } from "fastify";
import { ERRORS_EXPECTATION_FAILED, ERRORS_MISSING_HOST, ERRORS_SERVER_CLOSING } from "./errors.ts";

const CONTINUE = /^100-continue$/i;

/**
 * Refuses what Node itself would answer with an empty body, had it been left to do so: no Host, an `Expect`
 * that cannot be met.
 */
export function assertAnswerable({ raw }: FastifyRequest): void {
  const { host, expect } = raw.headers;
  if (host === undefined && raw.httpVersion === "1.1") throw new ERRORS_MISSING_HOST();
  if (expect !== undefined && !CONTINUE.test(expect)) throw new ERRORS_EXPECTATION_FAILED();
}

/** How long a client should wait for another instance, or for this one to be back. */
const RETRY_AFTER_SECONDS = 1;

/** Makes the refusal of a request that came while the server was closing. */
export function closingError(): Error {
  return Object.assign(new ERRORS_SERVER_CLOSING(), {
    expose: true,
    headers: { "retry-after": String(RETRY_AFTER_SECONDS) },
  });
}
