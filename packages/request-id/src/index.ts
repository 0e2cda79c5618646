export type { Acceptance } from "./acceptance.ts";
export {
  REQUEST_ID_CALLBACK_FAILED,
  REQUEST_ID_GENERATOR_REPLACED,
  REQUEST_ID_INVALID_OPTION,
  REQUEST_ID_UNVALIDATED_HEADER,
} from "./errors.ts";
export { createGenReqId, type GenReqId } from "./generator.ts";
export { requestId, requestId as default } from "./layer.ts";
export type { RequestIdOptions } from "./options.ts";
export { createSpanId, type Trace, type TraceHeaders, traceHeaders } from "./trace.ts";
export { formatTraceparent, parseTraceparent, type Traceparent } from "./traceparent.ts";
export { parseTracestate } from "./tracestate.ts";
export type { RawRequest } from "./types.ts";
