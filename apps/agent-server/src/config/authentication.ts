import type { ApiKeyOptions } from "@enfilade/api-key";
import { ADMIN_SCOPE, type ProtectedResource } from "@enfilade/auth";
import type { JwtOptions } from "@enfilade/jwt";
import { problemWithFile } from "./files.ts";
import { type Environment, type Reading, setIn } from "./problems.ts";
import { isSecureUrl } from "./secure-url.ts";
import { readTokens } from "./tokens.ts";

/** Says how callers prove who they are: what `GET /info` reports, and what a public `HOST` needs. */
export type AuthMode = "none" | "security_key" | "jwt";

/** How callers prove who they are; nothing at all where nothing is configured. */
export interface Authentication {
  readonly apiKey?: ApiKeyOptions;
  readonly jwt?: JwtOptions;
  /** What OAuth clients are told of this server (RFC 9728). */
  readonly resource?: ProtectedResource;
}

/** The scopes that this server knows, for the metadata of RFC 9728. */
const scopes = [
  ...["agents:read", "agents:run", "teams:read", "config:read", "metrics:read"],
  ...["sessions:read", "sessions:write", "sessions:delete", "quota:read", "quota:write"],
];

/** What a header can carry, and no list of header values splits. */
const securityKey = /^[\x21-\x2b\x2d-\x7e]{20,256}$/;
const jwtLike = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Reads who may call, and how they prove it. */
export function readAuthentication(env: Environment): Reading<Authentication> {
  const key = setIn(env, "OS_SECURITY_KEY")?.trim();
  const file = setIn(env, "API_KEYS_FILE");
  const tokens = readTokens(env);
  const problems = [
    ...(key === undefined || (securityKey.test(key) && !jwtLike.test(key))
      ? []
      : [
          "OS_SECURITY_KEY must be 20 to 256 characters of printable ASCII without spaces and commas, and not in " +
            "the form of a JWT; it is something else",
        ]),
    ...(file === undefined ? [] : problemWithFile("API_KEYS_FILE", file)),
    ...tokens.problems,
  ];
  const resource = resourceOf(tokens.value);
  const value: Authentication = {
    ...((key !== undefined || file !== undefined) && { apiKey: apiKeyOptions(key, file) }),
    ...(tokens.value && { jwt: tokens.value }),
    ...(resource && { resource }),
  };
  return { value, problems };
}

/** Tells a user interface what to ask its user for: tokens, where they are taken. */
export function authModeOf({ jwt, apiKey }: Authentication): AuthMode {
  if (jwt) return "jwt";
  return apiKey ? "security_key" : "none";
}

function apiKeyOptions(key: string | undefined, file: string | undefined): ApiKeyOptions {
  return {
    ...(file !== undefined && { file }),
    // The layer hashes the key at once, and compares hashes in constant time. It may have any form.
    ...(key !== undefined && {
      keys: [{ id: "os-security-key", key, scopes: [ADMIN_SCOPE] }],
      format: "any" as const,
    }),
  };
}

/** An audience that is a URL is what RFC 9728 calls the identifier of the resource. */
function resourceOf(jwt: JwtOptions | undefined): ProtectedResource | undefined {
  const resource = [jwt?.audience ?? []].flat().find(isResource);
  if (resource === undefined) return undefined;
  const authorizationServers = [jwt?.issuer ?? []].flat().filter(isSecureUrl);
  return { resource, authorizationServers, scopesSupported: scopes, name: "Enfilade agent server" };
}

function isResource(audience: unknown): audience is string {
  return isSecureUrl(audience) && !/[?#@]/.test(audience);
}
