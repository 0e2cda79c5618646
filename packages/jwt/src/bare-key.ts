import { createPublicKey, X509Certificate } from "node:crypto";

/**
 * Tells whether bytes are a public key or a certificate in DER, as they are or in base64: what is left of PEM without
 * its lines `BEGIN` and `END`, and what some issuers show in place of it. Taken for a secret, it would let everybody
 * who knows it sign tokens: the layer refuses it, and whoever reads secrets from elsewhere can ask beforehand.
 *
 * @example
 * ```ts
 * if (isBareKey(Buffer.from(process.env.JWT_SECRET ?? ""))) throw new Error("JWT_SECRET is a public key");
 * ```
 */
export function isBareKey(bytes: Buffer): boolean {
  return isDer(bytes) || isDer(Buffer.from(bytes.toString("latin1"), "base64"));
}

function isDer(key: Buffer): boolean {
  // All of them are a SEQUENCE; random secrets seldom begin so, and no one is parsed for nothing.
  if (key[0] !== 0x30) return false;
  const readers = [
    () => createPublicKey({ key, format: "der", type: "spki" }),
    () => createPublicKey({ key, format: "der", type: "pkcs1" }),
    () => new X509Certificate(key),
  ];
  return readers.some((read) => {
    try {
      return read() !== undefined;
    } catch {
      return false;
    }
  });
}
