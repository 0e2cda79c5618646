import type { Transform } from "node:stream";
import { promisify } from "node:util";
import zlib, { constants, type ZlibOptions } from "node:zlib";

/** A content coding that a body can be sent in. */
export type Coding = "zstd" | "br" | "gzip" | "deflate";

/** What a stream of bytes is like, which decides how much memory its encoder may take and when it must give. */
export type StreamKind = "bulk" | "events";

/** A stream that encodes, and can be made to give what it holds. */
export type Encoder = Transform & { flush(kind: number): void };

/** A stream that decodes, and counts the bytes that it had a use for. */
export type Decoder = Transform & { readonly bytesWritten: number };

/** Encodes and decodes one content coding, with zlib's own functions. */
export interface Codec {
  readonly levels: { readonly min: number; readonly max: number; readonly fallback: number };
  /** What makes an encoder give all that it holds, without ending. */
  readonly flush: number;
  /** Whether bodies can be decoded: a decoder that takes half a body for a whole one is of no use. */
  readonly decodes: boolean;
  encodeSync(body: Buffer, level: number): Buffer;
  encode(body: Buffer, level: number): Promise<Buffer>;
  createEncoder(level: number, kind: StreamKind): Encoder;
  createDecoder(): Decoder;
}

/** The parts of zlib that Node has since 22.15 and 23.8. */
interface Zstd {
  readonly zstdCompressSync: typeof zlib.brotliCompressSync;
  readonly zstdCompress: typeof zlib.brotliCompress;
  readonly zstdDecompressSync: typeof zlib.brotliDecompressSync;
  readonly createZstdCompress: typeof zlib.createBrotliCompress;
  readonly createZstdDecompress: typeof zlib.createBrotliDecompress;
  readonly constants: Readonly<
    Record<
      | "ZSTD_c_compressionLevel"
      | "ZSTD_c_windowLog"
      | "ZSTD_c_hashLog"
      | "ZSTD_c_chainLog"
      | "ZSTD_d_windowLogMax"
      | "ZSTD_e_flush",
      number
    >
  >;
}

const { BROTLI_OPERATION_FLUSH, BROTLI_PARAM_LGWIN, BROTLI_PARAM_QUALITY, Z_SYNC_FLUSH } =
  constants;
const compressBrotli = promisify(zlib.brotliCompress);

/** A stream of events lives long and says little at a time: what it takes of memory is kept small. */
const EVENT_CHUNK = 2048;

const brotli: Codec = {
  // At 20 kB of JSON, 4 takes two thirds more time than 3 for two bytes less in a hundred.
  levels: { min: 0, max: 11, fallback: 3 },
  flush: BROTLI_OPERATION_FLUSH,
  decodes: true,
  encodeSync: (body, level) => zlib.brotliCompressSync(body, brotliOptions(body, level)),
  encode: (body, level) => compressBrotli(body, brotliOptions(body, level)),
  createEncoder: (level, kind) =>
    zlib.createBrotliCompress(
      kind === "bulk"
        ? { params: { [BROTLI_PARAM_QUALITY]: level, [BROTLI_PARAM_LGWIN]: 19 } }
        : {
            flush: BROTLI_OPERATION_FLUSH,
            chunkSize: EVENT_CHUNK,
            // Below 2 it looks for nothing in earlier events: they come out as long as they went in.
            params: { [BROTLI_PARAM_QUALITY]: Math.max(level, 2), [BROTLI_PARAM_LGWIN]: 16 },
          },
    ),
  createDecoder: () => zlib.createBrotliDecompress(),
};

/** A window larger than the body finds nothing more, and what comes out fits where the body did: one piece of memory. */
function brotliOptions(body: Buffer, level: number): zlib.BrotliOptions {
  const window = Math.min(Math.max(Math.ceil(Math.log2(body.length)), 10), 22);
  return {
    chunkSize: chunkSizeFor(body),
    params: { [BROTLI_PARAM_QUALITY]: level, [BROTLI_PARAM_LGWIN]: window },
  };
}

interface DeflateFunctions {
  readonly sync: typeof zlib.gzipSync;
  readonly async: (body: Buffer, options: ZlibOptions) => Promise<Buffer>;
  readonly encoder: typeof zlib.createGzip;
  readonly decoder: typeof zlib.createGunzip;
}

