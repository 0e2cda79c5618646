import { REDACTED, redactByForm, type Secrets } from "./secrets.ts";

/** Where parameters begin and end: the query, its parts, matrix parameters, a fragment that somebody sent. */
const DELIMITER = /[?&;#]/;
const DELIMITERS = /([?&;#])/;
/** Without any of these there is nothing to look for. */
const SUSPICIOUS = /[?&;#@ ]|eyJ/;
/** Addresses inside of parameters, such as a `redirect_uri`, are looked through this many times. */
const MAX_DEPTH = 2;

/**
 * Takes the secrets out of a request's target: values of parameters whose names stand for secrets, a user
 * and password in front of a host, JSON Web Tokens anywhere. All else stays as the client sent it.
 */
export function redactUrl(url: string, secrets: Secrets, depth = 0): string {
  if (!SUSPICIOUS.test(url)) return url;
  const open = redactByForm(withoutUserinfo(url));
  if (!DELIMITER.test(open)) return open;
  // Every second piece is a delimiter; the first is the path.
  return open
    .split(DELIMITERS)
    .map((piece, index) => (index > 0 ? redactParameter(piece, secrets, depth) : piece))
    .join("");
}

/** Redacts the pairs of a form or of a query without its question mark. */
export function redactPairs(text: string, secrets: Secrets): string {
  return redactUrl(`?${text}`, secrets).slice(1);
}

/** A parameter of an address in the middle of a text, as in "Route GET:/?token=… not found". */
const PARAMETER_IN_TEXT = /([?&])([^\s?&=#"'<>\\]{1,128})=[^\s&"'<>\\]+/g;

/** Takes out of any text what shows that it is a secret: by its form, or by its name in an address. */
export function redactText(text: string, secrets: Secrets): string {
  return redactByForm(text).replace(PARAMETER_IN_TEXT, (pair, delimiter: string, name: string) =>
    secrets.isSecretParameter(decode(name)) ? `${delimiter}${name}=${REDACTED}` : pair,
  );
}

function redactParameter(piece: string, secrets: Secrets, depth: number): string {
  const equals = piece.indexOf("=");
  if (equals === -1) return piece;
  const name = piece.slice(0, equals);
  if (secrets.isSecretParameter(decode(name))) return `${name}=${REDACTED}`;
  const value = decode(piece.slice(equals + 1));
  if (depth === MAX_DEPTH || !value.includes("=")) return piece;
  const inner = redactUrl(value, secrets, depth + 1);
  return inner === value ? piece : `${name}=${encode(inner)}`;
}

/** Of an absolute form, `http://user:password@host/`, or of a `//user@host/` without a scheme. */
function withoutUserinfo(url: string): string {
  if (!url.includes("@")) return url;
  return url.replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/?#]*@/i, "$1//");
}

/** Decodes what is well-formed, byte by byte, and never throws: names of secrets are ASCII. */
function decode(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  return text
    .replaceAll("+", " ")
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Half a surrogate pair has no encoding, and would be an error. */
function encode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, "?"));
}
