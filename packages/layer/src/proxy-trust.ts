import { isIPv6 } from "node:net";
import type { FastifyInstance } from "fastify";
import { internalOf } from "./root.ts";

/**
 * Whom an app believes about the address of a client: `nobody` but the connection itself, `some` proxies, or
 * `anybody` who writes an `X-Forwarded-For`, and why; `unknown` where the app does not tell.
 */
export type ProxyTrust =
  | { readonly whom: "nobody" | "some" | "unknown" }
  | { readonly whom: "anybody"; readonly why: string };

/** What Fastify was created with, as far as layers ask for it. */
export interface ServerOptions {
  readonly https?: unknown;
  readonly serverFactory?: unknown;
  readonly trustProxy?: unknown;
}

/** Addresses that no proxy has: they are kept for documentation (RFC 5737, RFC 3849). */
const STRANGERS = ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1"];
/** The widest networks that anybody has proxies in: 10.0.0.0/8, fc00::/7. */
const WIDEST = { ipv4: 8, ipv6: 7 };

/** Finds what an app was created with. Fastify keeps its options in no public place, and may move them. */
export function serverOptionsOf(app: FastifyInstance): ServerOptions | undefined {
  return internalOf(app, "fastify.options") as ServerOptions | undefined;
}

/**
 * Tells whom an app believes about the addresses of clients, for layers that go by them. A function is asked
 * about addresses that are nobody's: one that goes by the number of hops believes whoever connects directly.
 *
 * @example
 * ```ts
 * const trust = proxyTrustOf(app);
 * if (trust.whom === "anybody") app.log.warn(trust.why);
 * ```
 */
export function proxyTrustOf(app: FastifyInstance): ProxyTrust {
  const options = serverOptionsOf(app);
  if (options === undefined) return { whom: "unknown" };
  const { trustProxy } = options;
  if (trustProxy === true) return anybody("trustProxy is true");
  // Fastify believes nobody behind a number of hops, because it cannot see who has written them.
  if (!trustProxy || typeof trustProxy === "number") return { whom: "nobody" };
  if (typeof trustProxy === "function") {
    const stranger = STRANGERS.find((address) => isTrusted(trustProxy, address));
    return stranger === undefined
      ? { whom: "some" }
      : anybody(`trustProxy is a function that trusts ${stranger}, which is nobody's proxy`);
  }
  const networks = [trustProxy].flat().flatMap((entry) => String(entry).split(","));
  const wide = networks.map((network) => network.trim()).find(isTooWide);
  return wide === undefined
    ? { whom: "some" }
    : anybody(`trustProxy has ${wide}, wider than anybody's own network`);
}

function anybody(why: string): ProxyTrust {
  return { whom: "anybody", why };
}

function isTrusted(trust: unknown, address: string): boolean {
  try {
    return Boolean(Reflect.apply(trust as () => unknown, undefined, [address, 0]));
  } catch {
    return false;
  }
}

function isTooWide(network: string): boolean {
  const [address = "", prefix] = network.split("/");
  if (prefix === undefined) return false;
  const bits = prefix.includes(".") ? maskBits(prefix) : Number(prefix);
  return bits < (isIPv6(address) ? WIDEST.ipv6 : WIDEST.ipv4);
}

/** How long the network of a mask such as 255.0.0.0 is. */
function maskBits(mask: string): number {
  const binary = mask.split(".").map((part) => Number(part).toString(2).padStart(8, "0"));
  return binary.join("").replace(/0.*$/, "").length;
}