function deflateCodec({ sync, async, encoder, decoder }: DeflateFunctions): Codec {
  return {
    levels: { min: 1, max: 9, fallback: 3 },
    flush: Z_SYNC_FLUSH,
    decodes: true,
    encodeSync: (body, level) => sync(body, { level, chunkSize: chunkSizeFor(body) }),
    encode: (body, level) => async(body, { level, chunkSize: chunkSizeFor(body) }),
    createEncoder: (level, kind) =>
      encoder(
        kind === "bulk"
          ? { level }
          : { level, flush: Z_SYNC_FLUSH, windowBits: 13, memLevel: 5, chunkSize: EVENT_CHUNK },
      ),
    createDecoder: () => decoder(),
  };
}

/** Memory in one piece, of which no more than needed is held for long. */
function chunkSizeFor({ length }: Buffer): number {
  return Math.min(Math.max(length, 1024), 256 * 1024);
}

/** Node 22 takes a frame that was cut off for one that has ended (seen on 22.23; 24 does not). */
function tellsTruncation({ zstdCompressSync, zstdDecompressSync }: Zstd): boolean {
  try {
    zstdDecompressSync(zstdCompressSync(Buffer.from("a whole frame")).subarray(0, -4));
    return false;
  } catch {
    return true;
  }
}

/** RFC 9659 lets nobody ask for a larger window than this in HTTP. */
const ZSTD_WINDOW_LOG = 23;

function zstdCodec(node: Zstd): Codec {
  const { ZSTD_c_compressionLevel, ZSTD_c_windowLog, ZSTD_c_hashLog, ZSTD_c_chainLog } =
    node.constants;
  const { ZSTD_d_windowLogMax, ZSTD_e_flush } = node.constants;
  const compress = promisify(node.zstdCompress);
  const options = (body: Buffer, level: number) => ({
    chunkSize: chunkSizeFor(body),
    params: { [ZSTD_c_compressionLevel]: level },
  });
  return {
    levels: { min: 1, max: 19, fallback: 3 },
    flush: ZSTD_e_flush,
    decodes: tellsTruncation(node),
    encodeSync: (body, level) => node.zstdCompressSync(body, options(body, level)),
    encode: (body, level) => compress(body, options(body, level)),
    createEncoder: (level, kind) =>
      node.createZstdCompress(
        kind === "bulk"
          ? { params: { [ZSTD_c_compressionLevel]: level, [ZSTD_c_windowLog]: 19 } }
          : {
              flush: ZSTD_e_flush,
              chunkSize: EVENT_CHUNK,
              params: {
                [ZSTD_c_compressionLevel]: level,
                [ZSTD_c_windowLog]: 14,
                [ZSTD_c_hashLog]: 13,
                [ZSTD_c_chainLog]: 13,
              },
            },
      ),
    createDecoder: () =>
      node.createZstdDecompress({ params: { [ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } }),
  };
}

/** The codings that this Node has, best first: zstd makes the least work, deflate is what nobody else can. */
export const CODECS: ReadonlyMap<Coding, Codec> = new Map<Coding, Codec>([
  ...("createZstdCompress" in zlib ? [["zstd", zstdCodec(zlib as unknown as Zstd)] as const] : []),
  ["br", brotli],
  [
    "gzip",
    deflateCodec({
      sync: zlib.gzipSync,
      async: promisify<Buffer, ZlibOptions, Buffer>(zlib.gzip),
      encoder: zlib.createGzip,
      decoder: zlib.createGunzip,
    }),
  ],
  [
    "deflate",
    deflateCodec({
      sync: zlib.deflateSync,
      async: promisify<Buffer, ZlibOptions, Buffer>(zlib.deflate),
      encoder: zlib.createDeflate,
      decoder: zlib.createInflate,
    }),
  ],
]);

/** Every name that options may use, on every Node; in the order of preference for a body. */
export const CODINGS: readonly Coding[] = ["zstd", "br", "gzip", "deflate"];

/** The order for events: of 600 tokens gzip makes fewer bytes than Brotli, in half the memory. */
export const EVENT_CODINGS: readonly Coding[] = ["zstd", "gzip", "br", "deflate"];
