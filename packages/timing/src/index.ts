export { TIMING_INVALID_OPTION, TIMING_INVALID_SPAN } from "./errors.ts";
export { timing, timing as default } from "./layer.ts";
export type { TimingOptions } from "./options.ts";
export type {
  Span,
  SpanOptions,
  SpanReport,
  Timing,
  TimingReport,
  TimingRouteOptions,
} from "./types.ts";
