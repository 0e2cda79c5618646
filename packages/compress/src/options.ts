import { type OptionReader, optionReader } from "@enfilade/layer";
import { createNegotiator, type Negotiation } from "./accept.ts";
import { CODECS, CODINGS, type Coding, EVENT_CODINGS } from "./codings.ts";
import { CONTENT_TYPES, compileTypes, isTypePattern, type TypeTest } from "./content-types.ts";
import { COMPRESS_INVALID_OPTION } from "./errors.ts";

/** What is taken of encoded bodies. */
export interface RequestOptions {
  /**
   * The codings that are taken.
   * @defaultValue all that this Node can: zstd (from 24 on: Node 22 does not notice a body that was cut off), br, gzip,
   * deflate
   */
  readonly codings?: readonly Coding[];
  /**
   * The size of a decoded body beyond which it is refused with 413. Fastify's own `bodyLimit` holds besides, for
   * bodies that its parsers collect.
   * @defaultValue the `bodyLimit` of the route
   */
  readonly maxBytes?: number;
  /**
   * How many times larger than what was sent a body may become, for all codings or for each; 413 beyond. The first 64
   * KiB are free.
   *
   * **Security:** it ends a decompression bomb where `maxBytes` has to be large.
   * @defaultValue `200`
   */
  readonly maxRatio?: number | Readonly<Partial<Record<Coding, number>>>;
}

/** The options of the compression layer. */
export interface CompressOptions {
  /**
   * The codings of responses, the preferred one first. One that this Node does not have is left out.
   * @defaultValue `["zstd", "br", "gzip", "deflate"]`; for event streams gzip comes before br
   */
  readonly codings?: readonly Coding[];
  /**
   * How hard each coding tries: zstd 1–19, br 0–11, gzip and deflate 1–9.
   * @defaultValue 3 for each: what more costs is measured in the README
   */
  readonly levels?: Readonly<Partial<Record<Coding, number>>>;
  /**
   * The size below which a body stays as it is, unless the client refuses that. Streams of unknown length are always
   * encoded.
   * @defaultValue `1024`
   */
  readonly minBytes?: number;
  /**
   * The size up to which a body is encoded at once, on the event loop; larger ones go to a thread.
   * @defaultValue `32768`: a third of a millisecond
   */
  readonly maxSyncBytes?: number;
  /**
   * The media types that are encoded, `text/*` and `application/*+json` among them.
   * @defaultValue {@link CONTENT_TYPES}
   */
  readonly contentTypes?: readonly string[];
  /**
   * Whether server-sent events are encoded too, and flushed event by event.
   * @defaultValue `false`
   */
  readonly eventStreams?: boolean;
  /**
   * What is taken of encoded bodies; `false` leaves them to the route.
   * @defaultValue taken, within bounds
   */
  readonly requests?: false | RequestOptions;
}

/** The options of a registration, or of a route, complete and checked. */
export interface Settings {
  readonly negotiate: (acceptEncoding: string | undefined) => Negotiation<Coding>;
  readonly negotiateEvents: (acceptEncoding: string | undefined) => Negotiation<Coding>;
  readonly levels: Readonly<Record<Coding, number>>;
  readonly minBytes: number;
  readonly maxSyncBytes: number;
  readonly isCompressible: TypeTest;
  readonly eventStreams: boolean;
  readonly requests: RequestSettings | undefined;
}

export interface RequestSettings {
  readonly codings: readonly Coding[];
  /** `undefined` for the route's own limit. */
  readonly maxBytes: number | undefined;
  readonly maxRatio: Readonly<Record<Coding, number>>;
}

const KNOWN = [
  "codings",
  "levels",
  "minBytes",
  "maxSyncBytes",
  "contentTypes",
  "eventStreams",
  "requests",
] as const;

const DEFAULT_MAX_RATIO = 200;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws `COMPRESS_INVALID_OPTION`
 */
export function resolveOptions(options: CompressOptions, where: string): Settings {
  const read = optionReader(where, COMPRESS_INVALID_OPTION, options, KNOWN);
  const contentTypes = read.strings("contentTypes", CONTENT_TYPES);
  const wrong = contentTypes.findIndex((type) => !isTypePattern(type));
  if (wrong !== -1) {
    const fix = "Give media types such as text/css, text/* or application/*+json, in lower case.";
    read.refuse("contentTypes", fix, wrong);
  }
  const codings = readCodings(read, [...CODECS.keys()]);
  return {
    negotiate: createNegotiator(codings),
    negotiateEvents: createNegotiator(
      options.codings === undefined ? EVENT_CODINGS.filter((name) => CODECS.has(name)) : codings,
    ),
    levels: readLevels(read),
    minBytes: read.integer("minBytes", 1024, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    maxSyncBytes: read.integer("maxSyncBytes", 32_768, { min: 0, max: 1_048_576 }),
    isCompressible: compileTypes(contentTypes),
    eventStreams: read.boolean("eventStreams", false),
    requests: readRequests(read, options.requests),
  };
}

function readCodings(read: OptionReader, present: readonly Coding[]): readonly Coding[] {
  const names = read.strings("codings", CODINGS) as readonly Coding[];
  const unknown = names.findIndex((name) => !CODINGS.includes(name));
  if (unknown !== -1) read.refuse("codings", `Use ${CODINGS.join(", ")}.`, unknown);
  const again = names.findIndex((name, index) => names.indexOf(name) < index);
  if (again !== -1) read.refuse("codings", "Name each of them once.", again);
  const usable = names.filter((name) => present.includes(name));
  return usable.length > 0
    ? usable
    : read.refuse("codings", `Name one that this Node has: ${present.join(", ")}.`);
}

function readLevels(outer: OptionReader): Settings["levels"] {
  const read = outer.inside("levels", CODINGS, "Give an object such as { gzip: 3 }.");
  const level = (name: Coding) => {
    // A level for a coding that this Node does not have says what shall hold on another.
    const { min, max, fallback } = CODECS.get(name)?.levels ?? { min: 1, max: 19, fallback: 3 };
    return read.integer(name, fallback, { min, max });
  };
  return { zstd: level("zstd"), br: level("br"), gzip: level("gzip"), deflate: level("deflate") };
}

function readRequests(
  outer: OptionReader,
  requests: CompressOptions["requests"] = {},
): RequestSettings | undefined {
  if (requests === false) return undefined;
  const known = ["codings", "maxBytes", "maxRatio"];
  const read = outer.inside("requests", known, "Give an object, or false.");
  const bounds = { min: 1, max: Number.MAX_SAFE_INTEGER };
  return {
    codings: readCodings(
      read,
      CODINGS.filter((name) => CODECS.get(name)?.decodes),
    ),
    maxBytes: requests.maxBytes === undefined ? undefined : read.integer("maxBytes", 0, bounds),
    maxRatio: readRatios(read, requests.maxRatio),
  };
}

function readRatios(
  read: OptionReader,
  given: RequestOptions["maxRatio"],
): RequestSettings["maxRatio"] {
  const bounds = { min: 1, max: Number.MAX_SAFE_INTEGER };
  if (typeof given === "object" && given !== null) {
    const each = read.inside("maxRatio", CODINGS);
    return ratios((name) => each.integer(name, DEFAULT_MAX_RATIO, bounds));
  }
  const all = read.integer("maxRatio", DEFAULT_MAX_RATIO, bounds);
  return ratios(() => all);
}

function ratios(of: (name: Coding) => number): RequestSettings["maxRatio"] {
  return { zstd: of("zstd"), br: of("br"), gzip: of("gzip"), deflate: of("deflate") };
}
