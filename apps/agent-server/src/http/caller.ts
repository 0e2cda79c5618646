import { ADMIN_SCOPE, hasScope, type Principal } from "@enfilade/auth";
import type { FastifyRequest } from "fastify";
import type { JsonObject, Owner } from "../store/store.ts";

/**
 * Tells whose data a request may see; `undefined` is everybody's.
 *
 * Those are the principal's own. An admin sees everybody's, or those of the user that the request names. Where nobody
 * is authenticated the server listens on loopback only, and takes the `user_id` that a request names.
 */
export function readerOf(request: FastifyRequest, claimedUserId: string | undefined): Owner {
  const principal = principalOf(request);
  return principal === undefined || isAdmin(principal) ? claimedUserId : userOf(principal);
}

/** Tells for whom a request creates: for its principal, unless an admin names another user. */
export function creatorOf(
  request: FastifyRequest,
  claimedUserId: string | undefined,
): string | undefined {
  const principal = principalOf(request);
  if (principal === undefined) return claimedUserId;
  if (!isAdmin(principal)) return userOf(principal);
  return claimedUserId ?? (principal.userId === undefined ? undefined : userOf(principal));
}

/** What the credentials say of a run or a session, and its caller cannot choose. */
interface Claims {
  readonly session_id?: string;
  readonly session_state?: JsonObject;
  readonly dependencies?: JsonObject;
}

/** Gives what the credentials bind a request to, to be laid over what it asks for. */
export function claimsOf(request: FastifyRequest): Claims {
  const { sessionId, sessionState, dependencies } = principalOf(request) ?? {};
  return {
    ...(sessionId !== undefined && { session_id: sessionId }),
    ...(sessionState !== undefined && { session_state: sessionState }),
    ...(dependencies !== undefined && { dependencies }),
  };
}

/** Tells whether the credentials let a request at a session: those that are bound to one, at no other. */
export function mayUseSession(request: FastifyRequest, sessionId: string): boolean {
  return (claimsOf(request).session_id ?? sessionId) === sessionId;
}

/** Tells whether a request's scopes grant one more; for the items of a list. */
export function mayDo(request: FastifyRequest, scope: string): boolean {
  const principal = principalOf(request);
  return principal === undefined || hasScope(principal.scopes, scope);
}

/**
 * A key without an owner is a user of its own: it must not be taken for nobody, who would see everything. Whoever is
 * called like such a key, where users choose their names, is somebody else.
 */
function userOf({ kind, id, userId }: Principal): string {
  return userId?.replace(/^(?=~|api-key:)/, "~") ?? `${kind}:${id}`;
}

function isAdmin({ scopes }: Principal): boolean {
  return scopes.includes(ADMIN_SCOPE);
}

/** Nobody is where no authenticator is in line. */
function principalOf({ principal }: FastifyRequest): Principal | undefined {
  return principal ?? undefined;
}
