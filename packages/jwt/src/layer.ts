import { createAuthenticator, type Principal, type Verdict } from "@enfilade/auth";
import { defineLayer, type Layer } from "@enfilade/layer";
import type { FastifyRequest } from "fastify";
import { isCompact, parseCompact, type UnverifiedToken } from "./compact.ts";
import { invalid } from "./errors.ts";
import type { VerificationKey } from "./key.ts";
import { openKeys } from "./keys.ts";
import { matches } from "./matcher.ts";
import { type JwtOptions, PACKAGE, resolveOptions } from "./options.ts";
import { createPrincipal } from "./principal.ts";
import { readToken } from "./read-token.ts";
import { createTokenCache } from "./token-cache.ts";
import { createVerify } from "./verify.ts";

/**
 * Finds out who is calling by a JSON Web Token, held to RFC 8725. Every token that does not hold is a 401,
 * never a 500. A token of another issuer, or of a key that is not known here, is left to other authenticators.
 *
 * @throws `JWT_INVALID_OPTION` (on registration) when an option or a key is not valid.
 * @example
 * ```ts
 * await app.register(jwt, {
 *   jwks: { url: "https://login.example/.well-known/jwks.json" },
 *   issuer: "https://login.example",
 *   audience: "https://api.example",
 * });
 * await app.register(auth);
 * ```
 */
export const jwt: Layer<JwtOptions> = defineLayer<JwtOptions>({
  name: "jwt",
  place: "authenticate",
  provides: ["principal"],
  // The cheaper question first; and the same order whoever is registered first.
  after: ["api-key?"],
  plugin: { name: "@enfilade/jwt" },
  setup(app, options) {
    const settings = resolveOptions(options);
    const { source, maxTokenLength, expectations, claims: names } = settings;
    const { issuer } = expectations;
    const keys = openKeys(app, settings);
    const cache = createTokenCache(settings, keys);
    const verify = createVerify(expectations);

    /** Believes a token once a key has verified it. */
    function conclude(
      token: string,
      unverified: UnverifiedToken,
      found: readonly VerificationKey[],
      request: FastifyRequest,
    ): Verdict {
      if (found.length === 0) return doubt(request, "no key of ours has signed it");
      try {
        verify(token, unverified, found);
        const principal: Principal = createPrincipal(unverified.claims, names);
        cache?.set(token, principal);
        return principal;
      } catch (error) {
        note(request, error);
        throw error;
      }
    }

    function authenticate(request: FastifyRequest): Verdict | Promise<Verdict> {
      const token = readToken(request, source);
      if (token === undefined) return null;
      if (token.length > maxTokenLength || !isCompact(token)) {
        return doubt(request, "it is no JWT, or too long");
      }
      const known = cache?.get(token);
      if (known !== undefined) return known;
      let unverified: UnverifiedToken;
      try {
        unverified = parseCompact(token);
      } catch (error) {
        note(request, error);
        throw error;
      }
      const { claims, kid, algorithm } = unverified;
      if (issuer !== undefined && !matches(issuer, claims.iss)) {
        return doubt(request, "its issuer is another");
      }
      const found = keys.find(kid, algorithm);
      return found instanceof Promise
        ? found.then((some) => conclude(token, unverified, some, request))
        : conclude(token, unverified, found, request);
    }

    return createAuthenticator(app, {
      kind: "jwt",
      challenge: { scheme: "Bearer" },
      authenticate,
      findings: () =>
        source.sources.includes("query")
          ? [
              {
                code: "JWT_IN_QUERY",
                severity: "warning",
                where: PACKAGE,
                why: "tokens may come in the query, where proxies, browsers and logs keep them",
                fix: 'Use "subprotocol" for WebSockets, or give such tokens a life of seconds.',
              },
            ]
          : [],
    });
  },
});

/** Says in the log why; the client learns no more than it must. */
function note(request: FastifyRequest, error: unknown): void {
  const reason = (error as Error).cause ?? (error as Error).message;
  request.log.debug({ reason }, "a token was refused");
}

/** Leaves a token to others, with the answer to give if it is nobody's. */
function doubt(request: FastifyRequest, reason: string): Error {
  const error = invalid(reason);
  note(request, error);
  return error;
}
