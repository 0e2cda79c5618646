import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRanges, parseRanges } from "../src/address-ranges.ts";
import { parseAddress, readAddress } from "../src/addresses.ts";
import { dotted, ipv4Number, ipv6Number, spelledIPv6, writtenAddress } from "./arbitraries.ts";

const refuse = (why: string): never => {
  throw new Error(why);
};
const rangesOf = (...texts: string[]) =>
  createRanges(texts.flatMap((text) => parseRanges(text, refuse)));
const has = (ranges: ReturnType<typeof rangesOf>, text: string) => {
  const address = readAddress(text);
  return address !== undefined && ranges.has(address);
};

/** A network as a number and a length, kept apart from how the package keeps it. */
const network = fc.oneof(
  fc.tuple(ipv4Number, fc.integer({ min: 0, max: 32 })).map(([number, bits]) => {
    const base = (number >> BigInt(32 - bits)) << BigInt(32 - bits);
    return { family: 4, base, bits, width: 32, text: `${dotted(base)}/${bits}` };
  }),
  fc
    .tuple(ipv6Number, fc.integer({ min: 0, max: 128 }))
    .map(([number, bits]) => ({
      base: (number >> BigInt(128 - bits)) << BigInt(128 - bits),
      bits,
    }))
    .filter(({ base }) => base >> 32n !== 0xffffn)
    .chain(({ base, bits }) =>
      spelledIPv6(base).map((text) => ({
        family: 6,
        base,
        bits,
        width: 128,
        text: `${text}/${bits}`,
      })),
    ),
);

describe("an address", () => {
  test("is the same in every spelling, and IPv4 the same as IPv6", () => {
    fc.assert(
      fc.property(writtenAddress, ({ family, number, text }) => {
        const key = number.toString(16).padStart(family === 4 ? 8 : 32, "0");
        expect(parseAddress(text)).toEqual({ family, key });
        expect(readAddress(text)).toEqual({ family, key });
      }),
    );
  });

  test("of a client may have a port or a zone, and one of a rule has neither", () => {
    expect(readAddress("192.0.2.1:50312")).toEqual(parseAddress("192.0.2.1"));
    expect(readAddress("[2001:db8::1]:443")).toEqual(parseAddress("2001:db8::1"));
    expect(readAddress("[2001:db8::1]")).toEqual(parseAddress("2001:db8::1"));
    expect(readAddress("fe80::1%eth0")).toEqual(parseAddress("fe80::1"));
    for (const text of ["192.0.2.1:50312", "[2001:db8::1]", "fe80::1%eth0"]) {
      expect(parseAddress(text)).toBeUndefined();
    }
  });

  test.each([
    "",
    "unknown",
    "_hidden",
    "127.1",
    "010.0.0.1",
    "0x7f.1",
    "1.2.3.4, 5.6.7.8",
    "1.2.3.4 ",
    "[1.2.3.4]",
    "::g",
    "1.2.3",
    "[::1",
    "192.0.2.999:80",
  ])("is none: %j", (text) => {
    expect(readAddress(text)).toBeUndefined();
  });

  test("is read of nothing without a failure, whatever is sent", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const address = readAddress(text);
        if (address !== undefined) expect(address.key).toMatch(/^[0-9a-f]+$/);
      }),
    );
  });
});

