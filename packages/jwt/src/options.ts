import { type OptionReader, optionReader, TOKEN } from "@enfilade/layer";
import { ALGORITHMS, type Algorithm, isAlgorithm } from "./algorithms.ts";
import { JWT_INVALID_OPTION } from "./errors.ts";
import { type JwtKey, readKey, type VerificationKey } from "./key.ts";
import { createMatchers, type Expected } from "./matcher.ts";
import type { ClaimNames } from "./principal.ts";
import type { SourceNames, TokenSource } from "./read-token.ts";
import type { Expectations } from "./verify.ts";

/** Keys from a JWK Set. */
export interface JwksOptions {
  /** https, or http on loopback. Never taken from a token. */
  readonly url?: string;
  /** In place of a URL: a file, read again when it changes. */
  readonly file?: string;
  /** How often the file is looked at. @defaultValue 2_000 */
  readonly fileIntervalMs?: number;
  /** After what time the keys are fetched again. @defaultValue 600 */
  readonly refreshSeconds?: number;
  /** How long after a fetch there is no other, whatever `kid` tokens name. @defaultValue 30 */
  readonly cooldownSeconds?: number;
  /** How long old keys serve while new ones cannot be had; then the answer is 503. @defaultValue 86_400 */
  readonly maxStaleSeconds?: number;
  /** @defaultValue 5_000 */
  readonly timeoutMs?: number;
}

export interface TokenCacheOptions {
  /** @defaultValue 20_000 */
  readonly maxEntries?: number;
  /** How long a token is believed without a look at its signature; never longer than it is valid. @defaultValue 600_000 */
  readonly ttlMs?: number;
}

export interface JwtOptions {
  /** The keys that tokens may be signed with; each is pinned to one algorithm. */
  readonly keys?: readonly JwtKey[];
  /** More keys, from a JWK Set. */
  readonly jwks?: JwksOptions;
  /** The algorithms that keys are used with which name none. @defaultValue all that a key allows, if that is one */
  readonly algorithms?: readonly Algorithm[];
  /** Who may have issued tokens; a pattern matches in full. Tokens of others are left to other authenticators. */
  readonly issuer?: Expected;
  /** Whom tokens must be for: this server. */
  readonly audience?: Expected;
  /** @defaultValue `["exp"]` */
  readonly requiredClaims?: readonly string[];
  /** How far clocks may differ. @defaultValue 5 */
  readonly clockToleranceSeconds?: number;
  /** How old a token may be by its `iat`. @defaultValue as old as its `exp` allows */
  readonly maxAgeSeconds?: number;
  /** The `typ` that tokens must have, such as `"at+jwt"`. @defaultValue none, `"JWT"` or `"at+jwt"` */
  readonly typ?: string;
  /** Where tokens may come from; the first that has one decides. @defaultValue `["header"]` */
  readonly sources?: readonly TokenSource[];
  /** The cookie, for the source `"cookie"`. @defaultValue `"__Host-token"` */
  readonly cookie?: string;
  /** Whether the cookie counts for changes and WebSockets that another site asks for. @defaultValue `false` */
  readonly crossSite?: boolean;
  /** What stands before the token in `Sec-WebSocket-Protocol`. @defaultValue `"bearer"` */
  readonly subprotocol?: string;
  /** The parameter of the query, for GET requests. @defaultValue `"access_token"` */
  readonly query?: string;
  /** Longer tokens are refused unread. @defaultValue 8_192 */
  readonly maxTokenLength?: number;
  /** Which claims mean what. */
  readonly claims?: ClaimNames;
  /** What is remembered of verified tokens; `false` for nothing. */
  readonly cache?: TokenCacheOptions | false;
  /** The time, in milliseconds since the epoch; for tests. @defaultValue `Date.now` */
  readonly now?: () => number;
}

/** The options, checked. */
export interface ResolvedOptions {
  readonly keys: readonly VerificationKey[];
  readonly jwks: (Required<Omit<JwksOptions, "url" | "file">> & JwksOptions) | undefined;
  readonly algorithms: readonly Algorithm[] | undefined;
  readonly expectations: Expectations;
  readonly source: SourceNames;
  readonly maxTokenLength: number;
  readonly claims: Required<ClaimNames>;
  readonly cache: Required<TokenCacheOptions> | undefined;
  readonly now: () => number;
}

export const PACKAGE = "@enfilade/jwt";
const SOURCES: readonly TokenSource[] = ["header", "cookie", "subprotocol", "query"];
const KNOWN = [
  "keys",
  "jwks",
  "algorithms",
  "issuer",
  "audience",
  "requiredClaims",
  "clockToleranceSeconds",
  "maxAgeSeconds",
  "typ",
  "sources",
  "cookie",
  "crossSite",
  "subprotocol",
  "query",
  "maxTokenLength",
  "claims",
  "cache",
  "now",
];
const YEAR = 31_536_000;

/** Refuses an option without showing it: it may be a secret. */
export function refuseOption(option: string, fix: string): never {
  throw new JWT_INVALID_OPTION(PACKAGE, option, "not valid", fix);
}

/**
 * Checks the options.
 *
 * @throws `JWT_INVALID_OPTION`, which never shows a key.
 */
