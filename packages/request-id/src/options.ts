import { type OptionReader, optionReader, TOKEN } from "@enfilade/layer";
import { type Acceptance, type Accepts, isPeer, readAcceptance } from "./acceptance.ts";
import { REQUEST_ID_INVALID_OPTION } from "./errors.ts";
import { createIdCheck, DEFAULT_MAX_LENGTH, DEFAULT_PATTERN, type IdCheck } from "./inbound-id.ts";
import type { RawRequest } from "./types.ts";

export interface RequestIdOptions {
  /**
   * The request header that may carry an id.
   *
   * **Security**: headers of which Node keeps only the first, such as `from`, are refused, because a
   * duplicate could not be seen.
   * @defaultValue `"x-request-id"`
   */
  readonly header?: string;
  /**
   * The response header that carries the id, on every response; `false` for none.
   * @defaultValue the same as `header`
   */
  readonly responseHeader?: string | false;
  /**
   * From whom inbound ids are taken over, once they are valid: `true`, `false`, the addresses and CIDR
   * blocks of trusted peers, or a synchronous function of the raw request.
   *
   * **Security**: whoever is accepted can choose an id that another request has too. Where ids must be
   * unique, accept those of your own proxies only.
   * @defaultValue `true`
   */
  readonly accept?: Acceptance;
  /**
   * The longest id that is taken over.
   * @defaultValue 128
   */
  readonly maxLength?: number;
  /**
   * What an id looks like; matched in full. It can widen the default to any visible ASCII but a comma.
   *
   * **Security**: it runs on what strangers send, at most `maxLength` characters of it; nested
   * quantifiers such as `(a+)+` are slow on some of it all the same.
   * @defaultValue letters, digits and `. _ ~ : @ = + -`
   */
  readonly pattern?: RegExp;
  /**
   * Makes a new id; synchronous. One that throws or makes what `pattern` does not match is logged, and a
   * UUID used instead.
   *
   * **Security**: where knowing an id lets one read a log or a run, it must not be guessable.
   * @defaultValue `crypto.randomUUID`
   */
  readonly generate?: (request: RawRequest) => string;
  /**
   * From whom a `traceparent` is taken over; everybody else's trace is restarted.
   *
   * **Security**: whoever is accepted decides by the `sampled` flag what is recorded downstream, and can
   * make requests look like parts of one trace.
   * @defaultValue the same as `accept`
   */
  readonly acceptTrace?: Acceptance;
  /**
   * The `sampled` flag of traces that start here. The standard asks for `false` of a service that records no
   * spans; services downstream that follow their parent's decision then record none either.
   * @defaultValue `false`
   */
  readonly sampleNewTraces?: boolean;
}

/** The options, complete and checked. */
export interface Settings {
  readonly header: string;
  readonly responseHeader: string | undefined;
  readonly isId: IdCheck;
  readonly accepts: Accepts;
  readonly generate: ((request: RawRequest) => string) | undefined;
  readonly acceptsTrace: Accepts;
  readonly sampleNewTraces: boolean;
}

const KNOWN = [
  "header",
  "responseHeader",
  "accept",
  "maxLength",
  "pattern",
  "generate",
  "acceptTrace",
  "sampleNewTraces",
] as const;

/** Node keeps the first of these and drops the rest without a trace (see `message.headers`), or they mean something else. */
const NOT_FOR_IDS: ReadonlySet<string> = new Set(
  `age authorization connection content-length content-type cookie etag expires from host
   if-modified-since if-unmodified-since last-modified location max-forwards proxy-authorization referer
   retry-after server set-cookie traceparent tracestate transfer-encoding upgrade user-agent`.split(
    /\s+/,
  ),
);

const ACCEPTANCE =
  'Give true, false, addresses and CIDR blocks such as ["10.0.0.0/8", "::1"], or a function.';

/**
 * Checks the options and fills in the defaults.
 *
 * @throws `REQUEST_ID_INVALID_OPTION`
 */
export function resolveOptions(
  options: RequestIdOptions,
  report: (error: Error) => void,
): Settings {
  const read = optionReader("@enfilade/request-id", REQUEST_ID_INVALID_OPTION, options, KNOWN);
  const { accept = true, acceptTrace = accept, responseHeader, generate, pattern } = options;
  const header = readHeader(read, "header", "x-request-id");
  if (generate !== undefined && typeof generate !== "function") {
    return read.refuse("generate", "Give a function that returns a new id.");
  }
  return {
    header,
    responseHeader:
      responseHeader === false ? undefined : readHeader(read, "responseHeader", header),
    isId: createIdCheck(
      readPattern(read, pattern),
      read.integer("maxLength", DEFAULT_MAX_LENGTH, { min: 1, max: 1024 }),
    ),
    accepts: readAccepts(read, "accept", accept, report),
    acceptsTrace: readAccepts(read, "acceptTrace", acceptTrace, report),
    generate,
    sampleNewTraces: read.boolean("sampleNewTraces", false),
  };
}

function readAccepts(
  read: OptionReader,
  option: "accept" | "acceptTrace",
  given: unknown,
  report: (error: Error) => void,
): Accepts {
  const wrong = Array.isArray(given) ? given.findIndex((address) => !isPeer(address)) : undefined;
  if (wrong !== undefined && wrong !== -1) read.refuse(option, ACCEPTANCE, wrong);
  return readAcceptance(option, given, report) ?? read.refuse(option, ACCEPTANCE);
}

function readHeader(read: OptionReader, option: string, fallback: string): string {
  const fix = "Give the name of a header.";
  const header = read.string(option, fallback, { pattern: TOKEN, fix }).toLowerCase();
  if (!NOT_FOR_IDS.has(header)) return header;
  return read.refuse(option, "That header means something else; give one of your own.");
}

function readPattern(read: OptionReader, pattern: unknown = DEFAULT_PATTERN): RegExp {
  if (!(pattern instanceof RegExp)) return read.refuse("pattern", "Give a regular expression.");
  // Such an expression remembers where it stopped: the same id would match only every other time.
  if (!pattern.global && !pattern.sticky) return pattern;
  return read.refuse("pattern", "Give a regular expression without the flags g and y.");
}
