import { isToken, type OptionReader, type Outcome, optionReader } from "@enfilade/layer";
import type { FastifyReply, FastifyRequest } from "fastify";
import { DEFAULT_CONTENT_TYPES, isContentTypePattern } from "./content-types.ts";
import { REQUEST_LOG_INVALID_OPTION } from "./errors.ts";
import { FIELDS, isField } from "./fields.ts";
import { LEVELS, type LineLevels } from "./levels.ts";
import type { Bodies, Level, RequestLogField, RequestLogRouteOptions } from "./types.ts";

const PACKAGE = "@enfilade/request-log";

/** Tells whether an exchange that has ended gets no line. */
export type Ignore = (request: FastifyRequest, reply: FastifyReply) => boolean;

/** The options of the request log. */
export interface RequestLogOptions {
  /** Level of lines about exchanges that went well. @defaultValue `"info"` */
  readonly level?: Level;
  /** Level where the status is 400 to 499. @defaultValue `"warn"` */
  readonly clientErrorLevel?: Level;
  /** Level where the status is 500 or above, or the server broke the response off. @defaultValue `"error"` */
  readonly serverErrorLevel?: Level;
  /** Level where the client went away first. @defaultValue `"info"` */
  readonly abortedLevel?: Level;
  /**
   * Exchanges that get no line: route patterns or paths, compared in full, and functions that look at
   * the exchange when it has ended. A function that throws ignores nothing.
   * @defaultValue `[]`
   */
  readonly ignore?: readonly (string | Ignore)[];
  /**
   * Further names of secrets, besides those that are known (passwords, tokens, keys, cookies …): for query
   * and path parameters, headers and fields of bodies. With a dot it is the path of a field:
   * `"customer.email"`, `"messages.*.content"`. **Security:** names that are known cannot be taken off.
   * @defaultValue `[]`
   */
  readonly redact?: readonly string[];
  /** Fields to leave out of the line, such as `"address"`. @defaultValue `[]` */
  readonly omit?: readonly RequestLogField[];
  /** Request headers to log; of secret ones only that they were there. @defaultValue `[]` */
  readonly requestHeaders?: readonly string[];
  /** Response headers to log; of secret ones only that they were there. @defaultValue `[]` */
  readonly responseHeaders?: readonly string[];
  /**
   * Bodies to log. **Security:** a body holds whatever people type. Names of secrets are redacted; what a
   * text says is not. **Cost:** a parsed request body is turned into JSON once more, as long as it is.
   * @defaultValue `"none"`
   */
  readonly bodies?: Bodies;
  /** How much of a body is logged, before redaction: 1 to 65536 bytes. @defaultValue `4096` */
  readonly maxBodyBytes?: number;
  /**
   * Media types of bodies that are logged; `*` stands for any part of a subtype. **Security:** redaction
   * knows JSON, NDJSON, forms and server-sent events of JSON. A type besides these is logged as it is.
   * @defaultValue these types
   */
  readonly contentTypes?: readonly string[];
  /** Gives more to log, as the field `extra`. What it throws is logged instead. */
  readonly extra?: (request: FastifyRequest, reply: FastifyReply, outcome: Outcome) => unknown;
}

/** What holds for one route. */
export interface RouteSettings {
  readonly levels: LineLevels;
  readonly requestBody: boolean;
  readonly responseBody: boolean;
}

/** The options as the layer works with them. */
export interface Settings {
  readonly route: RouteSettings;
  readonly ignoredUrls: ReadonlySet<string>;
  readonly ignores: readonly Ignore[];
  readonly secretNames: readonly string[];
  readonly secretPaths: readonly (readonly string[])[];
  readonly omit: readonly RequestLogField[];
  readonly requestHeaders: readonly string[];
  readonly responseHeaders: readonly string[];
  readonly maxBodyBytes: number;
  readonly contentTypes: readonly string[];
  readonly extra: RequestLogOptions["extra"];
}

const OPTIONS = [
  "level",
  "clientErrorLevel",
  "serverErrorLevel",
  "abortedLevel",
  "ignore",
  "redact",
  "omit",
  "requestHeaders",
  "responseHeaders",
  "bodies",
  "maxBodyBytes",
  "contentTypes",
  "extra",
] as const;
const BODIES: readonly Bodies[] = ["none", "request", "response", "both"];

