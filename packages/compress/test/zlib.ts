import type { Transform } from "node:stream";
import zlib from "node:zlib";

type Sync = (body: Buffer | string) => Buffer;

interface Zstd {
  readonly zstdCompressSync?: Sync;
  readonly zstdDecompressSync?: Sync;
  createZstdCompress(options: { params: Readonly<Record<number, number>> }): Transform;
  createZstdDecompress(): Transform;
}

/** What Node has since 22.15 and 23.8; its types here are those of Node 20. */
export const zstd = zlib as unknown as Zstd;
