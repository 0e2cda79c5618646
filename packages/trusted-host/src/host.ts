import { isIPv4, isIPv6 } from "node:net";
import type { Host } from "./types.ts";

/** A name of 253 characters, its brackets or its dot, a colon and a port. */
const MAX_LENGTH = 260;
const MAX_NAME = 253;
const MAX_LABEL = 63;

/*
 * Strict where RFC 3986 is not: no user information, no percent-encoding, no empty port, no port with leading
 * zeros, no zone of an IPv6 address. No client sends them in `Host`, and each is read differently by somebody.
 */
const AUTHORITY =
  /^(?:\[(?<ipv6>[0-9a-f:.]+)\]|(?<name>[a-z0-9_.-]+))(?::(?<port>[1-9]\d{0,4}))?$/i;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/;

/** Reads a host with or without a port; `undefined` for whatever is not exactly that. */
export function parseHost(text: string): Host | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const groups = AUTHORITY.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const port = groups.port === undefined ? undefined : Number(groups.port);
  if (port !== undefined && port > 65_535) return undefined;
  const hostname =
    groups.ipv6 === undefined ? readName(groups.name ?? "") : readAddress(groups.ipv6);
  return hostname === undefined ? undefined : { hostname, port };
}

/** More than any server has; a stranger who sends others makes it begin anew, and gains nothing. */
const REMEMBERED = 256;

/** Creates a {@link parseHost} that remembers what it has read: most requests name the same few hosts. */
export function rememberHosts(): typeof parseHost {
  const known = new Map<string, Host>();
  return (text) => {
    const remembered = known.get(text);
    if (remembered !== undefined) return remembered;
    const host = parseHost(text);
    if (host === undefined) return undefined;
    if (known.size >= REMEMBERED) known.clear();
    known.set(text, host);
    return host;
  };
}

function readName(text: string): string | undefined {
  const lower = text.toLowerCase();
  // A name that is fully qualified: the same host (RFC 9110, section 4.2.3, leaves it to us; DNS does not).
  const name = lower.endsWith(".") ? lower.slice(0, -1) : lower;
  const labels = name.split(".");
  const valid = labels.every((label) => label.length <= MAX_LABEL && LABEL.test(label));
  if (!valid || name.length > MAX_NAME) return undefined;
  // Whatever ends in a number is an address, in one of the spellings of old or in none (WHATWG URL).
  const last = labels.at(-1) ?? "";
  const numeric = /^(?:\d+|0x[0-9a-f]*)$/.test(last);
  return numeric && !isIPv4(name) ? undefined : name;
}

function readAddress(text: string): string | undefined {
  return isIPv6(text) ? new URL(`http://[${text}]`).hostname : undefined;
}

/** Writes a host as a URL has it. */
export function formatHost({ hostname, port }: Host): string {
  return port === undefined ? hostname : `${hostname}:${port}`;
}

/** Tells whether a host is an address, and not a name. */
export function isAddress({ hostname }: Host): boolean {
  return hostname.startsWith("[") || isIPv4(hostname);
}
