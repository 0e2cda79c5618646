/** The scope that allows everything, unless `adminScope` names another. */
export const ADMIN_SCOPE = "agent_os:admin";

/** A scope that a rule asks for, prepared. */
export interface Requirement {
  /** As it was written. */
  readonly text: string;
  /** The parameters of the route that it names. */
  readonly params: readonly string[];
  /** Tells whether scopes that somebody holds grant it. */
  isGranted(held: readonly string[], params: Params): boolean;
  /** The scope to ask for, in words of the request; `undefined` where it could not stand in a header. */
  toText(params: Params): string | undefined;
}

type Params = Readonly<Record<string, unknown>>;

// RFC 6749, section 3.3: visible ASCII without the quotation mark and the backslash.
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;
const PARAMETER = /\{([A-Za-z_$][\w$]*)\}/g;

/** Tells whether a text can be a scope (RFC 6749, section 3.3). */
export function isScope(text: unknown): text is string {
  return typeof text === "string" && SCOPE.test(text);
}

/**
 * Tells whether the scopes that somebody holds grant one. `agents:web:run` is granted by itself, by
 * `agents:*:run` and by `agents:run`; the admin scope grants everything.
 * @example
 * ```ts
 * hasScope(request.principal.scopes, "agents:web:read"); // for one item of a list
 * ```
 */
export function hasScope(
  held: readonly string[],
  scope: string,
  adminScope: string | false = ADMIN_SCOPE,
): boolean {
  return (adminScope !== false && held.includes(adminScope)) || includesAny(held, granting(scope));
}

/** Prepares a scope that a rule asks for; `undefined` when it cannot be one. */
export function createRequirement(text: unknown): Requirement | undefined {
  if (!isScope(text)) return undefined;
  const params = [...text.matchAll(PARAMETER)].map((match) => match[1] as string);
  if (text.replaceAll(PARAMETER, "").search(/[{}]/) >= 0) return undefined;
  if (params.length === 0) {
    const candidates = granting(text);
    return {
      text,
      params,
      isGranted: (held) => includesAny(held, candidates),
      toText: () => text,
    };
  }
  const general = generalOf(text);
  const fill = (values: Params) =>
    text.replaceAll(PARAMETER, (_all, name: string) => String(values[name] ?? ""));
  return {
    text,
    params,
    isGranted: (held, values) => includesAny(held, general) || held.includes(fill(values)),
    toText(values) {
      const filled = fill(values);
      return isScope(filled) ? filled : undefined;
    },
  };
}

/** Gives every scope that grants one. */
function granting(scope: string): readonly string[] {
  return [...new Set([scope, ...generalOf(scope)])];
}

/** Gives the scopes that grant an action on every resource of a kind. */
function generalOf(scope: string): readonly string[] {
  const first = scope.indexOf(":");
  const last = scope.lastIndexOf(":");
  if (first < 0) return [];
  const resource = scope.slice(0, first);
  const action = scope.slice(last + 1);
  // A kind or an action that the request chooses has no general form.
  if (/[{}]/.test(resource + action)) return [];
  return [`${resource}:${action}`, `${resource}:*:${action}`];
}

function includesAny(held: readonly string[], candidates: readonly string[]): boolean {
  for (let index = 0; index < candidates.length; index++) {
    if (held.includes(candidates[index] as string)) return true;
  }
  return false;
}
