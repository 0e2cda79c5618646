import type { KeyObject } from "node:crypto";

/** Every algorithm that a token may be signed with. */
export type Algorithm =
  | "HS256"
  | "HS384"
  | "HS512"
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "EdDSA";

/** A closed list: what is not here is refused before any key is looked for. */
export const ALGORITHMS: readonly Algorithm[] = [
  "HS256",
  "HS384",
  "HS512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
];

const known: ReadonlySet<unknown> = new Set(ALGORITHMS);
const CURVES: Readonly<Record<string, Algorithm>> = {
  prime256v1: "ES256",
  secp384r1: "ES384",
  secp521r1: "ES512",
};

/** Tells whether something is the name of an algorithm, in exactly this spelling. */
export function isAlgorithm(value: unknown): value is Algorithm {
  return known.has(value);
}

/** Gives the algorithms that a public key can be used with: one, but for RSA. */
export function algorithmsOf(key: KeyObject): readonly Algorithm[] {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return ALGORITHMS.filter((name) => name.startsWith("RS") || name.startsWith("PS"));
    case "ec": {
      const algorithm = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ""];
      return algorithm === undefined ? [] : [algorithm];
    }
    case "ed25519":
    case "ed448":
      return ["EdDSA"];
    default:
      return [];
  }
}

/** RFC 7518, section 3.2: a secret is no shorter than the hash. */
export function secretBytes(algorithm: Algorithm): number {
  return Number(algorithm.slice(2)) / 8;
}
