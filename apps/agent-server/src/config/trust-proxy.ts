import { isNetwork } from "./networks.ts";
import { listOf, type Reading } from "./problems.ts";

/**
 * Reads which proxies are believed when they say whom they speak for. "Everybody" is not among them: any caller
 * could then take any address, and with it anybody's share of what is limited by address. Nor is a number of proxies:
 * Fastify has no way to know that it was one of them who called.
 */
export function readTrustProxy(text: string | undefined): Reading<readonly string[]> {
  const value = text === undefined ? [] : listOf(text);
  if (value.every(isNetwork)) return { value, problems: [] };
  const problem =
    "TRUST_PROXY must list the addresses of the proxies in front of the server, such as 10.0.0.0/8 or loopback; " +
    `it is ${JSON.stringify(text)}`;
  return { value: [], problems: [problem] };
}
