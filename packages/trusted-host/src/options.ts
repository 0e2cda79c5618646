import { type OptionReader, optionReader } from "@enfilade/layer";
import { TRUSTED_HOST_INVALID_OPTION } from "./errors.ts";
import { compileHosts, type HostList } from "./patterns.ts";
import { hasPair } from "./redirect.ts";
import type { HostCheck } from "./types.ts";

/** How requests are sent to https. */
export interface HttpsRedirectOptions {
  /**
   * The port that https is served at.
   * @defaultValue 443
   */
  readonly port?: number;
  /**
   * Routes that answer over http as well, as they were declared: `["/health"]`. Hosts are checked there too.
   * @defaultValue none
   */
  readonly exempt?: readonly string[];
}

/** The options of the layer. */
export interface TrustedHostOptions {
  /**
   * The hosts that this server answers for: `"example.com"`, `"*.example.com"` (subdomains of any depth, not
   * the name itself), `"[::1]"`, each with a port (`":8080"`), with any port (`":*"`), or without: no port, a
   * default one, or the one that the connection came in by. A function decides by itself; `"*"` takes every
   * host that is one.
   *
   * **Security**: with `"*"` nothing may be made of `request.host`, no link, no redirect, no cache key.
   */
  readonly hosts: readonly string[] | HostCheck | "*";
  /**
   * Reads RFC 7239's `Forwarded` from proxies that Fastify's `trustProxy` trusts, in addition to
   * `X-Forwarded-Host`; where both are sent they must agree.
   *
   * **Security**: only where the proxy writes the header; one that hands it on lets clients write it.
   * @defaultValue false
   */
  readonly forwarded?: boolean;
  /**
   * Sends requests that came by http to https, on the same host.
   * @defaultValue false
   */
  readonly httpsRedirect?: boolean | HttpsRedirectOptions;
  /**
   * Sends requests to the name with `www.` (`"add"`), or without (`"remove"`), where both are listed.
   * @defaultValue false
   */
  readonly wwwRedirect?: "add" | "remove" | false;
}

/** The options, complete and checked. */
export interface Settings {
  /** `undefined`: every host that is one. */
  readonly hosts: HostList | HostCheck | undefined;
  readonly forwarded: boolean;
  readonly https: { readonly port: number; readonly exempt: ReadonlySet<string> } | undefined;
  readonly www: "add" | "remove" | undefined;
}

const PACKAGE = "@enfilade/trusted-host";
const KNOWN = ["hosts", "forwarded", "httpsRedirect", "wwwRedirect"] as const;
const HOSTS_FIX =
  'Give a list such as ["example.com", "*.example.com"], a function, or "*" for every host.';

/**
 * Checks the options and fills in the defaults.
 *
 * @throws `TRUSTED_HOST_INVALID_OPTION`
 */
export function resolveOptions(options: TrustedHostOptions, canBeSecure: boolean): Settings {
  const read = optionReader(PACKAGE, TRUSTED_HOST_INVALID_OPTION, options, KNOWN);
  const hosts = readHosts(read, options.hosts);
  const https = readHttps(read, options.httpsRedirect);
  const www = readWww(read, options, hosts);
  if (https !== undefined && !canBeSecure) {
    read.refuse(
      "httpsRedirect",
      "No request can reach this server by https, and every one would be sent round in circles: " +
        "give Fastify https, or trustProxy for the proxy that has it.",
    );
  }
  if (hosts === undefined && (https !== undefined || www !== undefined)) {
    read.refuse(
      "hosts",
      "A redirect to whatever host a request names is anybody's: list the hosts.",
    );
  }
  return { hosts, forwarded: read.boolean("forwarded", false), https, www };
}

function readHosts(read: OptionReader, hosts: unknown): Settings["hosts"] {
  if (hosts === "*") return undefined;
  if (typeof hosts === "function") return hosts as HostCheck;
  if (!Array.isArray(hosts) || hosts.length === 0) return read.refuse("hosts", HOSTS_FIX);
  return compileHosts(read.strings("hosts", []), (fix, index) => read.refuse("hosts", fix, index));
}

/**
 * Compiles the hosts of one route.
 *
 * @throws `TRUSTED_HOST_INVALID_OPTION`
 */
export function readRouteHosts(value: unknown, route: string): HostList {
  const name = "trustedHost";
  const where = `${PACKAGE} (config.trustedHost of ${route})`;
  const read = optionReader(where, TRUSTED_HOST_INVALID_OPTION, { [name]: value }, [name]);
  if (!Array.isArray(value) || value.length === 0) {
    return read.refuse(name, "Give false, or a list of hosts.");
  }
  return compileHosts(read.strings(name, []), (fix, index) => read.refuse(name, fix, index));
}

function readHttps(read: OptionReader, given: unknown = false): Settings["https"] {
  if (given === false) return undefined;
  if (given === true) return { port: 443, exempt: new Set() };
  const fix = 'Give true, false, or { port: 8443, exempt: ["/health"] }.';
  const own = read.inside("httpsRedirect", ["port", "exempt"], fix);
  const exempt = own.strings("exempt", []);
  const wrong = exempt.findIndex((path) => !path.startsWith("/"));
  if (wrong !== -1) own.refuse("exempt", 'Write routes as they were declared: "/health".', wrong);
  return { port: own.integer("port", 443, { min: 1, max: 65_535 }), exempt: new Set(exempt) };
}

function readWww(
  read: OptionReader,
  { wwwRedirect = false }: TrustedHostOptions,
  hosts: Settings["hosts"],
): Settings["www"] {
  if (wwwRedirect === false) return undefined;
  const direction = read.oneOf("wwwRedirect", "add", ["add", "remove"]);
  if (hosts === undefined) return direction;
  if (typeof hosts === "function" || !hasPair(hosts.names)) {
    return read.refuse("wwwRedirect", "List both names in hosts, with www. and without.");
  }
  return direction;
}
