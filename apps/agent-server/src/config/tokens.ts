import { createPublicKey, type KeyObject } from "node:crypto";
import type { Algorithm, JwtKey, JwtOptions } from "@enfilade/jwt";
import { problemWithFile } from "./files.ts";
import { isKnownToOthers } from "./known-to-others.ts";
import { type Environment, listOf, type Reading, setIn } from "./problems.ts";
import { isSecureUrl } from "./secure-url.ts";

const secretAlgorithms = ["HS256", "HS384", "HS512"] as const;
const keyAlgorithms = [
  ...(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const),
  ...(["ES256", "ES384", "ES512", "EdDSA"] as const),
];
const algorithms: readonly Algorithm[] = [...secretAlgorithms, ...keyAlgorithms];

/** What a key of a JWK Set is used with that names no algorithm: one for each kind of key. */
const usual: readonly Algorithm[] = ["RS256", "ES256", "ES384", "ES512", "EdDSA"];

/** Reads how tokens are verified; `value` is absent where none are. */
export function readTokens(env: Environment): Reading<JwtOptions | undefined> {
  const problems: string[] = [];
  const named = setIn(env, "JWT_ALGORITHM")?.trim();
  const algorithm = algorithms.find((known) => known === named);
  if (named !== undefined && algorithm === undefined) {
    const received = JSON.stringify(named);
    problems.push(`JWT_ALGORITHM must be one of ${algorithms.join(", ")}; it is ${received}`);
  }
  const key = readKey(setIn(env, "JWT_VERIFICATION_KEY"), algorithm);
  const jwks = readKeySet(env);
  problems.push(...key.problems, ...jwks.problems);

  const audience = setIn(env, "JWT_AUDIENCE");
  const issuer = setIn(env, "JWT_ISSUER");
  if (!setIn(env, "JWT_VERIFICATION_KEY") && jwks.value === undefined) {
    const alone = ["JWT_ALGORITHM", "JWT_AUDIENCE", "JWT_ISSUER"].filter((name) =>
      setIn(env, name),
    );
    if (alone.length > 0) {
      problems.push(
        `${alone.join(" and ")} is set without a key; set JWT_VERIFICATION_KEY, JWT_JWKS_URL or JWT_JWKS_FILE`,
      );
    }
    return { value: undefined, problems };
  }
  for (const [name, text] of Object.entries({ JWT_AUDIENCE: audience, JWT_ISSUER: issuer })) {
    if (text !== undefined && listOf(text).length === 0) problems.push(`${name} names nobody`);
  }
  const value: JwtOptions = {
    keys: key.value,
    algorithms: algorithm === undefined ? usual : [algorithm],
    ...(jwks.value && { jwks: jwks.value }),
    ...(audience !== undefined && { audience: listOf(audience) }),
    ...(issuer !== undefined && { issuer: listOf(issuer) }),
  };
  return { value, problems };
}

function readKeySet(env: Environment): Reading<JwtOptions["jwks"] | undefined> {
  const url = setIn(env, "JWT_JWKS_URL")?.trim();
  const file = setIn(env, "JWT_JWKS_FILE");
  const problems = file === undefined ? [] : problemWithFile("JWT_JWKS_FILE", file);
  if (url !== undefined && !isSecureUrl(url)) {
    problems.push(
      `JWT_JWKS_URL must be an https URL, or http on loopback; it is ${JSON.stringify(url)}`,
    );
  }
  if (url !== undefined && file !== undefined) {
    problems.push("JWT_JWKS_URL and JWT_JWKS_FILE are both set; keep one of them");
  }
  const value = url !== undefined ? { url } : file !== undefined ? { file } : undefined;
  return { value, problems };
}

/** A text with a PEM header is a public key, anything else a secret. */
function readKey(text: string | undefined, algorithm: Algorithm | undefined): Reading<JwtKey[]> {
  if (text === undefined) return { value: [], problems: [] };
  // A file of variables has one line for each: the line breaks of a PEM are written \n there.
  return text.includes("-----BEGIN")
    ? readPublicKey(text.replaceAll("\\n", "\n"), algorithm)
    : readSecret(text, algorithm);
}

function readSecret(secret: string, named: Algorithm | undefined): Reading<JwtKey[]> {
  const algorithm = secretAlgorithms.find((known) => known === (named ?? "HS256"));
  if (algorithm === undefined) {
    const problem = `JWT_VERIFICATION_KEY must be a public key in PEM for ${named}; it is a secret`;
    return { value: [], problems: [problem] };
  }
  if (isKnownToOthers(secret)) {
    const problem =
      "JWT_VERIFICATION_KEY must be a secret, or a public key in PEM; it is what others know too: a public key " +
      "without its lines BEGIN and END, a JWK, a URL, or the name of a file";
    return { value: [], problems: [problem] };
  }
  const bytes = Number(algorithm.slice(2)) / 8;
  if (Buffer.byteLength(secret) < bytes) {
    const problem = `JWT_VERIFICATION_KEY must be a secret of ${bytes} bytes or more, or a public key in PEM; it is shorter`;
    return { value: [], problems: [problem] };
  }
  return { value: [{ secret, algorithm }], problems: [] };
}

function readPublicKey(pem: string, named: Algorithm | undefined): Reading<JwtKey[]> {
  const refused = (problem: string): Reading<JwtKey[]> => ({
    value: [],
    problems: [`JWT_VERIFICATION_KEY ${problem}`],
  });
  if (pem.includes("PRIVATE KEY")) {
    return refused("must be the public key; it is a private one, which belongs to the issuer");
  }
  let key: KeyObject;
  try {
    key = createPublicKey(pem.trim());
  } catch {
    return refused("must be a public key or a certificate in PEM; it cannot be read as one");
  }
  const isRsa = key.asymmetricKeyType === "rsa";
  // Other keys than RSA know the one algorithm that they are for.
  const algorithm = named ?? (isRsa ? "RS256" : undefined);
  if (algorithm !== undefined && isRsa !== /^[RP]S/.test(algorithm)) {
    return refused(`must be a key for ${algorithm}; it is of another kind`);
  }
  return { value: [{ publicKey: key, ...(algorithm && { algorithm }) }], problems: [] };
}
