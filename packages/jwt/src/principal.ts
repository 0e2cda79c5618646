import type { Principal } from "@enfilade/auth";
import { deepFreeze } from "./claims.ts";
import { invalid } from "./errors.ts";

/** Which claims mean what. */
export interface ClaimNames {
  /** Who is calling. @defaultValue `"sub"` */
  readonly id?: string;
  /** What it may do: lists, or texts with spaces; together. @defaultValue `["scope", "scopes", "scp"]` */
  readonly scopes?: readonly string[];
  /** The user on whose behalf. @defaultValue `"sub"` */
  readonly userId?: string;
  /** @defaultValue `"session_id"` */
  readonly sessionId?: string;
  /** What a run is given: the claim that holds it, or the claims that are collected. @defaultValue `"dependencies"` */
  readonly dependencies?: string | readonly string[];
  /** @defaultValue `"session_state"` */
  readonly sessionState?: string | readonly string[];
}

type Claims = Readonly<Record<string, unknown>>;

/**
 * Makes the principal of verified claims; frozen, with all that is in it.
 *
 * @throws `JWT_INVALID` when the claims do not say who it is.
 */
export function createPrincipal(claims: Claims, names: Required<ClaimNames>): Principal {
  const id = own(claims, names.id);
  if (typeof id !== "string" || id === "") throw invalid(`its ${names.id} names nobody`);
  const { exp } = claims;
  return deepFreeze({
    kind: "jwt",
    id,
    scopes: [...new Set(names.scopes.flatMap((name) => scopesOf(own(claims, name))))],
    claims,
    userId: text(own(claims, names.userId)),
    sessionId: text(own(claims, names.sessionId)),
    dependencies: collect(claims, names.dependencies),
    sessionState: collect(claims, names.sessionState),
    ...(typeof exp === "number" && { expiresAt: exp * 1000 }),
  });
}

/** `constructor` is no claim. */
function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

function scopesOf(value: unknown): string[] {
  if (typeof value === "string") return value.split(" ").filter((scope) => scope !== "");
  return Array.isArray(value) ? value.filter((scope) => typeof scope === "string") : [];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function collect(claims: Claims, names: string | readonly string[]): Claims | undefined {
  if (typeof names === "string") {
    const value = own(claims, names);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Claims)
      : undefined;
  }
  const found = names.filter((name) => Object.hasOwn(claims, name));
  return found.length === 0
    ? undefined
    : Object.fromEntries(found.map((name) => [name, claims[name]]));
}
