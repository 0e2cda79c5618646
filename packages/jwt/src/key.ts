import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { type Algorithm, algorithmsOf, isAlgorithm, secretBytes } from "./algorithms.ts";
import { isBareKey } from "./bare-key.ts";

/** A shared secret. */
export interface SecretKey {
  /** 32 bytes or more; text counts as UTF-8. */
  readonly secret: string | Uint8Array;
  /** @defaultValue `"HS256"` */
  readonly algorithm?: "HS256" | "HS384" | "HS512";
  readonly kid?: string;
}

/** A public key: PEM (a key or a certificate), or a `KeyObject`. */
export interface PublicKey {
  readonly publicKey: string | KeyObject;
  /** Needed for RSA, where several would do; other keys know theirs. */
  readonly algorithm?: Algorithm;
  readonly kid?: string;
}

/** A JSON Web Key (RFC 7517), with its `alg` or one that follows from its kind. */
export interface WebKey {
  readonly jwk: Readonly<Record<string, unknown>>;
}

export type JwtKey = SecretKey | PublicKey | WebKey;

/** A key with the one algorithm that it verifies. */
export interface VerificationKey {
  readonly kid: string | undefined;
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
}

/** Says what is wrong with a key, and how to put it right; the key itself is never shown. */
export type RefuseKey = (field: string, fix: string) => never;

/** Makes a key ready, and refuses what could be used in another way than was meant. */
export function readKey(
  given: JwtKey,
  algorithms: readonly Algorithm[] | undefined,
  refuse: RefuseKey,
): VerificationKey {
  if (typeof given !== "object" || given === null) {
    return refuse("", "Give { secret }, { publicKey } or { jwk }.");
  }
  const forms = ["secret", "publicKey", "jwk"].filter((form) => form in given);
  if (forms.length !== 1) return refuse("", "Give one of secret, publicKey and jwk.");
  const known = [forms[0], "algorithm", "kid"];
  const odd = Object.keys(given).find((field) => !known.includes(field));
  if (odd !== undefined) return refuse(odd, `It is unknown; use ${known.join(", ")}.`);
  if ("jwk" in given) return readJwk(given.jwk, algorithms, refuse);
  const { kid } = given;
  if (kid !== undefined && (typeof kid !== "string" || kid === "")) {
    return refuse("kid", "Give a string that is not empty.");
  }
  if ("secret" in given) {
    const { secret, algorithm = "HS256" } = given;
    return { kid, algorithm, key: readSecret(secret, algorithm, refuse) };
  }
  const key = readPublicKey(given.publicKey, refuse);
  return { kid, algorithm: chooseAlgorithm(key, given.algorithm, algorithms, refuse), key };
}

/** Makes a key of a JWK; only `oct`, where secrets are allowed at all, is a secret. */
export function readJwk(
  jwk: unknown,
  algorithms: readonly Algorithm[] | undefined,
  refuse: RefuseKey,
): VerificationKey {
  if (typeof jwk !== "object" || jwk === null || Array.isArray(jwk)) {
    return refuse("jwk", "Give a JSON Web Key.");
  }
  const { kid, alg, kty, use, key_ops: operations, k } = jwk as Record<string, unknown>;
  if (kid !== undefined && typeof kid !== "string") return refuse("jwk.kid", "Give a string.");
  if (alg !== undefined && !isAlgorithm(alg)) return refuse("jwk.alg", "Give a known algorithm.");
  if (use !== undefined && use !== "sig")
    return refuse("jwk.use", "The key is not for signatures.");
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) {
    return refuse("jwk.key_ops", "The key is not for verifying.");
  }
  if (kty === "oct") {
    if (alg === undefined || !alg.startsWith("HS")) {
      return refuse("jwk.alg", "Name the algorithm: HS256, HS384 or HS512.");
    }
    if (typeof k !== "string") return refuse("jwk.k", "Give the secret.");
    return { kid, algorithm: alg, key: readSecret(Buffer.from(k, "base64url"), alg, refuse) };
  }
  let key: KeyObject;
  try {
    key = createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
  } catch {
    return refuse("jwk", "It is no valid public key.");
  }
  assertStrong(key, refuse);
  return { kid, algorithm: chooseAlgorithm(key, alg, algorithms, refuse), key };
}

function readSecret(secret: unknown, algorithm: Algorithm, refuse: RefuseKey): KeyObject {
  if (!isAlgorithm(algorithm) || !algorithm.startsWith("HS")) {
    return refuse("algorithm", "A secret verifies HS256, HS384 or HS512.");
  }
  if (typeof secret !== "string" && !(secret instanceof Uint8Array)) {
    return refuse("secret", "Give a string or bytes.");
  }
  const bytes = Buffer.from(secret);
  // A public key taken for a secret is known to everybody: whoever has it could sign (CVE-2023-48223 and after).
  if (/-----BEGIN|"kty"\s*:/.test(bytes.toString("latin1")) || isBareKey(bytes)) {
    return refuse("secret", "It is a key of another kind; give it as publicKey or jwk.");
  }
  if (bytes.length < secretBytes(algorithm)) {
    return refuse("secret", `Give ${secretBytes(algorithm)} random bytes or more.`);
  }
  return createSecretKey(bytes);
}

function readPublicKey(given: unknown, refuse: RefuseKey): KeyObject {
  let key: KeyObject;
  try {
    key = typeof given === "string" ? createPublicKey(given.trim()) : (given as KeyObject);
  } catch {
    return refuse("publicKey", "Give a public key or a certificate in PEM.");
  }
  const isPrivate = typeof given === "string" && given.includes("PRIVATE KEY");
  if (isPrivate || key?.type !== "public") {
    return refuse("publicKey", "Give the public key; whoever verifies needs no other.");
  }
  assertStrong(key, refuse);
  return key;
}

function assertStrong(key: KeyObject, refuse: RefuseKey): void {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  // RFC 7518, section 3.3.
  if (bits !== undefined && bits < 2048) refuse("", "An RSA key has 2048 bits or more.");
  if (algorithmsOf(key).length === 0) {
    refuse("", "Use RSA, P-256, P-384, P-521, Ed25519 or Ed448.");
  }
}

/** Pins a key to one algorithm: its own, the one that it allows, or the one of the options that it allows. */
function chooseAlgorithm(
  key: KeyObject,
  own: unknown,
  algorithms: readonly Algorithm[] | undefined,
  refuse: RefuseKey,
): Algorithm {
  const possible = algorithmsOf(key);
  if (own !== undefined) {
    const named = possible.find((algorithm) => algorithm === own);
    return named ?? refuse("algorithm", `The key verifies ${possible.join(", ")}.`);
  }
  const wanted = algorithms?.filter((algorithm) => possible.includes(algorithm)) ?? possible;
  const [only, ...others] = wanted;
  return only !== undefined && others.length === 0
    ? only
    : refuse("algorithm", "Name it: a token must not choose among several.");
}