/** Reads the options of a registration. */
export function resolveOptions(options: RequestLogOptions): Settings {
  const read = optionReader(PACKAGE, REQUEST_LOG_INVALID_OPTION, options, OPTIONS);
  const { extra } = options;
  if (extra !== undefined && typeof extra !== "function") read.refuse("extra", "Give a function.");
  const secrets = read.strings("redact", []);
  return {
    route: {
      levels: {
        ok: read.oneOf("level", "info", LEVELS),
        clientError: read.oneOf("clientErrorLevel", "warn", LEVELS),
        serverError: read.oneOf("serverErrorLevel", "error", LEVELS),
        aborted: read.oneOf("abortedLevel", "info", LEVELS),
      },
      ...bodiesOf(read.oneOf("bodies", "none", BODIES)),
    },
    ...readIgnore(read, options.ignore),
    secretNames: secrets.filter((name) => !name.includes(".")),
    secretPaths: secrets.filter((name) => name.includes(".")).map((path) => path.split(".")),
    omit: readOmit(read),
    requestHeaders: readHeaders(read, "requestHeaders"),
    responseHeaders: readHeaders(read, "responseHeaders"),
    maxBodyBytes: read.integer("maxBodyBytes", 4096, { min: 1, max: 65_536 }),
    contentTypes: readContentTypes(read),
    extra,
  };
}

/** Reads what a route changes; `undefined` for a route that is not logged. */
export function resolveRoute(
  settings: RouteSettings,
  route: false | Level | RequestLogRouteOptions,
): RouteSettings | undefined {
  if (route === false) return undefined;
  const options = typeof route === "string" ? { level: route } : route;
  const name = "config.requestLog";
  const fix = "Give a level, { level, bodies }, or false.";
  const read = optionReader(PACKAGE, REQUEST_LOG_INVALID_OPTION, { [name]: options }, [
    name,
  ]).inside(name, ["level", "bodies"], fix);
  const { levels } = settings;
  const changed = {
    ...settings,
    levels: { ...levels, ok: read.oneOf("level", levels.ok, LEVELS) },
  };
  return options.bodies === undefined
    ? changed
    : { ...changed, ...bodiesOf(read.oneOf("bodies", "none", BODIES)) };
}

function bodiesOf(bodies: Bodies): Pick<RouteSettings, "requestBody" | "responseBody"> {
  return {
    requestBody: bodies === "request" || bodies === "both",
    responseBody: bodies === "response" || bodies === "both",
  };
}

function readIgnore(
  read: OptionReader,
  ignore: readonly (string | Ignore)[] = [],
): Pick<Settings, "ignoredUrls" | "ignores"> {
  const isEntry = (entry: unknown) =>
    typeof entry === "function" || (typeof entry === "string" && /^[/*]/.test(entry));
  const wrong = Array.isArray(ignore) ? ignore.findIndex((entry) => !isEntry(entry)) : undefined;
  if (wrong !== -1) {
    read.refuse("ignore", 'Give an array of paths such as "/health", or of functions.', wrong);
  }
  return {
    ignoredUrls: new Set(ignore.filter((entry) => typeof entry === "string")),
    ignores: ignore.filter((entry) => typeof entry === "function"),
  };
}

function readOmit(read: OptionReader): readonly RequestLogField[] {
  const omit = read.strings("omit", []);
  if (omit.every(isField)) return omit;
  const wrong = omit.findIndex((field) => !isField(field));
  return read.refuse("omit", `Name fields out of ${FIELDS.join(", ")}.`, wrong);
}

function readHeaders(read: OptionReader, option: "requestHeaders" | "responseHeaders"): string[] {
  const names = read.strings(option, []);
  const wrong = names.findIndex((name) => !isToken(name));
  if (wrong !== -1) read.refuse(option, "Give the names of headers, one by one.", wrong);
  return names.map((name) => name.toLowerCase());
}

function readContentTypes(read: OptionReader): readonly string[] {
  const types = read
    .strings("contentTypes", DEFAULT_CONTENT_TYPES)
    .map((type) => type.toLowerCase());
  const wrong = types.findIndex((type) => !isContentTypePattern(type));
  if (wrong !== -1) {
    read.refuse("contentTypes", 'Give media types of text, such as "application/*+json".', wrong);
  }
  return types;
}
