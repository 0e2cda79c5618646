import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { Trace } from "./trace.ts";

/** The request as Node has it: Fastify makes ids before there is a Fastify request. */
export type RawRequest = IncomingMessage | Http2ServerRequest;

declare module "fastify" {
  interface FastifyRequest {
    /**
     * Where this request stands in a distributed trace (W3C Trace Context): the caller's trace continued,
     * or a new one. Made when it is first read.
     */
    readonly trace: Trace;
  }
}
