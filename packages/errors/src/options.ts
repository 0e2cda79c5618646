import { type OptionReader, optionReader } from "@enfilade/layer";
import { DIALECTS, type DialectName, findDialect } from "./dialects.ts";
import { ERRORS_INVALID_OPTION } from "./errors.ts";
import type { IsSilent } from "./log-controller.ts";
import type { Dialect } from "./types.ts";

/** The options of the layer. */
export interface ErrorsOptions {
  /**
   * How errors look: `"problem"` (RFC 9457), `"detail"` (FastAPI, AgentOS), `"openai"`, `"jsonrpc"`, or a
   * dialect of your own. A route has the last word, by `config.errors.dialect`.
   * @defaultValue `"problem"`
   */
  readonly dialect?: DialectName | Dialect;
  /**
   * Dialects by the beginning of the path, such as `{ "/v1": "openai", "/mcp": "jsonrpc" }`. They hold for
   * paths without a route too, which no scope and no route can speak for.
   * @defaultValue none
   */
  readonly dialects?: Readonly<Record<string, DialectName | Dialect>>;
  /**
   * A URI that the code of an error is put behind, as the `type` of its problem: a page of documentation.
   * @defaultValue `about:blank` alone, which says that there is nothing to know beyond the status
   */
  readonly types?: string;
  /**
   * The `Cache-Control` of errors, unless the error brings its own in `headers`; `false` leaves alone what
   * the handler had set for the answer that it did not give.
   *
   * **Security**: an error that a cache keeps under the lifetime of the file it stands for is an outage.
   * @defaultValue `"no-store"`
   */
  readonly cacheControl?: string | false;
  /**
   * Answers 405 with `Allow` where the path has routes for other methods; Fastify answers 404.
   * @defaultValue true
   */
  readonly methodNotAllowed?: boolean;
  /**
   * Refuses requests that arrive while the server closes, by a 503 that all layers see, where Fastify has
   * been told not to (`return503OnClosing: false`, as `serverErrors()` tells it); else it does so first.
   * `false` answers them as ever.
   * @defaultValue true
   */
  readonly refuseWhileClosing?: boolean;
  /**
   * Logs the real error behind a 5xx where Fastify has been told to keep silent about requests, and about
   * their errors with them. `false` where another layer does so.
   * @defaultValue true
   */
  readonly log?: boolean;
}

/** The options, complete and checked. */
export interface Settings {
  readonly dialect: Dialect;
  /** The longest path first. */
  readonly dialects: readonly (readonly [path: string, dialect: Dialect])[];
  readonly types: string | undefined;
  readonly cacheControl: string | undefined;
  readonly methodNotAllowed: boolean;
  readonly refuseWhileClosing: boolean;
  /** Tells whether Fastify leaves the real error of a request to be logged; `undefined` where another layer does. */
  readonly isSilent: IsSilent | undefined;
}

const KNOWN = [
  "dialect",
  "dialects",
  "types",
  "cacheControl",
  "methodNotAllowed",
  "refuseWhileClosing",
  "log",
] as const;

/** What a dialect may be, for the error of an option. */
export const DIALECT_FIX: string = `Use one of ${Object.keys(DIALECTS).join(", ")}, or an object with contentType, body and event.`;

/** Visible ASCII and spaces: what RFC 9110, section 5.5, leaves of a header's value. */
const FIELD_VALUE = /[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?/;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws `ERRORS_INVALID_OPTION`
 */
export function resolveOptions(options: ErrorsOptions, isSilent: IsSilent): Settings {
  const read = optionReader("@enfilade/errors", ERRORS_INVALID_OPTION, options, KNOWN);
  const { dialect = "problem" } = options;
  return {
    dialect: findDialect(dialect) ?? read.refuse("dialect", DIALECT_FIX),
    dialects: readDialects(read, options.dialects),
    types: options.types === undefined ? undefined : readTypes(read),
    cacheControl:
      options.cacheControl === false
        ? undefined
        : read.string("cacheControl", "no-store", {
            pattern: FIELD_VALUE,
            fix: 'Give a value such as "no-store", or false.',
          }),
    methodNotAllowed: read.boolean("methodNotAllowed", true),
    refuseWhileClosing: read.boolean("refuseWhileClosing", true),
    isSilent: read.boolean("log", true) ? isSilent : undefined,
  };
}

function readDialects(read: OptionReader, given: unknown = {}): Settings["dialects"] {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return read.refuse("dialects", 'Give an object such as { "/v1": "openai" }.');
  }
  return Object.entries(given)
    .map(([path, name]) => {
      if (!/^\/[^?#\s]*[^?#\s/]$/.test(path)) {
        return read.refuse("dialects", `"${path}" is no path; write it as "/v1".`, path);
      }
      const dialect = findDialect(name) ?? read.refuse("dialects", DIALECT_FIX, path);
      return [path, dialect] as const;
    })
    .toSorted(([a], [b]) => b.length - a.length);
}

function readTypes(read: OptionReader): string {
  const fix =
    'Give an absolute URI that ends in "/", "#" or ":", such as "https://example.com/errors/".';
  const types = read.string("types", "", { pattern: /\S+[/#:]/, fix });
  return URL.canParse(`${types}CODE`) ? types : read.refuse("types", fix);
}
