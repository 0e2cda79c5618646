import type { FastifyRequest } from "fastify";
import type { Owner } from "../store/store.ts";

/**
 * Tells whose data a request may see and for whom it runs.
 *
 * Nothing authenticates callers, so the server listens on loopback only and takes the `user_id` that a request names;
 * without one the caller sees everything.
 */
export function callerOf(_request: FastifyRequest, claimedUserId: string | undefined): Owner {
  return claimedUserId;
}
