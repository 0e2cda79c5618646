import { isToken, type OptionReader, optionReader } from "@enfilade/layer";
import { CORS_INVALID_OPTION, CORS_UNSAFE_PATTERN } from "./errors.ts";
import { compileRules, type OriginRules } from "./rules.ts";
import type { OriginRule } from "./types.ts";

/** The options of the CORS layer. */
export interface CorsOptions {
  /**
   * The origins whose pages may read the answers: one rule or many, or `"*"` alone for everybody.
   *
   * **Security:** a listed origin is trusted with everything that its visitors may do here, if `credentials` is on;
   * so are all pages of a host that gives subdomains away, if those are listed by a star.
   * @defaultValue nobody
   */
  readonly origin?: OriginRule | readonly OriginRule[];
  /**
   * Whether pages may send cookies, HTTP authentication and client certificates along.
   *
   * **Security:** refused together with an origin that anybody has: `"*"`, `"null"`, a pattern or a function that
   * lets every origin in.
   * @defaultValue `false`
   */
  readonly credentials?: boolean;
  /**
   * The methods that pages may use. `GET`, `HEAD` and `POST` can always be sent.
   * @defaultValue `["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]`
   */
  readonly methods?: readonly string[];
  /**
   * The request headers that pages may send, or `"*"` for whatever a preflight asks for, `Authorization` included.
   * @defaultValue `"*"`
   */
  readonly allowedHeaders?: "*" | readonly string[];
  /**
   * The response headers that pages may read besides the few that they always can. Given on a route, it replaces the
   * list.
   * @defaultValue {@link EXPOSED_HEADERS}: those that the layers of Enfilade emit
   */
  readonly exposedHeaders?: readonly string[];
  /**
   * How long a browser may keep the answer to a preflight; 0 for not at all. Chromium keeps it for 7,200 seconds at
   * most, Firefox for 86,400.
   * @defaultValue `7200`
   */
  readonly maxAgeSeconds?: number;
  /**
   * Whether pages of public sites may reach this server on a private network (the Private Network Access preflight).
   *
   * **Security:** it opens a device or an intranet to pages on the web.
   * @defaultValue `false`
   */
  readonly privateNetwork?: boolean;
  /**
   * Whether a WebSocket upgrade from an origin that is not allowed is refused with 403. Browsers apply no CORS to
   * upgrades, and send cookies with them. Clients without an origin and pages of the server's own host pass.
   * @defaultValue `true`
   */
  readonly checkUpgrades?: boolean;
}

/** What a route may change, in its `config.cors`. */
export type CorsRouteOptions = CorsOptions;

/** The response headers that pages may read unless told otherwise. */
export const EXPOSED_HEADERS: readonly string[] = [
  "ETag",
  "Idempotency-Replayed",
  "Link",
  "Location",
  "Mcp-Session-Id",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  // What the SDKs of model providers go by, in pages too.
  "Retry-After-Ms",
  "Server-Timing",
  "WWW-Authenticate",
  "X-Process-Time-Ms",
  "X-Request-ID",
  "X-Should-Retry",
];

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** What no browser keeps any longer. */
const MAX_AGE_SECONDS = 86_400;

const KNOWN = [
  "origin",
  "credentials",
  "methods",
  "allowedHeaders",
  "exposedHeaders",
  "maxAgeSeconds",
  "privateNetwork",
  "checkUpgrades",
] as const;

/** The options, complete and checked. */
export interface Settings {
  /** Whose options they are, for errors and findings. */
  readonly where: string;
  /** `undefined` for everybody. */
  readonly rules: OriginRules | undefined;
  readonly credentials: boolean;
  /** As they are sent. */
  readonly methods: string;
  /** `null` for whatever a preflight asks for. */
  readonly allowedHeaders: string | null;
  readonly exposedHeaders: string | null;
  readonly maxAgeSeconds: number;
  readonly privateNetwork: boolean;
  readonly checkUpgrades: boolean;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws `CORS_INVALID_OPTION`, `CORS_UNSAFE_PATTERN`
 */
export function resolveOptions(options: CorsOptions, where: string): Settings {
  const read = optionReader(where, CORS_INVALID_OPTION, options, KNOWN);
  const credentials = read.boolean("credentials", false);
  return {
    where,
    rules: readRules(read, options.origin, where),
    credentials,
    methods: readTokens(read, "methods", METHODS).join(", "),
    allowedHeaders:
      options.allowedHeaders === "*"
        ? null
        : options.allowedHeaders === undefined
          ? null
          : readTokens(read, "allowedHeaders", []).join(", "),
    exposedHeaders: readExposed(read, credentials),
    maxAgeSeconds: read.integer("maxAgeSeconds", 7200, { min: 0, max: MAX_AGE_SECONDS }),
    privateNetwork: read.boolean("privateNetwork", false),
    checkUpgrades: read.boolean("checkUpgrades", true),
  };
}

function readRules(
  read: OptionReader,
  origin: CorsOptions["origin"] = [],
  where: string,
): OriginRules | undefined {
  if (origin === "*") return undefined;
  if (typeof origin === "boolean") {
    read.refuse("origin", 'List the origins; give [] for nobody, "*" for everybody.');
  }
  return compileRules([origin].flat() as readonly OriginRule[], {
    invalid: (fix, index) => read.refuse("origin", fix, index),
    unsafe(pattern) {
      throw new CORS_UNSAFE_PATTERN(where, String(pattern));
    },
  });
}

function readTokens(
  read: OptionReader,
  option: "methods" | "allowedHeaders" | "exposedHeaders",
  fallback: readonly string[],
): readonly string[] {
  const names = read.strings(option, fallback);
  const wrong = names.findIndex((name) => !isToken(name));
  if (wrong !== -1) read.refuse(option, "Give names without spaces and separators.", wrong);
  return names;
}

function readExposed(read: OptionReader, credentials: boolean): string | null {
  const names = readTokens(read, "exposedHeaders", EXPOSED_HEADERS);
  // Fetch takes the star literally for requests with credentials.
  if (credentials && names.includes("*")) {
    const fix = "With credentials a star exposes nothing; name the headers.";
    read.refuse("exposedHeaders", fix, names.indexOf("*"));
  }
  return names.length === 0 ? null : names.join(", ");
}
