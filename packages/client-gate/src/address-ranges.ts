import { type Address, parseAddress } from "./addresses.ts";

/** From the first address of a network to its last, both included. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly first: string;
  readonly last: string;
}

/** Many networks, of which none overlaps another. */
export interface AddressRanges {
  has(address: Address): boolean;
  /** Tells whether every address of the others is one of these. */
  covers(others: AddressRanges): boolean;
  readonly all: readonly AddressRange[];
}

/** The names that Fastify's `trustProxy` knows, and what it means by them. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1"],
  linklocal: ["169.254.0.0/16", "fe80::/10"],
  uniquelocal: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

const NETWORK = /^(?<address>[^/]+)(?:\/(?<bits>\d{1,3}))?$/;
/** Where the address of IPv4 begins in one of IPv6 that stands for it. */
const MAPPED_BITS = 96;

/** Refuses a text that is no network, and says what to write instead. */
export type RangeFault = (fix: string) => never;

/** Reads an address, a network in CIDR notation (RFC 4632, RFC 4291), or one of the names. */
export function parseRanges(text: string, refuse: RangeFault): readonly AddressRange[] {
  const named = Object.hasOwn(NAMED, text) ? NAMED[text] : undefined;
  return named?.map((network) => parseRange(network, refuse)) ?? [parseRange(text, refuse)];
}

function parseRange(text: string, refuse: RangeFault): AddressRange {
  const { address: written = "", bits } = NETWORK.exec(text)?.groups ?? {};
  const address = parseAddress(written);
  if (address === undefined) {
    return refuse(
      `Write 192.0.2.7, 192.0.2.0/24, 2001:db8::/32, or ${Object.keys(NAMED).join(", ")}.`,
    );
  }
  const { family, key } = address;
  const width = key.length * 4;
  const offset = family === 4 && written.includes(":") ? MAPPED_BITS : 0;
  const prefix = bits === undefined ? width : Number(bits) - offset;
  if (prefix < 0 || prefix > width) {
    return refuse(`Its prefix has from ${offset} to ${offset + width} bits.`);
  }
  const free = (1n << BigInt(width - prefix)) - 1n;
  const number = BigInt(`0x${key}`);
  // Most likely a typing error in one of the two numbers, and nobody can tell in which.
  if ((number & free) !== 0n) {
    return refuse("It has bits beyond its prefix; write the first address of the network.");
  }
  return { family, first: key, last: hex(number | free, key.length) };
}

/** Makes one set of many networks. Asking it costs the logarithm of their number. */
export function createRanges(ranges: readonly AddressRange[]): AddressRanges {
  const merged = { 4: merge(ranges, 4), 6: merge(ranges, 6) };
  const has = ({ family, key }: Address) => {
    const range = lastFrom(merged[family], key);
    return range !== undefined && key <= range.last;
  };
  const all = [...merged[4], ...merged[6]];
  return {
    has,
    all,
    covers: (others) =>
      others.all.every(({ family, first, last }) => {
        const range = lastFrom(merged[family], first);
        return range !== undefined && last <= range.last;
      }),
  };
}

/** Sorts ranges of one family, and joins those that overlap or touch. */
function merge(ranges: readonly AddressRange[], family: 4 | 6): readonly AddressRange[] {
  const sorted = ranges
    .filter((range) => range.family === family)
    .sort((one, other) => (one.first < other.first ? -1 : 1));
  const merged: AddressRange[] = [];
  for (const range of sorted) {
    const before = merged.at(-1);
    if (before === undefined || range.first > next(before.last)) merged.push(range);
    else if (range.last > before.last) merged.splice(-1, 1, { ...before, last: range.last });
  }
  return merged;
}

/** The address behind another one; behind the very last there is none, and the last stands for it. */
function next(key: string): string {
  const after = hex(BigInt(`0x${key}`) + 1n, key.length);
  return after.length > key.length ? key : after;
}

function hex(number: bigint, length: number): string {
  return number.toString(16).padStart(length, "0");
}

/** Finds the last range that begins at an address or before it. */
function lastFrom(ranges: readonly AddressRange[], key: string): AddressRange | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range !== undefined && range.first <= key) low = middle + 1;
    else high = middle;
  }
  return ranges[low - 1];
}
