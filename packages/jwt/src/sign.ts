import { createPrivateKey, type JsonWebKey, type KeyObject, randomUUID } from "node:crypto";
import { createSigner as createEngine } from "fast-jwt";
import { type Algorithm, algorithmsOf, isAlgorithm, secretBytes } from "./algorithms.ts";
import { JWT_INVALID_OPTION } from "./errors.ts";

/** With what tokens are signed, and what they all say. */
export interface SignerOptions {
  /** A secret, of 32 bytes or more, or a private key: PEM, a `KeyObject` or a JWK. */
  readonly key: string | Uint8Array | KeyObject | Readonly<Record<string, unknown>>;
  /** @defaultValue `"HS256"` for a secret; what the key allows, if that is one */
  readonly algorithm?: Algorithm;
  readonly kid?: string;
  readonly issuer?: string;
  readonly audience?: string | readonly string[];
  /** @defaultValue 300 */
  readonly expiresInSeconds?: number;
  /** @defaultValue `"JWT"` */
  readonly typ?: string;
  /** The time, in milliseconds since the epoch; for tests. @defaultValue `Date.now` */
  readonly now?: () => number;
}

/** Signs claims; `iat`, `exp`, `jti`, `iss` and `aud` are added unless they are there. */
export type Sign = (claims: Readonly<Record<string, unknown>>) => string;

/**
 * Makes a function that signs tokens, for tests and for services that call others. Every token expires.
 *
 * @throws `JWT_INVALID_OPTION` when the key or an option is not valid.
 * @example
 * ```ts
 * const sign = createSigner({ key: process.env.JWT_SECRET, audience: "https://api.example" });
 * const token = sign({ sub: "ann", scope: "agents:run" });
 * ```
 */
export function createSigner(options: SignerOptions): Sign {
  const { kid, issuer, audience, expiresInSeconds = 300, typ = "JWT", now = Date.now } = options;
  if (!Number.isInteger(expiresInSeconds) || expiresInSeconds < 1) {
    refuse("expiresInSeconds", "Give a whole number of seconds, one or more.");
  }
  const { key, algorithm } = readSigningKey(options);
  const engine = createEngine({
    key,
    algorithm,
    header: { alg: algorithm, typ },
    ...(kid !== undefined && { kid }),
  });
  return (claims) => {
    const iat = Math.floor(now() / 1000);
    return engine({
      iat,
      exp: iat + expiresInSeconds,
      jti: randomUUID(),
      ...(issuer !== undefined && { iss: issuer }),
      ...(audience !== undefined && { aud: audience }),
      ...claims,
    });
  };
}

function readSigningKey({ key, algorithm }: SignerOptions): {
  key: string | Buffer;
  algorithm: Algorithm;
} {
  if (algorithm !== undefined && !isAlgorithm(algorithm)) refuse("algorithm", "It is not known.");
  const isText = typeof key === "string" && !key.includes("-----BEGIN");
  if (isText || key instanceof Uint8Array) {
    const bytes = Buffer.from(key);
    const chosen = algorithm ?? "HS256";
    if (!chosen.startsWith("HS")) refuse("algorithm", "A secret signs HS256, HS384 or HS512.");
    if (bytes.length < secretBytes(chosen)) {
      refuse("key", `Give ${secretBytes(chosen)} random bytes or more.`);
    }
    return { key: bytes, algorithm: chosen };
  }
  const own = readPrivateKey(key);
  const possible = algorithmsOf(own).filter((one) => algorithm === undefined || one === algorithm);
  const [chosen, ...others] = possible;
  if (chosen === undefined || others.length > 0) {
    return refuse("algorithm", `Name one that the key allows: ${algorithmsOf(own).join(", ")}.`);
  }
  return { key: String(own.export({ type: "pkcs8", format: "pem" })), algorithm: chosen };
}

function readPrivateKey(key: string | KeyObject | Readonly<Record<string, unknown>>): KeyObject {
  try {
    if (typeof key === "string") return createPrivateKey(key);
    if ("kty" in key) return createPrivateKey({ key: key as JsonWebKey, format: "jwk" });
    if ((key as KeyObject).type === "private") return key as KeyObject;
  } catch {
    // Said below: an error of the crypto library may show the key.
  }
  return refuse("key", "Give a secret, or a private key: PEM, a KeyObject or a JWK.");
}

function refuse(option: string, fix: string): never {
  throw new JWT_INVALID_OPTION("@enfilade/jwt, createSigner", option, "not valid", fix);
}
