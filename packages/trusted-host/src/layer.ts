import {
  defineLayer,
  type Finding,
  isPreflight,
  isThenable,
  type Layer,
  type RouteView,
  routeName,
} from "@enfilade/layer";
import type { FastifyReply, FastifyRequest } from "fastify";
import { createHostReader } from "./authority.ts";
import { TRUSTED_HOST_MISDIRECTED, TRUSTED_HOST_UNKNOWN } from "./errors.ts";
import { formatHost } from "./host.ts";
import {
  readRouteHosts,
  resolveOptions,
  type Settings,
  type TrustedHostOptions,
} from "./options.ts";
import type { HostList } from "./patterns.ts";
import { redirectStatus, toHttps, toWww } from "./redirect.ts";
import { canBeSecure } from "./transport.ts";
import type { Host } from "./types.ts";
import "./types.ts";

/**
 * Answers for the hosts of this server only: a request that names another one, none, or two, is refused
 * before anything is made of its name. Sends visitors to https and to the one right name, where asked to.
 *
 * @throws `TRUSTED_HOST_INVALID_OPTION` (on registration, or where a route is declared).
 * @example
 * ```ts
 * await app.register(trustedHost, { hosts: ["example.com", "*.example.com"] });
 * ```
 */
export const trustedHost: Layer<TrustedHostOptions> = defineLayer<TrustedHostOptions>({
  name: "trusted-host",
  place: "host",
  plugin: { name: "@enfilade/trusted-host" },
  setup(app, options) {
    const settings = resolveOptions(options, canBeSecure(app));
    const readHost = createHostReader(settings.forwarded);
    const routeHosts = new WeakMap<object, HostList>();
    const listOf = (own: readonly string[], route: string): HostList => {
      const known = routeHosts.get(own);
      if (known !== undefined) return known;
      const list = readRouteHosts(own, route);
      if (typeof own === "object") routeHosts.set(own, list);
      return list;
    };

    return {
      onRoute({ options }: RouteView): undefined {
        const own = options.config?.trustedHost;
        if (own !== undefined && own !== false) listOf(own, routeName(options));
      },
      onRequest(request, reply) {
        const { config, url = "" } = request.routeOptions;
        const own = config.trustedHost;
        if (own === false) return undefined;
        const hosts = own === undefined ? settings.hosts : listOf(own, url);
        const host = readHost(request);
        if (typeof hosts === "function") {
          const verdict: unknown = hosts(host, request);
          return isThenable(verdict)
            ? Promise.resolve(verdict).then((trusted) =>
                receive(trusted, host, settings, request, reply),
              )
            : receive(verdict, host, settings, request, reply);
        }
        const trusted = hosts === undefined || hosts.has(host, request.raw.socket.localPort);
        return receive(trusted, host, settings, request, reply);
      },
      audit: () => (settings.hosts === undefined ? [anyHost()] : []),
    };
  },
});

/** Lets a request in, sends it on, or refuses it. */
function receive(
  trusted: unknown,
  host: Host,
  settings: Settings,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | undefined {
  // Whatever a function gives that is not true is no permission.
  if (trusted !== true) throw unknownHost(host, request);
  if (settings.https === undefined && settings.www === undefined) return undefined;
  const location = locationOf(host, settings, request);
  if (location === undefined) return undefined;
  return reply.code(redirectStatus(request.method)).header("location", location).send();
}

function locationOf(
  host: Host,
  { hosts, https, www }: Settings,
  request: FastifyRequest,
): string | undefined {
  // No browser follows a redirect of a preflight; the request that comes after it is sent on.
  if (isPreflight(request)) return undefined;
  const visit = { host, secure: request.protocol === "https", target: request.originalUrl };
  if (https !== undefined && !visit.secure) {
    const isExempt = https.exempt.has(request.routeOptions.url ?? "");
    return isExempt ? undefined : toHttps(visit, https.port);
  }
  if (www === undefined || typeof hosts !== "object") return undefined;
  const { localPort } = request.raw.socket;
  return toWww(
    visit,
    www,
    (other) => hosts.names.has(other.hostname) && hosts.has(other, localPort),
  );
}

/** Over TLS and HTTP/2 a client may have reused a connection to another host, and may try again over a new one. */
function unknownHost(host: Host, { raw }: FastifyRequest): Error {
  const shared = raw.httpVersionMajor >= 2 || "encrypted" in raw.socket;
  const error = shared ? new TRUSTED_HOST_MISDIRECTED() : new TRUSTED_HOST_UNKNOWN();
  return Object.assign(error, { host: formatHost(host) });
}

function anyHost(): Finding {
  return {
    code: "TRUSTED_HOST_ANY",
    severity: "warning",
    where: "trusted-host",
    why: "it takes every host that a request names",
    fix: "List the hosts of this server.",
  };
}
