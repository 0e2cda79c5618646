import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { type AppOptions, createApp } from "@enfilade/line-testing";
import type { FastifyInstance, LightMyRequestResponse as Response } from "fastify";
import { type CompressOptions, compress } from "../src/index.ts";
import { zstd } from "./zlib.ts";

/** 20 kB of JSON, as an API answers. */
export const LONG: readonly object[] = Array.from({ length: 300 }, (_, id) => ({
  id,
  name: `item ${id}`,
  price: id * 3.5,
  tags: ["a", "b"],
}));
export const LONG_TEXT: string = JSON.stringify(LONG);

/** An app with the layer. */
export async function compressApp(
  options: CompressOptions = {},
  appOptions?: AppOptions,
): Promise<FastifyInstance> {
  const app = await createApp(appOptions);
  await app.register(compress, options);
  return app;
}

/** The codings that this Node can decode. */
export const CODINGS: readonly string[] = [
  ...(zstd.zstdDecompressSync === undefined ? [] : ["zstd"]),
  "br",
  "gzip",
  "deflate",
];

/** The codings that requests may use: Node 22 does not notice a frame of zstd that was cut off. */
export const REQUEST_CODINGS: readonly string[] = CODINGS.filter(
  (coding) => coding !== "zstd" || Number.parseInt(process.versions.node, 10) >= 24,
);

/** Decodes a body from a coding. */
export function decoded(body: Buffer, coding: string | undefined): Buffer {
  switch (coding) {
    case "gzip":
      return gunzipSync(body);
    case "deflate":
      return inflateSync(body);
    case "br":
      return brotliDecompressSync(body);
    case "zstd":
      return zstd.zstdDecompressSync?.(body) ?? body;
    default:
      return body;
  }
}

/** Decodes an injected response by what its headers say. */
export function textOf({ rawPayload, headers }: Response): string {
  return decoded(rawPayload, headers["content-encoding"] as string | undefined).toString();
}
