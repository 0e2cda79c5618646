import { type OptionReader, optionReader, TOKEN } from "@enfilade/layer";
import type { FastifyRequest } from "fastify";
import { TIMING_INVALID_OPTION } from "./errors.ts";
import type { TimingReport, TimingRouteOptions } from "./types.ts";

const PACKAGE = "@enfilade/timing";

/** The options of the timing layer. */
export interface TimingOptions {
  /**
   * The header that tells the time to the headers in milliseconds, or `false` for none.
   * @defaultValue `"x-process-time-ms"`
   */
  readonly processTimeHeader?: string | false;
  /**
   * The header of the same time in the form that browsers show, or `false` for none. Another name is for
   * a proxy that is to take the real one off.
   * @defaultValue `"server-timing"`
   */
  readonly serverTimingHeader?: string | false;
  /**
   * Whether `Server-Timing` tells the spans, by name, duration and description. **Security:** they tell
   * every caller what stands behind the app and how long each part takes; leave it off in production, or
   * turn it on for single routes.
   * @defaultValue `false`
   */
  readonly detail?: boolean;
  /**
   * Whether streams end in a `Server-Timing` trailer with the time to the end and, where `detail` is on,
   * the spans that ended after the headers.
   * @defaultValue `false`
   */
  readonly trailer?: boolean;
  /**
   * Decimals of the milliseconds in headers, 0 to 3. **Security:** the finer they are, the more they tell
   * of what the code did (did that user exist?).
   * @defaultValue `1`
   */
  readonly decimals?: number;
  /**
   * Called once for every exchange when it has ended, however it did: the place for a metric. What it
   * throws is logged.
   */
  readonly onTimed?: (request: FastifyRequest, report: TimingReport) => void | Promise<void>;
}

/** What the responses of a route tell. */
export interface Exposure {
  readonly processTimeHeader: string | undefined;
  readonly serverTimingHeader: string | undefined;
  readonly detail: boolean;
  readonly trailer: boolean;
}

/** The options as the layer works with them. */
export interface TimingSettings extends Exposure {
  /** Ten to the power of the decimals. */
  readonly scale: number;
  readonly onTimed: TimingOptions["onTimed"];
}

const OPTIONS = [
  "processTimeHeader",
  "serverTimingHeader",
  "detail",
  "trailer",
  "decimals",
  "onTimed",
] as const;
const ROUTE_OPTIONS = ["serverTiming", "detail", "trailer"] as const;

/** Reads the options of a registration. */
export function resolveOptions(options: TimingOptions): TimingSettings {
  const read = optionReader(PACKAGE, TIMING_INVALID_OPTION, options, OPTIONS);
  const { onTimed } = options;
  if (onTimed !== undefined && typeof onTimed !== "function") {
    read.refuse("onTimed", "Give a function.");
  }
  const serverTimingHeader = headerName(read, options, "serverTimingHeader", "server-timing");
  const trailer = read.boolean("trailer", false);
  if (trailer && serverTimingHeader === undefined) {
    read.refuse("trailer", "It is the serverTimingHeader that becomes a trailer: give it a name.");
  }
  return {
    processTimeHeader: headerName(read, options, "processTimeHeader", "x-process-time-ms"),
    serverTimingHeader,
    detail: read.boolean("detail", false),
    trailer,
    scale: 10 ** read.integer("decimals", 1, { min: 0, max: 3 }),
    onTimed,
  };
}

/** Reads the options of a route, which change what the registration says. */
export function resolveRoute(
  settings: Exposure,
  route: false | TimingRouteOptions | undefined,
): Exposure {
  const { processTimeHeader, serverTimingHeader, detail, trailer } = settings;
  if (route === undefined) return settings;
  if (route === false) {
    return {
      processTimeHeader: undefined,
      serverTimingHeader: undefined,
      detail: false,
      trailer: false,
    };
  }
  const name = "config.timing";
  const fix = "Give { serverTiming, detail, trailer }, or false.";
  const read = optionReader(PACKAGE, TIMING_INVALID_OPTION, { [name]: route }, [name]).inside(
    name,
    ROUTE_OPTIONS,
    fix,
  );
  const on = read.boolean("serverTiming", serverTimingHeader !== undefined);
  if (on && serverTimingHeader === undefined) {
    read.refuse("serverTiming", "Give the registration a serverTimingHeader first.");
  }
  if (!on && route.trailer === true) read.refuse("trailer", "It needs serverTiming to be on.");
  return {
    processTimeHeader,
    serverTimingHeader: on ? serverTimingHeader : undefined,
    detail: read.boolean("detail", detail),
    trailer: on && read.boolean("trailer", trailer),
  };
}

function headerName(
  read: OptionReader,
  options: TimingOptions,
  option: "processTimeHeader" | "serverTimingHeader",
  fallback: string,
): string | undefined {
  if (options[option] === false) return undefined;
  const rule = { pattern: TOKEN, fix: "Give a header name, or false." };
  return read.string(option, fallback, rule).toLowerCase();
}
