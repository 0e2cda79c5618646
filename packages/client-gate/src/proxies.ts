import type { FastifyInstance } from "fastify";
import { parseAddress } from "./addresses.ts";

/**
 * Whom Fastify believes about the address of a client: `nobody` but the connection itself, `some` proxies,
 * `anybody` who writes a header, or one cannot tell.
 */
export type ProxyTrust = "nobody" | "some" | "anybody" | "unknown";

/** Addresses that no proxy has: they are kept for documentation (RFC 5737, RFC 3849). */
const STRANGERS = ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1"];
/** The widest networks that anybody has proxies in: 10.0.0.0/8, fc00::/7. */
const WIDEST = { 4: 8, 6: 7 };

/** Finds out what an app was created with: Fastify keeps its options in no public place. */
export function proxyTrustOf(app: FastifyInstance): ProxyTrust {
  const options = findOptions(app);
  if (options === undefined) return "unknown";
  const { trustProxy } = options;
  // Behind a number of hops Fastify believes nobody: it cannot see who has written them.
  if (!trustProxy || typeof trustProxy === "number") return "nobody";
  if (trustProxy === true) return "anybody";
  if (typeof trustProxy === "function") return trustsStrangers(trustProxy) ? "anybody" : "some";
  const names = typeof trustProxy === "string" ? trustProxy.split(",") : trustProxy;
  return Array.isArray(names) && names.some((name) => isTooWide(String(name).trim()))
    ? "anybody"
    : "some";
}

function findOptions(app: object | null): { readonly trustProxy?: unknown } | undefined {
  if (app === null) return undefined;
  const symbol = Object.getOwnPropertySymbols(app).find(
    ({ description }) => description === "fastify.options",
  );
  return symbol === undefined ? findOptions(Object.getPrototypeOf(app)) : Reflect.get(app, symbol);
}

function trustsStrangers(trust: unknown): boolean {
  try {
    return STRANGERS.some((address) =>
      Reflect.apply(trust as () => unknown, undefined, [address, 0]),
    );
  } catch {
    return false;
  }
}

function isTooWide(network: string): boolean {
  const [written = "", bits] = network.split("/");
  const address = parseAddress(written);
  if (address === undefined) return false;
  return bits !== undefined && Number(bits) < WIDEST[address.family];
}
