/** A registration that tells clients of its policies. */
export interface Teller {
  /** Its name in the line. */
  readonly name: string;
}

const tellers = new WeakMap<object, Map<string, Teller>>();

/**
 * Notes of which policies a registration tells the clients of a route, while an app boots. Both standard fields
 * know a policy by its name alone, and are one list for all that is registered: a name must not come up twice.
 *
 * @param route - stands for the route: the same object for everybody, such as its config
 * @returns a name that another registration has on this route already, and whose it is; else `undefined`
 * @example
 * ```ts
 * const route = {};
 * claimNames(route, { name: "rate-limit" }, ["address"]);
 * console.log(claimNames(route, { name: "quota" }, ["tokens", "address"])?.teller.name); // rate-limit
 * ```
 */
export function claimNames(
  route: object,
  teller: Teller,
  names: readonly string[],
): { readonly name: string; readonly teller: Teller } | undefined {
  const known = tellers.get(route) ?? new Map<string, Teller>();
  tellers.set(route, known);
  for (const name of names) {
    const other = known.get(name);
    if (other !== undefined && other !== teller) return { name, teller: other };
    known.set(name, teller);
  }
  return undefined;
}
