import type { BodyStart } from "./bodies.ts";
import { type Chunk, lengthOf, startOfChunk } from "./chunks.ts";

/** Keeps the first bytes of a body while they go by, and never more than that. */
export class Capture {
  readonly contentType: unknown;
  /** The content coding in which the bytes are, if any. */
  readonly encoding: string | undefined;
  readonly #pieces: Uint8Array[] = [];
  #left: number;
  #truncated = false;

  constructor(maxBytes: number, contentType: unknown, encoding: string | undefined) {
    this.#left = maxBytes;
    this.contentType = contentType;
    this.encoding = encoding;
  }

  take(chunk: Chunk, encoding: unknown): void {
    if (this.#truncated) return;
    const length = lengthOf(chunk, encoding);
    if (this.#left > 0) this.#pieces.push(startOfChunk(chunk, encoding, this.#left));
    this.#truncated = length > this.#left;
    this.#left -= Math.min(length, this.#left);
  }

  start(): BodyStart {
    return { bytes: Buffer.concat(this.#pieces), truncated: this.#truncated };
  }
}
