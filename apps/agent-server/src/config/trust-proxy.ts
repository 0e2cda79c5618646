import { isIP } from "node:net";
import { listOf, type Reading } from "./problems.ts";

const networks = ["loopback", "linklocal", "uniquelocal"];

/**
 * Reads which proxies are believed when they say whom they speak for. "Everybody" is not among them: any caller
 * could then take any address, and with it anybody's share of what is limited by address. Nor is a number of proxies:
 * Fastify has no way to know that it was one of them who called.
 */
export function readTrustProxy(text: string | undefined): Reading<readonly string[]> {
  const value = text === undefined ? [] : listOf(text);
  if (value.every(isProxy)) return { value, problems: [] };
  const problem =
    "TRUST_PROXY must list the addresses of the proxies in front of the server, such as 10.0.0.0/8 or loopback; " +
    `it is ${JSON.stringify(text)}`;
  return { value: [], problems: [problem] };
}

function isProxy(text: string): boolean {
  if (networks.includes(text)) return true;
  const [address = "", prefix, more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more !== undefined) return false;
  return prefix === undefined || isPrefix(prefix, version === 4 ? 32 : 128);
}

/** A prefix of no bits is everybody. */
function isPrefix(text: string, bits: number): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= bits;
}
