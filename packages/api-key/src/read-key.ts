import { bearerToken, isRepeated, takeQueryParameter } from "@enfilade/auth";
import type { FastifyRequest } from "fastify";
import { API_KEY_INVALID } from "./errors.ts";
import { hasPrefix } from "./key.ts";
import type { ResolvedOptions } from "./options.ts";

/** A key as it was sent. */
export interface SentKey {
  readonly text: string;
  /** Whether it may be a token of somebody else's: nobody but us reads our header and our parameter. */
  readonly shared: boolean;
}

// Node joins a header that was sent twice by a comma, so a comma is no part of a key.
const KEY = /^[\x21-\x2b\x2d-\x7e]+$/;

type Settings = Pick<
  ResolvedOptions,
  "sources" | "header" | "query" | "keyPrefix" | "format" | "maxLength"
>;

/**
 * Finds the key in a request, in the first source that has one; an error for a bearer token that is not
 * ours, `null` where there is none.
 *
 * @throws `API_KEY_INVALID` when it is empty, too long, sent twice, or holds what no key does.
 */
export function readKey(request: FastifyRequest, settings: Settings): SentKey | Error | null {
  // Taken out of the URL even when another source decides.
  const inQuery = settings.sources.includes("query") ? takeKey(request, settings.query) : undefined;
  for (const source of settings.sources) {
    const text =
      source === "header"
        ? request.headers[settings.header]
        : source === "bearer"
          ? readBearer(request)
          : inQuery;
    if (text === undefined) continue;
    const shared = source === "bearer";
    if (shared && typeof text === "string" && isForeign(text, settings))
      return new API_KEY_INVALID();
    if (typeof text !== "string" || text.length > settings.maxLength || !KEY.test(text)) {
      throw new API_KEY_INVALID();
    }
    return { text, shared };
  }
  return null;
}

function readBearer(request: FastifyRequest): string | undefined {
  if (request.headers.authorization === undefined) return undefined;
  if (isRepeated(request.raw, "authorization")) throw new API_KEY_INVALID();
  return bearerToken(request);
}

function takeKey(request: FastifyRequest, name: string): string | undefined {
  try {
    return takeQueryParameter(request, name);
  } catch {
    // Sent twice: one answer for all that is no key.
    throw new API_KEY_INVALID();
  }
}

/** Tells whether a bearer token is for another authenticator: it has not our prefix, or it is a JWT. */
function isForeign(token: string, { format, keyPrefix }: Settings): boolean {
  if (format === "own") return !hasPrefix(token, keyPrefix);
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
}
