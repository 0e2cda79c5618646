import { Readable } from "node:stream";
import type { Codec, Decoder } from "./codings.ts";
import { COMPRESS_BODY_TOO_LARGE, COMPRESS_INVALID_BODY } from "./errors.ts";

/** How large a body may become. */
export interface Bounds {
  readonly maxBytes: number;
  readonly maxRatio: number;
}

/** What every body may become whatever its ratio: so little is no bomb. */
const FREE_BYTES = 65_536;

/**
 * The body of a request, decoded. Nothing is decoded before somebody reads from it, and no further than it is read
 * from: no more than the bounds, and what lies in one chunk.
 *
 * It ends in `COMPRESS_BODY_TOO_LARGE` or `COMPRESS_INVALID_BODY`, and leaves the request open: the answer still has to
 * go out, and whoever logs it wants to know the address that it came from. An error that nobody listens for is not
 * thrown, as it is not by a request of Node's own: Fastify's parsers stop listening once a body exceeds the route's
 * limit, and what a stranger sends must not end the process.
 */
export class DecodedBody extends Readable {
  /** The bytes that have come in; Fastify compares them with the Content-Length. */
  receivedEncodedLength = 0;
  readonly #raw: Readable;
  readonly #codec: Codec;
  readonly #bounds: Bounds;
  #decoder: Decoder | undefined;
  #decodedLength = 0;

  constructor(raw: Readable, codec: Codec, bounds: Bounds) {
    super();
    this.#raw = raw;
    this.#codec = codec;
    this.#bounds = bounds;
    this.on("error", ignore);
    // Before anybody reads, too: what the body comes through may fail meanwhile.
    raw.on("error", this.#giveUp);
  }

  override _read(): void {
    if (this.#decoder === undefined) this.#start();
    else this.#decoder.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const decoder = this.#decoder;
    if (decoder !== undefined) {
      this.#raw.unpipe(decoder);
      this.#raw.off("data", this.#count).off("close", this.#giveUp);
      decoder.destroy();
      // What is still to come of a body that was refused is thrown away, as Fastify does with its own.
      if (!this.#raw.destroyed) this.#raw.resume();
    }
    callback(error);
  }

  #start(): void {
    const decoder = this.#codec.createDecoder();
    this.#decoder = decoder;
    decoder.on("data", (chunk: Buffer) => this.#take(chunk));
    decoder.on("end", () => this.#end(decoder));
    decoder.on("error", () => this.destroy(new COMPRESS_INVALID_BODY()));
    this.#raw.on("data", this.#count).on("close", this.#giveUp);
    this.#raw.pipe(decoder);
    if (this.#raw.destroyed) this.#giveUp();
  }

  readonly #count = (chunk: Buffer): void => {
    this.receivedEncodedLength += chunk.length;
  };

  /** The client has gone; a body that has come whole is closed too. */
  readonly #giveUp = (): void => {
    if (!this.#raw.readableEnded) this.destroy(new COMPRESS_INVALID_BODY());
  };

  /** What comes behind the end of the encoded data belongs to nothing, and would be passed over in silence. */
  #end({ bytesWritten }: Decoder): void {
    if (bytesWritten === this.receivedEncodedLength) this.push(null);
    else this.destroy(new COMPRESS_INVALID_BODY());
  }

  #take(chunk: Buffer): void {
    this.#decodedLength += chunk.length;
    const { maxBytes, maxRatio } = this.#bounds;
    const bomb =
      this.#decodedLength > FREE_BYTES &&
      this.#decodedLength > this.receivedEncodedLength * maxRatio;
    if (bomb || this.#decodedLength > maxBytes) this.destroy(new COMPRESS_BODY_TOO_LARGE());
    else if (!this.push(chunk)) this.#decoder?.pause();
  }
}

function ignore(): void {}
