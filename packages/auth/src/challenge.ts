import type { FastifyRequest } from "fastify";
import { createScopeList, type ScopeList } from "./scope-state.ts";

/** How a client is asked for credentials (RFC 9110, section 11.6.1). */
export interface Challenge {
  /** The authentication scheme: `"Bearer"`. */
  readonly scheme: string;
  readonly params?: Readonly<Record<string, string>>;
}

/** Gives the URL of the metadata for the resource that a path belongs to (RFC 9728). */
export type MetadataLookup = (path: string) => string | undefined;

/** The protected resources that a scope describes. */
export const metadataLookups: ScopeList<MetadataLookup> =
  createScopeList<MetadataLookup>("metadata");

// What may stand in a quoted string of these parameters: RFC 6750, section 3.
const QUOTABLE = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,512}$/;

/**
 * Writes one challenge. A parameter that could not stand between quotes is left out: a header that a
 * request could write into must not exist.
 * @example
 * ```ts
 * formatChallenge({ scheme: "Bearer", params: { error: "invalid_token" } }); // Bearer error="invalid_token"
 * ```
 */
export function formatChallenge({ scheme, params = {} }: Challenge): string {
  const written = Object.entries(params)
    .filter(([, value]) => QUOTABLE.test(value))
    .map(([name, value]) => `${name}="${value}"`);
  return written.length === 0 ? scheme : `${scheme} ${written.join(", ")}`;
}

/** Gives the parameters of every `Bearer` challenge in the scope of a request. */
export function bearerParams(request: FastifyRequest): Record<string, string> {
  const { url } = request;
  const query = url.indexOf("?");
  const path = query < 0 ? url : url.slice(0, query);
  for (const lookup of metadataLookups.along(request.server).reverse()) {
    const found = lookup(path);
    if (found !== undefined) return { resource_metadata: found };
  }
  return {};
}

/** Gives the `error` of RFC 6750, section 3.1, for a status. */
export function bearerError(status: number | undefined): string {
  if (status === 400) return "invalid_request";
  return status === 403 ? "insufficient_scope" : "invalid_token";
}
