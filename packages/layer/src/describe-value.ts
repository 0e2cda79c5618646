/**
 * Shows a received value in an error: short, and without the contents of what may be a secret object.
 *
 * **Security**: strings and numbers are shown as they are, up to 60 characters. Do not hand it what may be a secret.
 *
 * @example
 * ```ts
 * throw new RUN_LIMIT_INVALID_ANSWER(describeValue(answer)); // "soon", 1.5, an array of 3, an object, a function
 * ```
 */
export function describeValue(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null && !(value instanceof RegExp)) {
    return Array.isArray(value) ? `an array of ${value.length}` : "an object";
  }
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
