/** A piece of a body, as streams take them. */
export type Chunk = string | Uint8Array;

/** Gives the encoding of a `write` or an `end`, whose place a callback may have taken. */
function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8";
}

/** Gives how many bytes a piece is on the wire. */
export function lengthOf(chunk: Chunk, encoding: unknown): number {
  return typeof chunk === "string"
    ? Buffer.byteLength(chunk, encodingOf(encoding))
    : chunk.byteLength;
}

/** Copies the first bytes of a piece, and looks at no more of it than it must. */
export function startOfChunk(chunk: Chunk, encoding: unknown, length: number): Uint8Array {
  // A copy: a piece of a pool would keep all of the pool, and its owner may write into it again.
  if (typeof chunk !== "string") return Buffer.from(chunk.subarray(0, length));
  const code = encodingOf(encoding);
  // No character of UTF-8 is shorter than a byte; those of base64 and hex are.
  const bytes = Buffer.from(/^utf-?8$/i.test(code) ? chunk.slice(0, length) : chunk, code);
  return bytes.subarray(0, length);
}
