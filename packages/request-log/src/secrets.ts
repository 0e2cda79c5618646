/*
 * Which names stand for secrets. One rule for query parameters, headers, path parameters and JSON fields:
 * a name is compared in lower case, letters and digits only, so that `api_key`, `X-Api-Key` and `apiKey`
 * are one. `max_tokens` and `usage.total_tokens` are numbers that people need, and stay.
 */

/** What stands in a line instead of a secret. */
export const REDACTED = "[redacted]";

const ANYWHERE = [
  "password",
  "passwd",
  "passphrase",
  "secret",
  "authorization",
  "apikey",
  "accesskey",
  "privatekey",
  "credential",
  "cookie",
  "csrf",
  "xsrf",
] as const;
const AT_THE_END = ["token", "signature", "assertion", "jwt", "pwd", "auth"] as const;
const EXACTLY: ReadonlySet<string> = new Set([
  "pass",
  "pin",
  "otp",
  "bearer",
  "sid",
  "jsessionid",
  "phpsessid",
  "samlresponse",
]);
/** Too common elsewhere to be taken for secrets: the codes of OAuth, the keys and signatures of links. */
const IN_QUERIES: ReadonlySet<string> = new Set(["code", "key", "sig", "ticket", "hmac"]);

/** Tells which names stand for secrets. */
export interface Secrets {
  /** For headers, path parameters and fields of bodies. */
  isSecret(name: string): boolean;
  /** For parameters of a query, where more names are. */
  isSecretParameter(name: string): boolean;
}

/** Creates {@link Secrets} out of the rule above and further names. */
export function createSecrets(names: readonly string[]): Secrets {
  const further = new Set(names.map(normalize));
  const isSecretName = (name: string) =>
    EXACTLY.has(name) ||
    further.has(name) ||
    AT_THE_END.some((end) => name.endsWith(end)) ||
    ANYWHERE.some((part) => name.includes(part));
  return {
    isSecret: remembering((name) => isSecretName(normalize(name))),
    isSecretParameter: remembering((name) => {
      const normal = normalize(name);
      return IN_QUERIES.has(normal) || isSecretName(normal);
    }),
  };
}

function normalize(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Names come back in every request; those that a client makes up must not pile up. */
const MAX_REMEMBERED = 512;
const MAX_REMEMBERED_LENGTH = 64;

function remembering(test: (name: string) => boolean): (name: string) => boolean {
  const answers = new Map<string, boolean>();
  return (name) => {
    const known = answers.get(name);
    if (known !== undefined) return known;
    const answer = test(name);
    if (answers.size >= MAX_REMEMBERED) answers.clear();
    if (name.length <= MAX_REMEMBERED_LENGTH) answers.set(name, answer);
    return answer;
  };
}

/** A JSON Web Token: its header begins with `{"`. */
const TOKEN = /eyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)*/g;
/** The credentials of an Authorization header (RFC 9110, section 11.4), which get copied into other places. */
const CREDENTIALS = /\b(Bearer|Basic) +[\w.~+/=-]{6,}/gi;

/** Takes out what shows by its form that it is a secret, whatever its name is. */
export function redactByForm(text: string): string {
  return text.replace(TOKEN, REDACTED).replace(CREDENTIALS, `$1 ${REDACTED}`);
}
