import { createVerifier as createEngine, TokenError } from "fast-jwt";
import { assertClaimTypes, isTypAllowed } from "./claims.ts";
import type { UnverifiedToken } from "./compact.ts";
import { invalid, JWT_EXPIRED } from "./errors.ts";
import type { VerificationKey } from "./key.ts";

/** What tokens are held against. */
export interface Expectations {
  readonly issuer: readonly (string | RegExp)[] | undefined;
  readonly audience: readonly (string | RegExp)[] | undefined;
  readonly requiredClaims: readonly string[];
  readonly clockToleranceSeconds: number;
  readonly maxAgeSeconds: number | undefined;
  readonly typ: string | undefined;
  readonly now: () => number;
}

/** Verifies a token with the keys that may have signed it. */
export type Verify = (
  token: string,
  unverified: UnverifiedToken,
  keys: readonly VerificationKey[],
) => void;

type Engine = (token: string) => unknown;

/**
 * Makes the function that verifies. fast-jwt, the engine of `@fastify/jwt`, checks signature, times, issuer,
 * audience and required claims, one verifier for each key; what it leaves open is checked around it.
 *
 * @throws (the function) `JWT_INVALID` or `JWT_EXPIRED`, whatever the token is.
 */
export function createVerify(expectations: Expectations): Verify {
  const engines = new WeakMap<VerificationKey, Engine>();

  function engineOf(key: VerificationKey): Engine {
    const known = engines.get(key);
    if (known !== undefined) return known;
    const engine = createEngineFor(key, expectations);
    engines.set(key, engine);
    return engine;
  }

  return (token, unverified, keys) => {
    assertClaimTypes(unverified.claims);
    assertYoung(unverified.claims, expectations);
    if (!isTypAllowed(unverified.typ, expectations.typ)) throw invalid("its typ is another");
    let failure: unknown;
    for (const key of keys) {
      try {
        engineOf(key)(token);
        assertTimes(unverified.claims, expectations);
        return;
      } catch (error) {
        failure = error;
      }
    }
    throw refusalOf(failure);
  };
}

function createEngineFor(key: VerificationKey, expectations: Expectations): Engine {
  const { issuer, audience, requiredClaims } = expectations;
  const { algorithm } = key;
  const material = algorithm.startsWith("HS")
    ? key.key.export()
    : key.key.export({ type: "spki", format: "pem" });
  const needed = [...requiredClaims, ...(issuer ? ["iss"] : []), ...(audience ? ["aud"] : [])];
  return createEngine({
    key: material,
    algorithms: [algorithm],
    requiredClaims: needed,
    // Times are checked here, by a clock that tests can hold.
    ignoreExpiration: true,
    ignoreNotBefore: true,
    cache: false,
    ...(issuer !== undefined && { allowedIss: [...issuer] }),
    ...(audience !== undefined && { allowedAud: [...audience] }),
  });
}

type Claims = UnverifiedToken["claims"];

/** Runs after the signature was verified: `JWT_EXPIRED` tells of a token that was good. */
function assertTimes({ exp, nbf }: Claims, { now, clockToleranceSeconds }: Expectations): void {
  const seconds = now() / 1000;
  if (typeof nbf === "number" && nbf - clockToleranceSeconds > seconds) {
    throw invalid("it is not valid yet");
  }
  // RFC 7519, section 4.1.4: on or after this time it is expired.
  if (typeof exp === "number" && exp + clockToleranceSeconds <= seconds) throw new JWT_EXPIRED();
}

function assertYoung({ iat }: Claims, expectations: Expectations): void {
  const { maxAgeSeconds, clockToleranceSeconds, now } = expectations;
  if (maxAgeSeconds === undefined) return;
  const seconds = now() / 1000;
  if (typeof iat !== "number") throw invalid("it does not say when it was issued");
  if (iat + maxAgeSeconds + clockToleranceSeconds <= seconds) throw invalid("it is too old");
  if (iat - clockToleranceSeconds > seconds) throw invalid("it was issued in the future");
}

/** Whatever the engine throws is a refusal: a token cannot make the server fail. */
function refusalOf(failure: unknown): unknown {
  const code = (failure as { code?: unknown } | undefined)?.code;
  if (code === "JWT_EXPIRED" || code === "JWT_INVALID") return failure;
  return invalid(failure instanceof TokenError ? failure.message : "it could not be verified");
}
