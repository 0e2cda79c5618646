import type { FastifyReply, FastifyRequest } from "fastify";
import { AUTH_INSUFFICIENT_SCOPE } from "./errors.ts";
import { refuse } from "./refuse.ts";
import type { Rule } from "./rule.ts";
import type { Principal } from "./types.ts";

/** Tells whether a principal may do everything. */
export function isAdmin(principal: Principal, adminScope: string | false): boolean {
  return adminScope !== false && principal.scopes.includes(adminScope);
}

/**
 * Refuses a principal that lacks a scope, and says in the challenge which ones it takes (RFC 6750, section 3).
 *
 * @throws `AUTH_INSUFFICIENT_SCOPE`
 */
export function checkScopes(
  { all, any }: Rule,
  principal: Principal,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const params = request.params as Readonly<Record<string, unknown>>;
  const held = principal.scopes;
  for (let index = 0; index < all.length; index++) {
    if (all[index]?.isGranted(held, params) !== true) refuseScopes();
  }
  if (any.length > 0 && !any.some((one) => one.isGranted(held, params))) refuseScopes();

  function refuseScopes(): never {
    const needed = [...all, ...any.slice(0, 1)].map((one) => one.toText(params));
    const error = new AUTH_INSUFFICIENT_SCOPE();
    return refuse(request, reply, error, {
      error: "insufficient_scope",
      error_description: error.message,
      // A scope with a value from the request that could not stand in a header: better none than half of them.
      ...(needed.every((text) => text !== undefined) && { scope: needed.join(" ") }),
    });
  }
}
