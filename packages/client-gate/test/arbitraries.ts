import fc from "fast-check";

/** An address as a number, and as it may be written. */
export interface WrittenAddress {
  readonly family: 4 | 6;
  readonly number: bigint;
  readonly text: string;
}

const octets = (number: bigint) => [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n);
export const dotted = (number: bigint): string => octets(number).join(".");

const groups = (number: bigint) =>
  Array.from({ length: 8 }, (_, index) =>
    ((number >> BigInt(16 * (7 - index))) & 0xffffn).toString(16),
  );

/** Writes IPv6 in full, padded, in capitals, or with the first run of zeros left out. */
const spellings: readonly ((number: bigint) => string)[] = [
  (number) => groups(number).join(":"),
  (number) =>
    groups(number)
      .map((group) => group.padStart(4, "0"))
      .join(":"),
  (number) => groups(number).join(":").toUpperCase(),
  (number) =>
    groups(number)
      .join(":")
      .replace(/(?:^|:)0(?::0)+(?::|$)/, "::"),
  (number) => `${groups(number).slice(0, 6).join(":")}:${dotted(number & 0xffffffffn)}`,
];

const mapped = (number: bigint): bigint => (0xffffn << 32n) | number;

export const ipv4Number: fc.Arbitrary<bigint> = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n });
/** Of IPv6, but for the addresses that stand for one of IPv4. */
export const ipv6Number: fc.Arbitrary<bigint> = fc
  .oneof(
    fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
    fc.bigInt({ min: 0n, max: 2n ** 20n }),
    fc.bigInt({ min: 2n ** 128n - 2n ** 20n, max: 2n ** 128n - 1n }),
  )
  .filter((number) => number >> 32n !== 0xffffn);

export const spelledIPv6 = (number: bigint): fc.Arbitrary<string> =>
  fc.constantFrom(...spellings).map((spell) => spell(number));

/** Any address, in any spelling; IPv4 also as IPv6. */
export const writtenAddress: fc.Arbitrary<WrittenAddress> = fc.oneof(
  ipv4Number.chain((number) =>
    fc
      .oneof(fc.constant(dotted(number)), spelledIPv6(mapped(number)))
      .map((text) => ({ family: 4 as const, number, text })),
  ),
  ipv6Number.chain((number) =>
    spelledIPv6(number).map((text) => ({ family: 6 as const, number, text })),
  ),
);

/** What a client may send as its User-Agent, and much that is none. */
export const userAgentText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom("(", ")", "\\", "/", " ", "\t", "LegacyApp/1.4", "acme-sdk/2", ";", '"'),
      fc.string({ maxLength: 8 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));
