import { CHUNK_BITS, CHUNK_MASK, CHUNK_ROWS } from "./key-index.ts";

/** Rows of so many numbers each, in chunks. */
export class Cells {
  readonly #stride: number;
  readonly #chunks: (Float64Array | Uint32Array)[] = [];
  readonly #compact: boolean;

  /** @param compact - 4 bytes a number instead of 8: whole numbers that stop at 2^32 - 1 */
  constructor(stride: number, compact = false) {
    this.#stride = stride;
    this.#compact = compact;
  }

  addChunk(): void {
    const length = CHUNK_ROWS * this.#stride;
    this.#chunks.push(this.#compact ? new Uint32Array(length) : new Float64Array(length));
  }

  get(row: number, column: number): number {
    return this.#chunks[row >> CHUNK_BITS]?.[(row & CHUNK_MASK) * this.#stride + column] ?? 0;
  }

  set(row: number, column: number, value: number): void {
    const chunk = this.#chunks[row >> CHUNK_BITS];
    if (chunk === undefined) return;
    const cell = (row & CHUNK_MASK) * this.#stride + column;
    chunk[cell] = this.#compact ? Math.min(value, 0xffff_ffff) : value;
  }
}
