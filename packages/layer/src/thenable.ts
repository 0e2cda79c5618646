/** Tells whether a value can be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}

/** Tells whether a function was written with `async`. */
export function isAsyncFunction(value: object): boolean {
  return value.constructor.name === "AsyncFunction";
}
