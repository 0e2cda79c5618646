import { defineLayer, type Layer } from "@enfilade/layer";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { SECURITY_HEADERS_NONCE_TOO_LATE } from "./errors.ts";
import { createNonces, type Nonces } from "./nonces.ts";
import type { SecurityHeadersOptions } from "./options.ts";
import type { HeaderSet } from "./plan.ts";
import { createRoutePlans } from "./route-plans.ts";
import "./types.ts";

const kSet = Symbol("enfilade.securityHeaders");
const kNonces = Symbol("enfilade.nonces");

/** Both are missing on replies of a scope that was loaded before the layer: Fastify decorates what comes later. */
type Reply = FastifyReply & {
  [kSet]?: HeaderSet | null;
  [kNonces]?: Nonces | null;
};

/**
 * Sets security headers on every response, takes away those that tell with what the server was built, and
 * keeps answers to somebody in particular out of caches. What a handler sets itself always stands.
 *
 * @throws `SECURITY_HEADERS_INVALID_OPTION` (on registration, or when a route is declared) when an option
 * is not valid.
 * @throws `SECURITY_HEADERS_NONCE_TOO_LATE` when `reply.cspNonce` is first read after the headers went out.
 * @example
 * ```ts
 * await app.register(securityHeaders);
 * app.get("/", { config: { securityHeaders: { profile: "page" } } }, (_request, reply) =>
 *   reply.type("text/html").send(`<script nonce="${reply.cspNonce.script}">…</script>`),
 * );
 * ```
 */
export const securityHeaders: Layer<SecurityHeadersOptions> = defineLayer<SecurityHeadersOptions>({
  name: "security-headers",
  place: "protect",
  plugin: { name: "@enfilade/security-headers" },
  setup(app, options) {
    const plans = createRoutePlans(options);
    decorate(app);
    return {
      onRoute(route) {
        plans.prepare(route.options.config, `${route.options.method} ${route.options.url}`);
      },
      onRequest(request, reply) {
        const plan = plans.of(request);
        const secure = request.protocol === "https";
        assign(reply as Reply, plan && (secure ? plan.secure : plan.plain));
      },
      onHeaders(request, reply) {
        const set = (reply as Reply)[kSet] ?? null;
        if (set === null) return;
        const nonces = (reply as Reply)[kNonces] ?? null;
        if (set.nonced.length > 0) nameNonces(reply, set, nonces);
        if (set.cacheControl !== undefined && reply.getHeader("cache-control") === undefined) {
          if (nonces !== null || isForSomebody(request, reply, set)) {
            reply.header("cache-control", set.cacheControl);
          }
        }
        if (set.strip !== undefined) strip(reply, set.strip);
      },
    };
  },
});

function decorate(app: FastifyInstance): void {
  // A registration further out has decorated the replies of this scope too.
  if (app.hasReplyDecorator(kSet)) return;
  app.decorateReply(kSet, null);
  app.decorateReply(kNonces, null);
  app.decorateReply("cspNonce", {
    getter(this: FastifyReply) {
      const reply = this as Reply;
      if (!reply[kNonces] && reply.raw.headersSent) throw new SECURITY_HEADERS_NONCE_TOO_LATE();
      reply[kNonces] ??= createNonces();
      return reply[kNonces];
    },
  });
}

/** Sets the headers of a route; those that a registration further out has set are taken back first. */
function assign(reply: Reply, set: HeaderSet | undefined): void {
  for (const name of Object.keys(reply[kSet]?.headers ?? {})) reply.removeHeader(name);
  reply[kSet] = set ?? null;
  if (set !== undefined) reply.headers(set.headers);
}

/** Names the nonces in each policy that is still the layer's own. */
function nameNonces(reply: FastifyReply, { nonced }: HeaderSet, nonces: Nonces | null): void {
  for (const { name, policy } of nonced) {
    if (reply.getHeader(name) !== policy.idle) continue;
    if (nonces !== null) reply.header(name, policy.with(nonces));
    // A cache that updates what it stored (RFC 9111, section 4.3.4) would keep a page with nonces, and forbid them.
    else if (reply.statusCode === 304) reply.removeHeader(name);
  }
}

/** Tells whether the answer may hold what only the one who asked may see. */
function isForSomebody(
  request: FastifyRequest & { principal?: unknown },
  reply: FastifyReply,
  { credentialHeaders }: HeaderSet,
): boolean {
  const { headers } = request.raw;
  for (let index = 0; index < credentialHeaders.length; index++) {
    if (headers[credentialHeaders[index] as string] !== undefined) return true;
  }
  return (
    (request.principal !== undefined && request.principal !== null) || reply.hasHeader("set-cookie")
  );
}

function strip(reply: FastifyReply, names: ReadonlySet<string>): void {
  for (const name in reply.getHeaders()) {
    if (names.has(name)) reply.removeHeader(name);
  }
}
