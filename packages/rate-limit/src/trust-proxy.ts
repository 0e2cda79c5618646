import type { FastifyInstance } from "fastify";

/*
 * How far proxies are trusted decides who a client can pretend to be: every address that `X-Forwarded-For`
 * names behind the last trusted one is the client's own to write.
 */

/** A trusted range that is wider than any network of one's own: 10.0.0.0/8 and fc00::/7 are the widest. */
const WIDEST = { ipv4: 8, ipv6: 7 } as const;
/** More proxies in a row than anybody has. */
const MOST_HOPS = 5;
/** Addresses of documentation, and one that is not: nobody's proxies. */
const STRANGERS = ["192.0.2.1", "198.51.100.77", "203.0.113.200", "8.8.8.8", "2001:db8::1"];

/** Says why clients can choose their address; `undefined` where they cannot, as far as can be seen. */
export function tooMuchTrust(app: FastifyInstance): string | undefined {
  const trusted = trustProxyOf(app);
  if (trusted === true) return "trustProxy is true: every address that a client names is believed";
  if (typeof trusted === "number" && trusted > MOST_HOPS) {
    return `trustProxy is ${trusted}: a client that names as many addresses chooses its own`;
  }
  if (typeof trusted === "function") {
    const trusts = trusted as (address: string, hop: number) => unknown;
    return STRANGERS.every((address) => isTrusted(trusts, address))
      ? "trustProxy is a function that trusts everybody: every address that a client names is believed"
      : undefined;
  }
  const ranges = typeof trusted === "string" ? trusted.split(",") : trusted;
  const wide = Array.isArray(ranges) ? ranges.map(String).find(isTooWide) : undefined;
  return wide === undefined
    ? undefined
    : `trustProxy has ${wide.trim()}, wider than anybody's own network: clients in it choose their address`;
}

/** Far from the server: a function that goes by the number of hops ends before. */
function isTrusted(trusts: (address: string, hop: number) => unknown, address: string): boolean {
  try {
    return Boolean(trusts(address, 100));
  } catch {
    return false;
  }
}

function isTooWide(range: string): boolean {
  const [address = "", prefix] = range.trim().split("/");
  if (prefix === undefined) return false;
  const bits = prefix.includes(".") ? maskBits(prefix) : Number(prefix);
  return bits < (address.includes(":") ? WIDEST.ipv6 : WIDEST.ipv4);
}

function maskBits(mask: string): number {
  const binary = mask.split(".").map((part) => Number(part).toString(2).padStart(8, "0"));
  return /^1*/.exec(binary.join(""))?.[0].length ?? 0;
}

/** Fastify shows most of its options in `initialConfig`, but not this one. */
function trustProxyOf(app: FastifyInstance): unknown {
  for (let scope: object | null = app; scope !== null; scope = Object.getPrototypeOf(scope)) {
    const symbol = Object.getOwnPropertySymbols(scope).find(
      ({ description }) => description === "fastify.options",
    );
    if (symbol !== undefined) return Object(Reflect.get(scope, symbol)).trustProxy;
  }
  return undefined;
}
