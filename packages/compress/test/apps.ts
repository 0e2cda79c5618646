import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { order } from "@enfilade/order";
import Fastify, {
  type FastifyInstance,
  type FastifyServerOptions,
  type LightMyRequestResponse as Response,
} from "fastify";
import { onTestFinished } from "vitest";
import { type CompressOptions, compress } from "../src/index.ts";
import { zstd } from "./zlib.ts";

/** The two ways in which the layer stands in an app. */
export const WAYS: readonly Way[] = [
  { way: "alone", ordered: false },
  { way: "under the order", ordered: true },
];

export interface Way {
  readonly way: string;
  readonly ordered: boolean;
}

/** 20 kB of JSON, as an API answers. */
export const LONG: readonly object[] = Array.from({ length: 300 }, (_, id) => ({
  id,
  name: `item ${id}`,
  price: id * 3.5,
  tags: ["a", "b"],
}));
export const LONG_TEXT: string = JSON.stringify(LONG);

/** An app that is closed when the test ends. */
export async function createApp(
  { ordered = false }: Partial<Way> = {},
  server: FastifyServerOptions = {},
): Promise<FastifyInstance> {
  const app = Fastify(server);
  onTestFinished(() => app.close());
  if (ordered) await app.register(order);
  return app;
}

/** An app with the layer. */
export async function compressApp(
  options: CompressOptions = {},
  way: Partial<Way> = {},
  server: FastifyServerOptions = {},
): Promise<FastifyInstance> {
  const app = await createApp(way, server);
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
