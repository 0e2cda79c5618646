import { type AuditView, defineLayer, type Finding, type Layer, routeName } from "@enfilade/layer";
import { encode, isLengthless } from "./encode.ts";
import { COMPRESS_NOT_ACCEPTABLE } from "./errors.ts";
import type { CompressOptions } from "./options.ts";
import { Plans } from "./plans.ts";
import { decode } from "./request.ts";
import "./types.ts";

/**
 * Sends responses in the content coding that the client likes best, streams without holding anything back, and decodes
 * the bodies of requests within bounds.
 *
 * **Security:** an answer that holds a secret beside what a stranger can put into it tells the secret by its length
 * (BREACH): say `config: { compress: false }` there.
 *
 * @throws `COMPRESS_INVALID_OPTION` (on registration; for `config.compress` when the route is declared) when an option
 * is not valid.
 * @throws `COMPRESS_REGISTERED_TWICE` (on registration) where the instance has the layer already.
 * @example
 * ```ts
 * await app.register(compress, { eventStreams: true, requests: { maxRatio: 100 } });
 * app.get("/csrf-token", { config: { compress: false } }, giveToken);
 * ```
 */
export const compress: Layer<CompressOptions> = defineLayer<CompressOptions>({
  name: "compress",
  place: "encode",
  plugin: { name: "@enfilade/compress" },
  setup(app, options) {
    const plans = new Plans(app, options);
    return {
      onRequest(request) {
        const acceptEncoding = request.headers["accept-encoding"];
        // Before the handler: afterwards its work would be done, and nobody would get it.
        if (
          acceptEncoding === undefined ||
          !plans.settings.negotiate(acceptEncoding).plainRefused
        ) {
          return;
        }
        const { config } = request.routeOptions;
        if (!plans.governs(request.server) || request.headers.upgrade !== undefined) return;
        const { coding } = plans.of(config).negotiate(acceptEncoding);
        if (coding === undefined || config?.compress === false) throw new COMPRESS_NOT_ACCEPTABLE();
      },
      preParsing(request, reply, payload) {
        if (request.headers["content-encoding"] === undefined) return undefined;
        if (!plans.governs(request.server)) return undefined;
        const { requests } = plans.of(request.routeOptions.config);
        return requests && decode(request, reply, payload, requests);
      },
      onSend(request, reply, payload) {
        const { config } = request.routeOptions;
        if (config?.compress === false || !plans.governs(request.server)) return undefined;
        return encode(request, reply, payload, plans.of(config));
      },
      onHeaders(request, reply) {
        if (request.method === "HEAD" && isLengthless(reply)) reply.removeHeader("content-length");
      },
      onRoute({ options }) {
        plans.of(options.config, routeName(options));
      },
      audit,
    };
  },
});

/** The decorator of @fastify/compress: bodies would be decoded twice, by whoever comes second. */
function* audit({ instance }: AuditView): Generator<Finding> {
  if (!instance.hasReplyDecorator("compress")) return;
  yield {
    code: "COMPRESS_ENGINE_BESIDE",
    severity: "error",
    where: "@fastify/compress",
    why: "it is registered beside @enfilade/compress, and would decode bodies a second time",
    fix: "Remove one of the two registrations.",
  };
}
