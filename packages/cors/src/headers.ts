import type { FastifyReply } from "fastify";
import type { Answer } from "./answers.ts";

const ALLOW_ORIGIN = "access-control-allow-origin";
const ALLOW_CREDENTIALS = "access-control-allow-credentials";

type HeaderValue = number | string | readonly string[] | undefined;

/** Adds a name to `Vary`, unless it is there, or the star that stands for all. */
export function addVary(reply: FastifyReply, name: string): void {
  const value = withName(reply.getHeader("vary"), name);
  if (value !== undefined) reply.header("vary", value);
}

/**
 * Makes the headers say what was decided, and nothing else: a handler that hands on another server's answer may have
 * copied its CORS headers over ours, or its `Vary`. Whoever writes to the connection has headers of their own there.
 */
export function enforce(reply: FastifyReply, answer: Answer, origin: string | undefined): void {
  const { allows, credentials } = answer;
  const allowed = allows === "nobody" ? undefined : allows === "everybody" ? "*" : origin;
  enforceOne(reply, ALLOW_ORIGIN, allowed);
  enforceOne(reply, ALLOW_CREDENTIALS, credentials ? "true" : undefined);
  if (allows !== "everybody") enforceVary(reply, "Origin");
}

function enforceOne(reply: FastifyReply, name: string, expected: string | undefined): void {
  const { raw } = reply;
  if (raw.hasHeader(name) && raw.getHeader(name) !== expected) {
    if (expected === undefined) raw.removeHeader(name);
    else raw.setHeader(name, expected);
  }
  if (reply.getHeader(name) === expected) return;
  if (expected === undefined) reply.removeHeader(name);
  else reply.header(name, expected);
}

function enforceVary(reply: FastifyReply, name: string): void {
  const { raw } = reply;
  const written = raw.getHeader("vary");
  if (written !== undefined) {
    const value = withName(written, name);
    if (value !== undefined) raw.setHeader("vary", value);
  }
  addVary(reply, name);
}

/** Gives the list with the name in it; `undefined` where nothing is to be changed. */
function withName(list: HeaderValue, name: string): string | undefined {
  if (list === undefined || list === "") return name;
  if (list === name) return undefined;
  const text = Array.isArray(list) ? list.join(", ") : String(list);
  const names = text.toLowerCase().split(",");
  const known = names.some((item) => item.trim() === "*" || item.trim() === name.toLowerCase());
  return known ? undefined : `${text}, ${name}`;
}
