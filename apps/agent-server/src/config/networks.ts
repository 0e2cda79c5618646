import { isIP, isIPv4 } from "node:net";

const names = ["loopback", "linklocal", "uniquelocal"];

/** Tells whether a text is an address, a network such as `10.0.0.0/8`, or the name of one; "everybody" is none. */
export function isNetwork(text: string): boolean {
  if (names.includes(text)) return true;
  const [address = "", prefix, more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more !== undefined) return false;
  return prefix === undefined || isPrefix(prefix, version === 4 ? 32 : 128);
}

function isPrefix(text: string, bits: number): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= bits;
}

/** Tells whether only this machine reaches a server that listens there. */
export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIPv4(host) && host.startsWith("127.");
}
