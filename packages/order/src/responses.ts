import { INBOUND_PHASES, type Phase } from "@enfilade/layer";

/** A kind of response. A reply is an object that is serialized; text and buffers go as a stream does. */
export type ResponseKind =
  | "reply"
  | "not found"
  | "error"
  | "stream"
  | "hijacked"
  | "upgrade"
  | "aborted";

/**
 * The kinds of response, and the phases that Fastify 5 and the exchange run for each when the request
 * got as far as the handler; established by experiment, and held to it by the tests of this package.
 */
export const RESPONSES: Readonly<Record<ResponseKind, readonly Phase[]>> = {
  reply: ["preSerialization", "onSend", "onHeaders", "onResponse", "onSettled"],
  "not found": ["preSerialization", "onSend", "onHeaders", "onResponse", "onSettled"],
  error: ["onError", "onSend", "onHeaders", "onResponse", "onSettled"],
  stream: ["onSend", "onHeaders", "onResponse", "onSettled"],
  hijacked: ["onHeaders", "onResponse", "onSettled"],
  upgrade: ["onSettled"],
  // The response closes first. A request whose body was read to its end has no `onRequestAbort` at all.
  aborted: ["onSettled", "onRequestAbort"],
};

/** Gives every phase of an exchange that ends in a kind of response, in the order of their running. */
export function phasesOf(kind: ResponseKind): readonly Phase[] {
  return [...INBOUND_PHASES, ...RESPONSES[kind]];
}
