import { isIPv4, isIPv6 } from "node:net";

/**
 * An address that can be compared. IPv4 written as IPv6 (`::ffff:192.0.2.1`, as a server that listens on `::` sees
 * its IPv4 clients) is IPv4: whoever lists one spelling means both.
 */
export interface Address {
  readonly family: 4 | 6;
  /** In hexadecimal, of one length in each family: text compares as the numbers do. */
  readonly key: string;
}

/** What proxies that know no better put behind an address: Azure's gateway writes `192.0.2.1:50312`. */
const WITH_PORT = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::\d{1,5})?$/i;
const MAPPED = "00000000000000000000ffff";

/** Reads the address of a client; a port and the zone of a local address are left out. */
export function readAddress(text: string | undefined): Address | undefined {
  if (text === undefined) return undefined;
  if (isIPv4(text)) return ofIPv4(text);
  // The zone says by which of the server's own interfaces the client came.
  const zone = text.indexOf("%");
  const plain = zone === -1 ? text : text.slice(0, zone);
  if (isIPv6(plain)) return ofIPv6(plain);
  const [, ipv6, ipv4] = WITH_PORT.exec(text) ?? [];
  if (ipv4 !== undefined) return isIPv4(ipv4) ? ofIPv4(ipv4) : undefined;
  return ipv6 !== undefined && isIPv6(ipv6) ? ofIPv6(ipv6) : undefined;
}

/** Reads an address as a rule may have it: by itself. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return ofIPv4(text);
  return isIPv6(text) && !text.includes("%") ? ofIPv6(text) : undefined;
}

function ofIPv4(text: string): Address {
  return { family: 4, key: hexOfIPv4(text) };
}

function ofIPv6(text: string): Address {
  const key = hexOfIPv6(text);
  return key.startsWith(MAPPED) ? { family: 4, key: key.slice(MAPPED.length) } : { family: 6, key };
}

function hexOfIPv4(text: string): string {
  let hex = "";
  for (const octet of text.split(".")) hex += Number(octet).toString(16).padStart(2, "0");
  return hex;
}

function hexOfIPv6(text: string): string {
  const [head = "", tail] = text.split("::");
  const before = hexOfGroups(head);
  if (tail === undefined) return before;
  const after = hexOfGroups(tail);
  return before + after.padStart(32 - before.length, "0");
}

/** Groups of IPv6, the last of which may be a whole address of IPv4. */
function hexOfGroups(text: string): string {
  if (text === "") return "";
  let hex = "";
  for (const group of text.split(":")) {
    hex += group.includes(".") ? hexOfIPv4(group) : group.toLowerCase().padStart(4, "0");
  }
  return hex;
}