describe("networks", () => {
  test("have exactly the addresses that arithmetic says", () => {
    fc.assert(
      fc.property(
        fc.array(network, { minLength: 1, maxLength: 6 }),
        writtenAddress,
        (networks, { family, number, text }) => {
          const expected = networks.some(
            (one) =>
              one.family === family &&
              number >> BigInt(one.width - one.bits) === one.base >> BigInt(one.width - one.bits),
          );
          expect(has(rangesOf(...networks.map((one) => one.text)), text)).toBe(expected);
        },
      ),
    );
  });

  test("end with their last address and not before or after it", () => {
    fc.assert(
      fc.property(network, ({ family, base, bits, width, text }) => {
        const ranges = rangesOf(text);
        const size = 2n ** BigInt(width - bits);
        const holds = (number: bigint) =>
          ranges.has({
            family: family as 4 | 6,
            key: number.toString(16).padStart(width / 4, "0"),
          });
        expect(holds(base)).toBe(true);
        expect(holds(base + size - 1n)).toBe(true);
        if (base > 0n) expect(holds(base - 1n)).toBe(false);
        if (base + size < 2n ** BigInt(width)) expect(holds(base + size)).toBe(false);
      }),
    );
  });

  test("agree with Node's BlockList on addresses of their own family", () => {
    fc.assert(
      fc.property(
        network,
        fc.oneof(ipv4Number.map(dotted), ipv6Number.chain(spelledIPv6)),
        ({ text, family }, address) => {
          const type = address.includes(":") ? "ipv6" : "ipv4";
          fc.pre((type === "ipv4") === (family === 4));
          const [base = "", bits] = text.split("/");
          const list = new BlockList();
          list.addSubnet(base, Number(bits), type);
          expect(has(rangesOf(text), address)).toBe(list.check(address, type));
        },
      ),
    );
  });

  test("cover others where every address of those is one of theirs", () => {
    fc.assert(
      fc.property(fc.array(network, { minLength: 1, maxLength: 5 }), network, (networks, one) => {
        const ranges = rangesOf(...networks.map(({ text }) => text));
        expect(rangesOf(...networks.map(({ text }) => text), one.text).covers(ranges)).toBe(true);
        if (ranges.covers(rangesOf(one.text))) {
          const key = one.base.toString(16).padStart(one.width / 4, "0");
          expect(ranges.has({ family: one.family as 4 | 6, key })).toBe(true);
        }
      }),
    );
    expect(rangesOf("10.0.0.0/9", "10.128.0.0/9").covers(rangesOf("10.0.0.0/8"))).toBe(true);
    expect(rangesOf("10.0.0.0/9").covers(rangesOf("10.0.0.0/8"))).toBe(false);
  });

  test("of IPv6 have no address of IPv4, and those of IPv4 written as IPv6 do", () => {
    expect(has(rangesOf("::/0"), "192.0.2.1")).toBe(false);
    expect(has(rangesOf("::/0"), "::ffff:192.0.2.1")).toBe(false);
    expect(has(rangesOf("0.0.0.0/0"), "::ffff:192.0.2.1")).toBe(true);
    expect(has(rangesOf("::ffff:10.0.0.0/104"), "10.9.8.7")).toBe(true);
    expect(has(rangesOf("::ffff:a00:0/104"), "11.9.8.7")).toBe(false);
  });

  test("have the names that trustProxy knows", () => {
    expect(has(rangesOf("loopback"), "127.9.9.9")).toBe(true);
    expect(has(rangesOf("loopback"), "::1")).toBe(true);
    expect(has(rangesOf("linklocal"), "fe80::1%eth0")).toBe(true);
    expect(has(rangesOf("uniquelocal"), "172.31.255.255")).toBe(true);
    expect(has(rangesOf("uniquelocal"), "172.32.0.0")).toBe(false);
  });

  test.each([
    ["10.1.2.3/8", "bits beyond its prefix"],
    ["2001:db8::1/32", "bits beyond its prefix"],
    ["10.0.0.0/33", "from 0 to 32 bits"],
    ["::/129", "from 0 to 128 bits"],
    ["::ffff:10.0.0.0/8", "from 96 to 128 bits"],
    ["10.0.0.0/", "Write 192.0.2.7,"],
    ["10.0.0.0/8/8", "Write 192.0.2.7,"],
    ["10.0.0.0/-1", "Write 192.0.2.7,"],
    ["10.0.0.0/255.0.0.0", "Write 192.0.2.7,"],
    ["10.0.0", "Write 192.0.2.7,"],
    ["example.com", "Write 192.0.2.7,"],
    ["fe80::1%eth0", "Write 192.0.2.7,"],
    ["constructor", "Write 192.0.2.7,"],
    ["", "Write 192.0.2.7,"],
  ])("are refused as %j", (text, why) => {
    expect(() => parseRanges(text, refuse)).toThrow(why);
  });
});
