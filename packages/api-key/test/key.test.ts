import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generateKey, hashKey, isKey } from "../src/index.ts";

describe("a generated key", () => {
  it("has a prefix, 256 random bits and a checksum", () => {
    const { key, hash } = generateKey();
    expect(key).toMatch(/^enf_[0-9A-Za-z]{49}$/);
    expect(hash).toBe(createHash("sha256").update(key).digest("hex"));
    expect(hashKey(key)).toBe(hash);
    expect(isKey(key)).toBe(true);
  });

  it("is never the same twice", () => {
    const keys = Array.from({ length: 1000 }, () => generateKey().key);
    expect(new Set(keys).size).toBe(1000);
  });

  it("may have another prefix, by which it is told apart", () => {
    const { key } = generateKey("live");
    expect(key).toMatch(/^live_/);
    expect(isKey(key, "live")).toBe(true);
    expect(isKey(key)).toBe(false);
  });

  it.each(["", "a", "Ab", "a_b", "1a", "a".repeat(17)])("cannot have the prefix %j", (prefix) => {
    expect(() => generateKey(prefix)).toThrow(TypeError);
  });
});

describe("isKey", () => {
  const { key } = generateKey();

  it("knows every misspelling of one character", () => {
    const place = fc.integer({ min: 0, max: key.length - 1 });
    const character = fc.constantFrom(..."0123456789abcdefghijABCDEFGHIJ_-. ");
    fc.assert(
      fc.property(place, character, (index, other) => {
        const written = key.slice(0, index) + other + key.slice(index + 1);
        return written === key || !isKey(written);
      }),
    );
  });

  it("takes no other text for a key", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => !isKey(text) && !isKey(`enf_${text}`)),
    );
  });
});
