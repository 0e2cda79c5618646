import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import { type AppOptions, createApp } from "@enfilade/line-testing";
import type { FastifyInstance, LightMyRequestResponse as Response } from "fastify";
import { type CompressOptions, compress } from "../src/index.ts";
import { zstd } from "./zlib.ts";

/** As whoever sends a bomb would: Brotli's own default tries so hard that it takes seconds for ten megabytes. */
const brotli = (body: Buffer | string) =>
  brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });

/** What clients encode bodies with. */
const ENCODERS: Readonly<Record<string, (body: Buffer | string) => Buffer>> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotli,
  zstd: (body) => zstd.zstdCompressSync?.(body) ?? Buffer.alloc(0),
};

/** Encodes a body in a coding that this Node has. */
export function encoded(coding: string, body: Buffer | string): Buffer {
  const encoder = ENCODERS[coding];
  if (encoder === undefined) throw new Error(`There is no ${coding}.`);
  return encoder(body);
}

/** The media type of bodies that a handler reads itself. */
export const STREAM = "application/x-stream";

/** An app that says how many bytes it was sent; `/stream` reads them without Fastify's parsers. */
export async function takingApp(
  options: CompressOptions = {},
  appOptions?: AppOptions,
): Promise<FastifyInstance> {
  const app = await createApp(appOptions);
  await app.register(compress, options);
  app.addContentTypeParser(STREAM, (_request, payload, done) => done(null, payload));
  app.post("/", async (request) => ({ length: JSON.stringify(request.body).length }));
  app.post("/stream", async (request) => {
    let length = 0;
    for await (const chunk of request.body as AsyncIterable<Buffer>) length += chunk.length;
    return { length };
  });
  return app;
}

/** Sends an encoded body. */
export function post(
  app: FastifyInstance,
  url: string,
  coding: string,
  payload: Buffer,
  type = "application/json",
): Promise<Response> {
  const headers = { "content-type": type, "content-encoding": coding };
  return app.inject({ method: "POST", url, headers, payload });
}

/** JSON of a length. */
export function jsonOf(length: number): string {
  return JSON.stringify("x".repeat(length - 2));
}

/** RFC 9112, section 7.1. */
export function chunkOf(bytes: Buffer): Buffer {
  const size = `${bytes.length.toString(16)}\r\n`;
  return Buffer.concat([Buffer.from(size), bytes, Buffer.from("\r\n")]);
}

/** What ends a body that is sent in chunks. */
export const LAST_CHUNK: Buffer = Buffer.from("0\r\n\r\n");
