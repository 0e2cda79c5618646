import { optionReader } from "@enfilade/layer";
import type { FastifyInstance } from "fastify";
import { metadataLookups } from "./challenge.ts";
import { AUTH_INVALID_OPTION } from "./errors.ts";
import { isScope } from "./scopes.ts";

/** A resource that clients may find out how to get tokens for (RFC 9728, section 2). */
export interface ProtectedResource {
  /** Its identifier: an https URL (http on loopback), without query and fragment. Tokens name it in `aud`. */
  readonly resource: string;
  /** The issuers whose tokens it takes. */
  readonly authorizationServers?: readonly string[];
  readonly scopesSupported?: readonly string[];
  /** @defaultValue `["header"]` */
  readonly bearerMethodsSupported?: readonly ("header" | "body" | "query")[];
  readonly name?: string;
  readonly documentation?: string;
  readonly policyUri?: string;
  readonly tosUri?: string;
}

const KNOWN = [
  "resource",
  "authorizationServers",
  "scopesSupported",
  "bearerMethodsSupported",
  "name",
  "documentation",
  "policyUri",
  "tosUri",
];
const WELL_KNOWN = "/.well-known/oauth-protected-resource";

/** A resource, ready to be served. */
export interface DescribedResource {
  /** The path of the resource, `""` for the whole origin. */
  readonly path: string;
  /** Where the metadata is. */
  readonly metadataPath: string;
  readonly metadataUrl: string;
  readonly body: string;
}

/**
 * Prepares the metadata of a resource.
 *
 * @throws `AUTH_INVALID_OPTION`
 */
export function describeResource(given: ProtectedResource): DescribedResource {
  const read = optionReader("@enfilade/auth (resources)", AUTH_INVALID_OPTION, given, KNOWN);
  const url = secureUrl(given.resource);
  if (url === undefined || url.search !== "" || url.hash !== "" || url.username !== "") {
    return read.refuse("resource", "Give an https URL without query and fragment.");
  }
  const servers = read.strings("authorizationServers", []);
  const odd = servers.findIndex((server) => secureUrl(server) === undefined);
  if (odd !== -1) read.refuse("authorizationServers", "Give https URLs.", odd);
  const scopes = read.strings("scopesSupported", []);
  const oddScope = scopes.findIndex((scope) => !isScope(scope));
  if (oddScope !== -1) read.refuse("scopesSupported", "Give scopes without spaces.", oddScope);

  // RFC 9728, section 3.1: a slash that only ends the host is left out.
  const path = url.pathname === "/" ? "" : url.pathname;
  const metadataPath = `${WELL_KNOWN}${path}`;
  const body = JSON.stringify({
    resource: given.resource,
    authorization_servers: servers.length > 0 ? servers : undefined,
    scopes_supported: given.scopesSupported,
    bearer_methods_supported: given.bearerMethodsSupported ?? ["header"],
    resource_name: given.name,
    resource_documentation: given.documentation,
    resource_policy_uri: given.policyUri,
    resource_tos_uri: given.tosUri,
  });
  return { path, metadataPath, metadataUrl: `${url.origin}${metadataPath}`, body };
}

/** Serves the metadata, and names it in every `Bearer` challenge for a path of the resource. */
export function serveResources(
  app: FastifyInstance,
  resources: readonly DescribedResource[],
): void {
  for (const { metadataPath, body } of resources) {
    app.get(metadataPath, { config: { public: true } }, (_request, reply) =>
      reply.type("application/json").header("cache-control", "public, max-age=3600").send(body),
    );
  }
  const longestFirst = resources.toSorted((a, b) => b.path.length - a.path.length);
  metadataLookups.add(
    app,
    (path) => longestFirst.find(({ path: own }) => isBelow(path, own))?.metadataUrl,
  );
}

function isBelow(path: string, resource: string): boolean {
  const prefix = resource.endsWith("/") ? resource : `${resource}/`;
  return path === resource || path.startsWith(prefix);
}

/** Reads a URL that tokens may travel to: https, or http on this very machine. */
function secureUrl(text: unknown): URL | undefined {
  if (typeof text !== "string" || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && local) ? url : undefined;
}
