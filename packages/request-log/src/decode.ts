import type { Transform } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { BodyStart } from "./bodies.ts";

/** A body that was cut off is no error: what can be decoded is. */
const PARTIAL = { finishFlush: constants.Z_SYNC_FLUSH };

const decoders: ReadonlyMap<string, () => Transform> = new Map([
  ["gzip", () => createGunzip(PARTIAL)],
  ["deflate", () => createInflate(PARTIAL)],
  ["br", () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH })],
]);

/** Tells whether bytes in this content coding can be read. */
export function isDecodable(encoding: string): boolean {
  return decoders.has(encoding);
}

/**
 * Undoes the content coding of the first bytes of a body, as far as a limit: a few bytes can unfold to
 * gigabytes. Outside of compression is where this layer stands, and where it sees what was really sent.
 */
export function decodeStart(
  { bytes, truncated }: BodyStart,
  encoding: string,
  maxBytes: number,
): Promise<BodyStart> {
  const decoder = decoders.get(encoding)?.();
  if (decoder === undefined) return Promise.resolve({ bytes: Buffer.alloc(0), truncated: true });
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let length = 0;
    const finish = (cut: boolean) => {
      resolve({ bytes: Buffer.concat(pieces).subarray(0, maxBytes), truncated: truncated || cut });
      decoder.destroy();
    };
    decoder.on("data", (piece: Buffer) => {
      pieces.push(piece);
      length += piece.length;
      if (length > maxBytes) finish(true);
    });
    decoder.on("end", () => finish(false));
    decoder.on("error", () => finish(true));
    decoder.end(bytes);
  });
}
