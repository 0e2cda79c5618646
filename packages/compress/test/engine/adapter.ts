import { constants } from "node:zlib";
import {
  CONTENT_TYPES,
  type Coding,
  type CompressOptions,
  compress,
  type RequestOptions,
} from "@enfilade/compress";
import type { FastifyInstance, FastifyReply } from "fastify";

/*
 * Stands in for @fastify/compress in its own tests: takes its options, of the plugin and of routes, and says them in
 * ours. `reply.compress` sends, because everything that is sent is encoded. What we do not offer throws.
 */

interface EngineOptions {
  readonly threshold?: number;
  readonly encodings?: readonly string[];
  readonly requestEncodings?: readonly string[];
  readonly syncThreshold?: number;
  readonly zlibOptions?: { readonly level?: number };
  readonly brotliOptions?: { readonly params?: Readonly<Record<number, number>> };
  readonly [other: string]: unknown;
}

interface EngineRoute {
  compress?: false | EngineOptions;
  decompress?: false | EngineOptions;
  config?: { compress?: unknown };
}

const OURS = new Set([
  "threshold",
  "encodings",
  "requestEncodings",
  "syncThreshold",
  "zlibOptions",
  "brotliOptions",
]);
/** `true` is what we do anyway, and so is the Content-Length that goes. */
const ANYWAY = new Set([
  "global",
  "globalCompression",
  "globalDecompression",
  "removeContentLengthHeader",
]);

export default async function fastifyCompress(
  app: FastifyInstance,
  given: EngineOptions = {},
): Promise<void> {
  app.decorateReply(
    "compress" as never,
    function (this: FastifyReply, payload: unknown) {
      return this.send(payload ?? new Error("Internal server error"));
    } as never,
  );
  app.addHook("onRoute", (route) => {
    const { compress: encoding, decompress: decoding } = route as unknown as EngineRoute;
    if (encoding === undefined && decoding === undefined) return;
    const requests = decoding === false ? { requests: false } : decoding && translate(decoding);
    const config =
      encoding === false ? false : { ...(encoding && translate(encoding)), ...requests };
    (route as EngineRoute).config = { ...route.config, compress: config };
  });
  // The engine's own list of types has this one besides.
  const contentTypes = [...CONTENT_TYPES, "application/octet-stream"];
  await compress(app, { contentTypes, ...translate(given) });
  // The engine writes names of headers in small letters, and its tests compare them so.
  app.addHook("onSend", async (_request, reply) => {
    const vary = reply.getHeader("vary");
    if (typeof vary === "string") {
      reply.header("vary", vary.replace("Accept-Encoding", "accept-encoding"));
    }
  });
}

Object.assign(fastifyCompress, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "@fastify/compress",
  fastifyCompress,
});

function translate(given: EngineOptions): CompressOptions {
  for (const [option, value] of Object.entries(given)) {
    if (OURS.has(option) || value === undefined || (ANYWAY.has(option) && value === true)) continue;
    throw new Error(`not offered: ${option}`);
  }
  const { threshold, encodings, requestEncodings, syncThreshold } = given;
  const { zlibOptions = {}, brotliOptions = {} } = given;
  const quality = brotliOptions.params?.[constants.BROTLI_PARAM_QUALITY];
  const { level, ...others } = zlibOptions;
  if (Object.keys(others).length > 0)
    throw new Error(`not offered: ${Object.keys(others)} of zlib`);
  const requests: RequestOptions | undefined = requestEncodings && {
    codings: codingsOf(requestEncodings),
  };
  return {
    ...(threshold !== undefined && { minBytes: threshold }),
    ...(encodings && { codings: codingsOf(encodings) }),
    ...(syncThreshold !== undefined && { maxSyncBytes: Math.min(syncThreshold, 1_048_576) }),
    ...((level ?? quality) !== undefined && {
      levels: {
        ...(level !== undefined && { gzip: level, deflate: level }),
        ...(quality !== undefined && { br: quality }),
      },
    }),
    ...(requests && { requests }),
  };
}

function codingsOf(names: readonly string[]): readonly Coding[] {
  return names.filter((name) => name !== "identity") as Coding[];
}
