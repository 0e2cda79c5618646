import { Readable, type Transform } from "node:stream";
import type { Codec } from "./codings.ts";
import { COMPRESS_BODY_TOO_LARGE, COMPRESS_INVALID_BODY } from "./errors.ts";

/** How large a body may become. */
export interface Bounds {
  readonly maxBytes: number;
  readonly maxRatio: number;
}

/** What every body may become whatever its ratio: so little is no bomb. */
const FREE_BYTES = 65_536;

/**
 * The body of a request, decoded. Nothing is read before somebody reads from it, so that no error comes before there
 * is somebody to hear it; and it reads no further than it is read from, so that no more is decoded than the bounds and
 * what lies in one chunk.
 *
 * It ends in `COMPRESS_BODY_TOO_LARGE` or `COMPRESS_INVALID_BODY`, and leaves the request open: the answer still has to
 * go out, and whoever logs it wants to know the address that it came from.
 */
export class DecodedBody extends Readable {
  /** The bytes that have come in; Fastify compares them with the Content-Length. */
  receivedEncodedLength = 0;
  readonly #raw: Readable;
  readonly #codec: Codec;
  readonly #bounds: Bounds;
  #decoder: Transform | undefined;
  #decodedLength = 0;

  constructor(raw: Readable, codec: Codec, bounds: Bounds) {
    super();
    this.#raw = raw;
    this.#codec = codec;
    this.#bounds = bounds;
  }

  override _read(): void {
    if (this.#decoder === undefined) this.#start();
    else this.#decoder.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const decoder = this.#decoder;
    if (decoder !== undefined) {
      this.#raw.unpipe(decoder);
      this.#raw.off("data", this.#count).off("close", this.#giveUp).off("error", this.#giveUp);
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
    decoder.on("end", () => this.push(null));
    decoder.on("error", () => this.destroy(new COMPRESS_INVALID_BODY()));
    this.#raw.on("data", this.#count).on("close", this.#giveUp).on("error", this.#giveUp);
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
