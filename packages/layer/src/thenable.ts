/**
 * Tells whether a value can be awaited: a promise, or what only has a `then`, as the queries of several clients of
 * databases do. Where a function of the user may give a value now or later, what it gives now costs no promise.
 *
 * `then` is not called. Wrap what has one in `Promise.resolve` before anything else: some start anew with each call.
 *
 * @example
 * ```ts
 * const verdict: unknown = allow(request);
 * return isThenable(verdict) ? Promise.resolve(verdict).then(decide) : decide(verdict);
 * ```
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}

/** Tells whether a function was written with `async`. */
export function isAsyncFunction(value: object): boolean {
  return value.constructor.name === "AsyncFunction";
}
