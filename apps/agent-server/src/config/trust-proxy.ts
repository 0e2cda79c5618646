import { isNetwork } from "./networks.ts";
import { listOf, type Reading } from "./problems.ts";

/**
 * Reads which proxies are believed when they say whom they speak for. "Everybody" is not among them: any caller
 * could then take any address, and with it anybody's share of what is limited by address. Nor is a number of proxies:
 * Fastify has no way to know that it was one of them who called.
 */
export function readTrustProxy(text: string | undefined): Reading<readonly string[]> {
  const value = text === undefined ? [] : listOf(text);
  if (value.every((network) => isNetwork(network) && !isWide(network)))
    return { value, problems: [] };
  const problem =
    "TRUST_PROXY must list the addresses of the proxies in front of the server, such as 10.0.0.0/8 or loopback; " +
    `it is ${JSON.stringify(text)}`;
  return { value: [], problems: [problem] };
}

/** Tells whether a network is wider than anybody's own: two halves of everything are everything. */
function isWide(network: string): boolean {
  const [address = "", prefix] = network.split("/");
  if (prefix === undefined) return false;
  // An address of IPv4 that is written as one of IPv6, and networks that hold all of those.
  const mapped = /^::(ffff:|$)/i.test(address) ? 96 : 0;
  return Number(prefix) < 8 + mapped;
}
