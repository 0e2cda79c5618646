import { domainToASCII } from "node:url";
import { isAddress, parseHost } from "./host.ts";
import type { Host } from "./types.ts";

/** Which ports a pattern takes: a number, `"any"`, or those that say nothing. */
type Port = number | "any" | "usual";

interface Pattern {
  /** A name, or what follows the star of a wildcard: `.example.com`. */
  readonly name: string;
  readonly wildcard: boolean;
  readonly port: Port;
}

/** Hosts that are allowed, made of patterns. */
export interface HostList {
  /** `localPort` is the one that the connection came in by. */
  has(host: Host, localPort: number | undefined): boolean;
  /** The names that are listed by themselves, and not by a wildcard. */
  readonly names: ReadonlySet<string>;
}

/** Refuses the pattern at an index, and says what to write instead. */
export type Refusal = (fix: string, index: number) => never;

const NONE: readonly never[] = [];

/** Compiles patterns; refuses one that could never match. */
export function compileHosts(patterns: readonly string[], refuse: Refusal): HostList {
  const exact = new Map<string, Port[]>();
  const wildcards: Pattern[] = [];
  for (const [index, text] of patterns.entries()) {
    const pattern = readPattern(text, (fix) => refuse(fix, index));
    if (pattern.wildcard) wildcards.push(pattern);
    else exact.set(pattern.name, [...(exact.get(pattern.name) ?? []), pattern.port]);
  }
  return {
    has({ hostname, port }, localPort) {
      for (const allowed of exact.get(hostname) ?? NONE) {
        if (takesPort(allowed, port, localPort)) return true;
      }
      for (const { name, port: allowed } of wildcards) {
        if (hostname.endsWith(name) && takesPort(allowed, port, localPort)) return true;
      }
      return false;
    },
    names: new Set(exact.keys()),
  };
}

/**
 * A pattern without a port takes requests that name none, a default port, or the port that they came in by:
 * any other is not where this server is, and a link made of it leads nowhere, or to somebody else.
 */
function takesPort(
  allowed: Port,
  port: number | undefined,
  localPort: number | undefined,
): boolean {
  if (allowed === "any") return true;
  if (allowed !== "usual") return port === allowed;
  return port === undefined || port === 80 || port === 443 || port === localPort;
}

function readPattern(text: string, refuse: (fix: string) => never): Pattern {
  if (text === "*") refuse('Any host at all is written hosts: "*", alone.');
  const anyPort = text.endsWith(":*");
  const rest = anyPort ? text.slice(0, -2) : text;
  const wildcard = rest.startsWith("*.");
  const host = parseHost(toAscii(wildcard ? rest.slice(2) : rest, refuse));
  if (host === undefined || (anyPort && host.port !== undefined)) {
    return refuse("It is no host; write it as example.com, *.example.com or [::1]:3000.");
  }
  if (wildcard && isAddress(host)) refuse("An address has no subdomains.");
  return {
    name: wildcard ? `.${host.hostname}` : host.hostname,
    wildcard,
    port: anyPort ? "any" : (host.port ?? "usual"),
  };
}

/** Requests have international names in their ASCII form alone. */
function toAscii(text: string, refuse: (fix: string) => never): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const [, name = "", port = ""] = /^([^:]*)(:\d+)?$/.exec(text) ?? [];
  const ascii = domainToASCII(name);
  return ascii === "" ? refuse("It is no name that DNS knows.") : `${ascii}${port}`;
}
