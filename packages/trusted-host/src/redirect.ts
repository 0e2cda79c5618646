import { formatHost, isAddress } from "./host.ts";
import type { Host } from "./types.ts";

/** What there is to know of a request to find out where it belongs. */
export interface Visit {
  readonly host: Host;
  readonly secure: boolean;
  /** The request target as it was sent. */
  readonly target: string;
}

/** Gives the address of a request over https: same host, so that it can set HSTS for it before anything else. */
export function toHttps({ host, target }: Visit, port: number): string {
  const moved = { hostname: host.hostname, port: port === 443 ? undefined : port };
  return `https://${formatHost(moved)}${pathOf(target)}`;
}

/** Gives the address with `www.` or without; `undefined` where the request is in the right place. */
export function toWww(
  { host, secure, target }: Visit,
  direction: "add" | "remove",
  listed: (host: Host) => boolean,
): string | undefined {
  if (isAddress(host)) return undefined;
  const hostname = counterpart(host.hostname, direction);
  if (hostname === undefined) return undefined;
  const moved = { hostname, port: host.port };
  // Only to a host that is listed by its name: a wildcard would send api.example.com to www.api.example.com.
  if (!listed(moved)) return undefined;
  return `${secure ? "https" : "http"}://${formatHost(moved)}${pathOf(target)}`;
}

/** Gives the other name of a host: with `www.` where it had none, or without. */
function counterpart(hostname: string, direction: "add" | "remove"): string | undefined {
  const has = hostname.startsWith("www.");
  if (direction === "add") return has ? undefined : `www.${hostname}`;
  return has ? hostname.slice("www.".length) : undefined;
}

/** Tells whether there is any pair of names that one could be sent from and to. */
export function hasPair(names: ReadonlySet<string>): boolean {
  return [...names].some((name) => names.has(`www.${name}`));
}

/**
 * Takes the path and the query out of a request target. They go behind a host that has been checked, and
 * begin with a slash: nothing in them can lead anywhere else.
 */
function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, "");
  const rooted = path.startsWith("/") ? path : `/${path === "*" ? "" : path}`;
  // Node hands on bytes that no URL may have; a header may have some of them.
  return rooted.replaceAll(/[^\x21-\x7e]/g, (character) => encodeByte(character));
}

function encodeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()}`;
}

/**
 * Chooses the status. Both keep the method and the body. What is safe may be remembered for good; a POST must
 * come here again, because its body, or the token with it, has just crossed the net in the clear.
 */
export function redirectStatus(method: string): 307 | 308 {
  return method === "GET" || method === "HEAD" ? 308 : 307;
}
