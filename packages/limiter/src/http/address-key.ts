import { isIPv4, isIPv6 } from "node:net";

/** An address that was mapped into IPv6 (RFC 4291, section 2.5.5.2), in either of its spellings. */
const MAPPED =
  /^(?:0*:){2,5}(?::|0+:)?ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i;

/** Some proxies write the port of the client behind its address: a new one for each connection. */
const WITH_PORT = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/;

/** Counts together whoever came by a socket of the file system, which has no address … */
const LOCAL = "local";
/** … and whatever a proxy has written that is none: else everything would be a new caller. */
const UNKNOWN = "unknown";

/**
 * Gives the key by which an address is counted: an IPv4 address as it is, however it is spelled; of an IPv6
 * address its /64, because whoever has one address has all of those.
 *
 * @param address - the address of the client: `request.ip`, which knows which proxies are trusted
 * @param ipv6Subnet - how many leading bits of an IPv6 address count
 * @example
 * ```ts
 * console.log(addressKey("::ffff:192.0.2.1")); // 192.0.2.1
 * console.log(addressKey("2001:db8:1:2:a:b:c:d")); // 2001:db8:1:2::/64
 * ```
 */
export function addressKey(address: string | undefined, ipv6Subnet = 64): string {
  if (address === undefined || address === "") return LOCAL;
  // Nearly all are of this kind, and need no more than this.
  if (!address.includes(":")) return isIPv4(address) ? address : UNKNOWN;
  const [, inBrackets, inFront] = WITH_PORT.exec(address) ?? [];
  if (inFront !== undefined) return isIPv4(inFront) ? inFront : UNKNOWN;
  const [bare = ""] = (inBrackets ?? address).split("%");
  if (!isIPv6(bare)) return UNKNOWN;
  const mapped = MAPPED.exec(bare);
  if (mapped !== null) return mapped[1] ?? dotted(mapped[2], mapped[3]);
  return networkOf(bare, ipv6Subnet);
}

function dotted(high = "0", low = "0"): string {
  const bits = Number.parseInt(high, 16) * 0x1_0000 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join(".");
}

/** The groups that have a part in the network, without leading zeros, and how long it is. */
function networkOf(address: string, bits: number): string {
  const groups = writtenOut(address).slice(0, Math.ceil(bits / 16));
  const network = groups.map((group, index) => {
    const counted = Math.min(16, bits - 16 * index);
    return (Number.parseInt(group, 16) & (0xffff << (16 - counted))).toString(16);
  });
  return `${network.join(":")}${network.length < 8 ? "::" : ""}/${bits}`;
}

function writtenOut(address: string): string[] {
  const [head = "", tail] = address.split("::");
  const first = groupsOf(head);
  if (tail === undefined) return first;
  const last = groupsOf(tail);
  const gap = new Array<string>(Math.max(0, 8 - first.length - last.length)).fill("0");
  return [...first, ...gap, ...last];
}

/** An embedded IPv4 address takes the place of two groups. */
function groupsOf(text: string): string[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => (group.includes(".") ? halvesOf(group) : [group]));
}

function halvesOf(dottedAddress: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = dottedAddress.split(".").map(Number);
  return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
}
