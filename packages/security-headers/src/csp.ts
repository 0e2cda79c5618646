import { checkDirectives, NONCE, NONCED } from "./csp-check.ts";
import { type CspDirective, type CspDirectives, DIRECTIVES, kebab } from "./csp-directives.ts";
import type { Nonces } from "./nonces.ts";
import { type Refuse, refusalOf } from "./refusal.ts";

/** A policy, ready to be sent. */
export interface CspPolicy {
  /** What is sent when no nonce was asked for; never allows more than the policy with nonces would. */
  readonly idle: string;
  /** Whether any directive has a place for a nonce. */
  readonly nonced: boolean;
  /** Gives the policy that names the nonces of one response. */
  with(nonces: Nonces): string;
}

export interface CspCircumstances {
  readonly option: string;
  readonly reportOnly: boolean;
  /** Whether the response goes over TLS. */
  readonly secure: boolean;
  readonly refuse: Refuse;
}

/**
 * Checks directives, and prepares the policy that they make.
 *
 * @throws `SECURITY_HEADERS_INVALID_OPTION`
 */
export function compileCsp(
  directives: CspDirectives,
  { option, reportOnly, secure, refuse }: CspCircumstances,
): CspPolicy {
  checkDirectives(option, directives, reportOnly, refuse);
  const present = Object.keys(DIRECTIVES).filter((name) => {
    const value = directives[name as CspDirective];
    return value !== undefined && value !== false && (value !== true || secure);
  }) as CspDirective[];
  const pieces = present.map((name) => pieceOf(name, directives[name]));
  const idle = pieces.map((piece) => piece.idle).join("; ");
  return {
    idle,
    nonced: pieces.some((piece) => piece.of !== undefined),
    with: (nonces) =>
      pieces
        .map(({ text, of, idle }) => (of === undefined ? idle : `${text} 'nonce-${nonces[of]}'`))
        .join("; "),
  };
}

interface Piece {
  /** The directive without its nonce. */
  readonly text: string;
  readonly of: "script" | "style" | undefined;
  readonly idle: string;
}

function pieceOf(name: CspDirective, value: CspDirectives[CspDirective]): Piece {
  const directive = kebab(name);
  if (!Array.isArray(value)) {
    const text = typeof value === "string" ? `${directive} ${value}` : directive;
    return { text, of: undefined, idle: text };
  }
  const sources = value.filter((source) => source !== NONCE);
  const text = [directive, ...sources].join(" ");
  if (sources.length === value.length) return { text, of: undefined, idle: text };
  // A browser that sees a nonce ignores 'unsafe-inline', which is there for old ones. Without the nonce
  // it would count.
  const safe = sources.filter((source) => source !== "'unsafe-inline'");
  return {
    text,
    of: NONCED[name],
    idle: [directive, ...(safe.length > 0 ? safe : ["'none'"])].join(" "),
  };
}

/**
 * Writes a Content Security Policy, for a handler or a `<meta>` element that wants one of its own. Every
 * source is checked: no value can begin another directive or another policy.
 *
 * @param nonces - takes the place of `'nonce'`, as `reply.cspNonce` gives them; without, it is left out
 * @throws `SECURITY_HEADERS_INVALID_OPTION`
 * @example
 * ```ts
 * const csp = formatContentSecurityPolicy({ defaultSrc: ["'none'"], imgSrc: ["'self'", "data:"] });
 * // default-src 'none'; img-src 'self' data:
 * ```
 */
export function formatContentSecurityPolicy(directives: CspDirectives, nonces?: Nonces): string {
  const policy = compileCsp(directives, {
    option: "directives",
    reportOnly: false,
    secure: true,
    refuse: refusalOf("@enfilade/security-headers"),
  });
  return nonces === undefined ? policy.idle : policy.with(nonces);
}
