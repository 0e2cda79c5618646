import { isBareKey } from "@enfilade/jwt";

const publicKeyText = /^(ssh-|ecdsa-|\{)/;
const url = /^[a-z][a-z\d+.-]*:\/\//i;
/** No secret in base64 has a dot. */
const fileName = /^[\w.~:/\\-]+\.(pem|key|pub|der|crt|cer|jwks?|json|txt)$/i;

/**
 * Tells whether a text is no secret, whatever its length: a public key, as some issuers show it, or where one is.
 * Taken for a secret, it would let everybody who knows it sign tokens.
 */
export function isKnownToOthers(text: string): boolean {
  const trimmed = text.trim();
  const isNamed = [publicKeyText, url, fileName].some((pattern) => pattern.test(trimmed));
  return isNamed || isBareKey(Buffer.from(trimmed));
}
