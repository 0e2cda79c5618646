import { randomFillSync } from "node:crypto";

/**
 * 64 bits that stand for a key, by HalfSipHash (J.-P. Aumasson, D. J. Bernstein) under a secret of
 * this process: who does not know the secret cannot make a key that shares another's counter, and a
 * million keys share one by chance in 3 of 100 million processes. Keeping 8 bytes instead of a string
 * is what keeps a million keys small, and out of the garbage collector's way.
 *
 * One round per word and three at the end, as Linux uses it for its hash tables.
 */
export class Fingerprint {
  low = 0;
  high = 0;
  readonly #key0: number;
  readonly #key1: number;
  readonly #wordRounds: number;
  readonly #finalRounds: number;

  constructor(
    secret: Uint32Array = randomFillSync(new Uint32Array(2)),
    wordRounds = 1,
    finalRounds = 3,
  ) {
    this.#key0 = (secret[0] ?? 0) | 0;
    this.#key1 = (secret[1] ?? 0) | 0;
    this.#wordRounds = wordRounds;
    this.#finalRounds = finalRounds;
  }

  /**
   * Hashes the text's UTF-16 code units, low byte first, into `low` and `high`.
   *
   * @param domain - texts of one domain never share a fingerprint with those of another
   */
  take(text: string, domain = 0): void {
    const { length } = text;
    const pairs = length >> 1;
    const wordRounds = this.#wordRounds;
    let v0 = this.#key0;
    let v1 = this.#key1 ^ 0xee ^ (domain << 8);
    let v2 = 0x6c796765 ^ this.#key0;
    let v3 = 0x74656462 ^ this.#key1;
    for (let i = 0; i <= pairs; i++) {
      const word =
        i < pairs
          ? text.charCodeAt(2 * i) | (text.charCodeAt(2 * i + 1) << 16)
          : // The last word carries the length in bytes, modulo 256.
            (length << 25) | (length & 1 ? text.charCodeAt(length - 1) : 0);
      v3 ^= word;
      for (let round = 0; round < wordRounds; round++) {
        v0 = (v0 + v1) | 0;
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
        v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0;
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
        v0 = (v0 + v3) | 0;
        v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
        v2 = (v2 + v1) | 0;
        v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
        v2 = (v2 << 16) | (v2 >>> 16);
      }
      v0 ^= word;
    }
    v2 ^= 0xee;
    const finalRounds = this.#finalRounds;
    for (let round = 0; round < 2 * finalRounds; round++) {
      if (round === finalRounds) {
        this.low = (v1 ^ v3) >>> 0;
        v1 ^= 0xdd;
      }
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    this.high = (v1 ^ v3) >>> 0;
  }
}
