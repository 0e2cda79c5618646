/** Writes a path as a JSON Pointer (RFC 6901, section 3). */
export function toPointer(path: readonly (string | number)[]): string {
  return path.map((key) => `/${escapeToken(String(key))}`).join("");
}

/** Reads a JSON Pointer back into its tokens. */
export function fromPointer(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Writes a JSON Pointer as OpenAI names parameters: `messages[0].content`. */
export function toParam(pointer: string): string {
  return fromPointer(pointer)
    .map((key, index) => (/^\d+$/.test(key) ? `[${key}]` : `${index === 0 ? "" : "."}${key}`))
    .join("");
}

function escapeToken(token: string): string {
  return token.replaceAll("~", "~0").replaceAll("/", "~1");
}
