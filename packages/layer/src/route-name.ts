/**
 * Names a route as findings and errors do: its methods, and the pattern of its URL.
 *
 * @example
 * ```ts
 * routeName({ method: ["GET", "HEAD"], url: "/runs/:id" }); // GET,HEAD /runs/:id
 * ```
 */
export function routeName({
  method,
  url,
}: {
  readonly method: string | readonly string[];
  readonly url: string;
}): string {
  return `${[method].flat().join(",")} ${url}`;
}
