import type { RequestLogField } from "./types.ts";

/** Every field, written as a record so that the compiler misses none. */
const FIELD: Readonly<Record<RequestLogField, true>> = {
  method: true,
  route: true,
  url: true,
  status: true,
  outcome: true,
  headersMs: true,
  firstByteMs: true,
  totalMs: true,
  bytesReceived: true,
  bytesSent: true,
  address: true,
  principal: true,
  principalKind: true,
  userAgent: true,
  httpVersion: true,
  err: true,
  errorCode: true,
  errorMessage: true,
  requestHeaders: true,
  responseHeaders: true,
  requestBody: true,
  requestBodyTruncated: true,
  responseBody: true,
  responseBodyTruncated: true,
  extra: true,
};

/** The names of all fields, in the order of the line. */
export const FIELDS: readonly string[] = Object.keys(FIELD);

/** Tells whether the line has a field of this name. */
export function isField(name: string): name is RequestLogField {
  return Object.hasOwn(FIELD, name);
}
