import { BlockList, isIP, isIPv4 } from "node:net";
import type { OptionReader } from "@enfilade/layer";
import type { FastifyRequest } from "fastify";
import type { By } from "./callers.ts";
import type { RateLimitRules } from "./types.ts";

/** Tells whether somebody is not limited. */
export type IsAllowed = (request: FastifyRequest, key: string) => unknown;

/** Reads who is not limited: addresses and ranges, ids of principals, or keys. */
export function readAllowList(
  read: OptionReader,
  { allowList }: RateLimitRules,
  by: By,
): IsAllowed | undefined {
  if (allowList === undefined || typeof allowList === "function") return allowList;
  const entries = read.strings("allowList", []);
  if (entries.length === 0) return undefined;
  if (by === "address") {
    return addressesIn(entries, (fix, index) => read.refuse("allowList", fix, index));
  }
  const listed = new Set(entries);
  if (by === "key") return (_request, key) => listed.has(key);
  return ({ principal }) =>
    principal !== null && principal !== undefined && listed.has(principal.id);
}

function addressesIn(
  entries: readonly string[],
  refuse: (fix: string, index: number) => never,
): IsAllowed {
  const list = new BlockList();
  for (const [index, entry] of entries.entries()) add(list, entry, (fix) => refuse(fix, index));
  return ({ ip }) => isIP(ip) !== 0 && list.check(ip, isIPv4(ip) ? "ipv4" : "ipv6");
}

function add(list: BlockList, entry: string, refuse: (fix: string) => never): void {
  const [address = "", prefix] = entry.split("/");
  const version = isIP(address);
  const family = version === 4 ? "ipv4" : "ipv6";
  const fix = 'It is neither an address nor a range, such as "10.0.0.0/8".';
  if (version === 0 || entry.split("/").length > 2) refuse(fix);
  if (prefix === undefined) {
    list.addAddress(address, family);
    return;
  }
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (!(bits <= (version === 4 ? 32 : 128))) refuse(fix);
  if (bits === 0) refuse("It is everybody: leave the layer out instead.");
  list.addSubnet(address, bits, family);
}
