import fc from "fast-check";
import { expect, it } from "vitest";
import { addressKey } from "../../src/http/index.ts";

it.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::FFFF:c000:201", "192.0.2.1"],
  ["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"],
  ["0000:0000:0000:0000:0000:ffff:c000:0201", "192.0.2.1"],
  ["2001:db8:1:2:a:b:c:d", "2001:db8:1:2::/64"],
  ["2001:0DB8:0001:0002::1", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
  ["::ffff:0:192.0.2.1", "0:0:0:0::/64"],
  ["192.0.2.1:54321", "192.0.2.1"],
  ["[2001:db8::1]:54321", "2001:db8:0:0::/64"],
  ["[::ffff:192.0.2.1]", "192.0.2.1"],
  ["", "local"],
  [undefined, "local"],
  ["no:address", "unknown"],
  ["unknown", "unknown"],
  ["192.0.2.256", "unknown"],
  ["192.0.2:1", "unknown"],
])("%s is counted as %s", (address, key) => {
  expect(addressKey(address)).toBe(key);
});

it("counts an IPv4 address the same, whether it was mapped into IPv6 or not", () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(addressKey(`::ffff:${address}`)).toBe(addressKey(address));
    }),
  );
});

it.each([
  ["2001:db8:1:2:a:b:c:d", 32, "2001:db8::/32"],
  ["2001:db8:1:2ff:a:b:c:d", 56, "2001:db8:1:200::/56"],
  ["2001:db8:ffff:2::1", 33, "2001:db8:8000::/33"],
  ["2001:db8::c0:1", 128, "2001:db8:0:0:0:0:c0:1/128"],
  ["64:ff9b::192.0.2.1", 128, "64:ff9b:0:0:0:0:c000:201/128"],
  ["192.0.2.1", 32, "192.0.2.1"],
])("of %s, where %i bits of an IPv6 address count, they are %s", (address, bits, key) => {
  expect(addressKey(address, bits)).toBe(key);
});

it("takes whatever a proxy has written for one caller, and never for many", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const isAddress = /^[\d.]+$/.test(text) || text.includes(":") || text === "";
      expect(isAddress || addressKey(text) === "unknown").toBe(true);
    }),
  );
});

it("counts all addresses of a /64 as one, and those of two as two", () => {
  const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
  const half = fc.array(group, { minLength: 4, maxLength: 4 }).map((groups) => groups.join(":"));
  const network = half.filter((text) => text !== "0:0:0:0");
  fc.assert(
    fc.property(network, network, half, half, (one, other, host, guest) => {
      expect(addressKey(`${one}:${host}`)).toBe(addressKey(`${one}:${guest}`));
      if (one !== other) {
        expect(addressKey(`${one}:${host}`)).not.toBe(addressKey(`${other}:${host}`));
      }
    }),
  );
});