export function resolveOptions(options: JwtOptions): ResolvedOptions {
  const read = optionReader(PACKAGE, JWT_INVALID_OPTION, options, KNOWN);
  const { keys = [], jwks, now = Date.now } = options;
  if (!Array.isArray(keys)) refuseOption("keys", "Give an array of keys.");
  if (keys.length === 0 && jwks === undefined) {
    read.refuse("keys", "Give keys, or jwks: without any no token could be verified.");
  }
  const algorithms = readAlgorithms(read, options.algorithms);
  if (typeof now !== "function") read.refuse("now", "Give a function.");
  const sources = read.strings("sources", ["header"]) as readonly TokenSource[];
  const odd = sources.findIndex((source) => !SOURCES.includes(source));
  if (sources.length === 0 || odd !== -1) {
    read.refuse("sources", `Name one or several of ${SOURCES.join(", ")}.`, odd);
  }
  const name = { pattern: TOKEN, fix: "Give letters and digits." };
  return {
    keys: keys.map((key: JwtKey, index) =>
      readKey(key, algorithms, (field, fix) => {
        throw new JWT_INVALID_OPTION(
          PACKAGE,
          `keys[${index}]${field === "" ? "" : `.${field}`}`,
          "not valid",
          fix,
        );
      }),
    ),
    jwks: jwks === undefined ? undefined : readJwksOptions(read, jwks),
    algorithms,
    expectations: {
      issuer: readExpected(read, "issuer", options.issuer),
      audience: readExpected(read, "audience", options.audience),
      requiredClaims: read.strings("requiredClaims", ["exp"]),
      clockToleranceSeconds: read.integer("clockToleranceSeconds", 5, { min: 0, max: 300 }),
      maxAgeSeconds:
        options.maxAgeSeconds === undefined
          ? undefined
          : read.integer("maxAgeSeconds", 0, { min: 1, max: YEAR }),
      typ: options.typ === undefined ? undefined : read.string("typ", ""),
      now,
    },
    source: {
      sources,
      cookie: read.string("cookie", "__Host-token", name),
      crossSite: read.boolean("crossSite", false),
      subprotocol: read.string("subprotocol", "bearer", name),
      query: read.string("query", "access_token", { ...name, pattern: /[\w-]+/ }),
    },
    maxTokenLength: read.integer("maxTokenLength", 8_192, { min: 64, max: 65_536 }),
    claims: readClaims(read, options.claims),
    cache: options.cache === false ? undefined : readCache(read),
    now,
  };
}

function readAlgorithms(
  read: OptionReader,
  given: JwtOptions["algorithms"],
): JwtOptions["algorithms"] {
  if (given === undefined) return undefined;
  const wrong = Array.isArray(given) ? given.findIndex((one) => !isAlgorithm(one)) : undefined;
  if (wrong === -1) return given;
  return read.refuse("algorithms", `Give an array of ${ALGORITHMS.join(", ")}.`, wrong);
}

function readExpected(
  read: OptionReader,
  option: "issuer" | "audience",
  given: Expected | undefined,
) {
  if (given === undefined) return undefined;
  const list = [given].flat();
  const wrong = list.findIndex((one) => !(one instanceof RegExp) && !isFilled(one));
  return wrong === -1 && list.length > 0
    ? createMatchers(given)
    : read.refuse(option, "Give texts or patterns, one or several.", wrong);
}

function isFilled(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function readJwksOptions(outer: OptionReader, given: JwksOptions) {
  const known = [
    "url",
    "file",
    "fileIntervalMs",
    "refreshSeconds",
    "cooldownSeconds",
    "maxStaleSeconds",
    "timeoutMs",
  ];
  const read = outer.inside("jwks", known);
  const { url, file } = given;
  if ((url === undefined) === (file === undefined)) read.refuse("url", "Give a url or a file.");
  if (url !== undefined && !isSecure(url)) {
    read.refuse("url", "Give an https URL; http only on loopback.");
  }
  if (file !== undefined) read.string("file", "");
  const seconds = { min: 1, max: YEAR };
  return {
    ...given,
    fileIntervalMs: read.integer("fileIntervalMs", 2_000, { min: 1, max: 86_400_000 }),
    refreshSeconds: read.integer("refreshSeconds", 600, seconds),
    cooldownSeconds: read.integer("cooldownSeconds", 30, seconds),
    maxStaleSeconds: read.integer("maxStaleSeconds", 86_400, seconds),
    timeoutMs: read.integer("timeoutMs", 5_000, { min: 1, max: 60_000 }),
  };
}

function isSecure(text: unknown): boolean {
  if (typeof text !== "string" || !URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  return protocol === "https:" || (protocol === "http:" && loopback);
}

function readClaims(outer: OptionReader, given: ClaimNames = {}): Required<ClaimNames> {
  const known = ["id", "scopes", "userId", "sessionId", "dependencies", "sessionState"];
  const read = outer.inside("claims", known);
  const oneOrMany = (option: "dependencies" | "sessionState", fallback: string) =>
    Array.isArray(given[option]) ? read.strings(option, []) : read.string(option, fallback);
  return {
    id: read.string("id", "sub"),
    scopes: read.strings("scopes", ["scope", "scopes", "scp"]),
    userId: read.string("userId", "sub"),
    sessionId: read.string("sessionId", "session_id"),
    dependencies: oneOrMany("dependencies", "dependencies"),
    sessionState: oneOrMany("sessionState", "session_state"),
  };
}

function readCache(outer: OptionReader): Required<TokenCacheOptions> {
  const read = outer.inside("cache", ["maxEntries", "ttlMs"]);
  return {
    maxEntries: read.integer("maxEntries", 20_000, { min: 2, max: 10_000_000 }),
    ttlMs: read.integer("ttlMs", 600_000, { min: 1, max: 86_400_000 }),
  };
}
