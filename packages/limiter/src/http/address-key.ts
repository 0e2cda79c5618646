import { isIPv6 } from "node:net";

/**
 * Gives the key by which an address is counted: an IPv4 address as it is, also where it was mapped into IPv6;
 * of an IPv6 address its /64, because whoever has one address of it has all the others.
 *
 * @param address - the address of the client: `request.ip`, which knows which proxies are trusted
 * @example
 * ```ts
 * console.log(addressKey("::ffff:192.0.2.1")); // 192.0.2.1
 * console.log(addressKey("2001:db8:1:2:a:b:c:d")); // 2001:db8:1:2::/64
 * ```
 */
export function addressKey(address: string): string {
  // The most common form, and no other has neither of these.
  if (!address.includes(":")) return address;
  const zone = address.indexOf("%");
  const bare = zone === -1 ? address : address.slice(0, zone);
  if (!isIPv6(bare)) return address;
  const groups = groupsOf(bare);
  if (isMapped(groups)) return dotted(groups[6] ?? 0, groups[7] ?? 0);
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(":")}::/64`;
}

/** The eight numbers that an IPv6 address is made of. */
function groupsOf(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const first = halfOf(head);
  if (tail === undefined) return first;
  const last = halfOf(tail);
  return [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
}

function halfOf(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

/** `::ffff:0:0/96` (RFC 4291, section 2.5.5.2): IPv4 as a socket for both sees it. */
function isMapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
