import { defineLayer, type Layer } from "@enfilade/layer";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { REQUEST_ID_GENERATOR_REPLACED, REQUEST_ID_UNVALIDATED_HEADER } from "./errors.ts";
import { type GenReqId, genReqIdOf } from "./generator.ts";
import { type RequestIdOptions, resolveOptions, type Settings } from "./options.ts";
import { continueTrace, startTrace, type Trace } from "./trace.ts";
import "./types.ts";
import { addUpgradeHeader } from "./upgrade.ts";

const kTrace = Symbol("enfilade.trace");

interface Traced {
  [kTrace]?: Trace;
}

/**
 * Gives every request an id that can be trusted, and every response a header with it. The caller's id is
 * taken over where it is accepted and valid.
 *
 * The id is made by Fastify's own generator, which runs before the request's logger is created: every line
 * of log carries it, the very first included, and nothing is bound twice.
 *
 * @throws `REQUEST_ID_INVALID_OPTION` (on registration) when an option is not valid.
 * @throws `REQUEST_ID_UNVALIDATED_HEADER` (on registration) when Fastify's `requestIdHeader` is set.
 * @throws `REQUEST_ID_GENERATOR_REPLACED` (at ready) when `setGenReqId` was called after the layer's own call.
 * @example
 * ```ts
 * await app.register(requestId, { accept: ["10.0.0.0/8"] });
 * app.get("/", async (request) => ({ id: request.id, trace: request.trace.traceId }));
 * ```
 */
export const requestId: Layer<RequestIdOptions> = defineLayer<RequestIdOptions>({
  name: "request-id",
  place: "identify",
  provides: ["request-id"],
  plugin: { name: "@enfilade/request-id" },
  setup(app, options) {
    const report = (error: Error) => app.log.error({ err: error }, error.message);
    const settings = resolveOptions(options, report);
    setGenerator(app, genReqIdOf(settings, report));
    decorateTrace(app, settings);

    const { responseHeader } = settings;
    if (responseHeader === undefined) return {};
    return {
      onRequest(request) {
        if (request.raw.headers.upgrade === undefined) return;
        addUpgradeHeader(request, responseHeader, request.id);
      },
      onHeaders(request, reply) {
        reply.header(responseHeader, request.id);
      },
    };
  },
});

function setGenerator(app: FastifyInstance, genReqId: GenReqId): void {
  const { requestIdHeader } = app.initialConfig;
  if (requestIdHeader) throw new REQUEST_ID_UNVALIDATED_HEADER(JSON.stringify(requestIdHeader));
  app.setGenReqId(genReqId);
  app.addHook("onReady", async () => {
    // The getter is Fastify's own, its types leave it out.
    if (Reflect.get(app, "genReqId") !== genReqId) throw new REQUEST_ID_GENERATOR_REPLACED();
  });
}

function decorateTrace(app: FastifyInstance, { acceptsTrace, sampleNewTraces }: Settings): void {
  app.decorateRequest("trace", {
    getter(this: FastifyRequest & Traced): Trace {
      this[kTrace] ??= acceptsTrace(this.raw)
        ? continueTrace(this.raw, sampleNewTraces)
        : startTrace(sampleNewTraces);
      return this[kTrace];
    },
  });
}
