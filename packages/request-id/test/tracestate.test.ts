import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTracestate } from "../src/index.ts";

const printable = (...ranges: [number, number][]) =>
  ranges.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, index) => String.fromCharCode(from + index)),
  );
const KEY_START = printable([0x61, 0x7a], [0x30, 0x39]);
const KEY = [...KEY_START, "_", "-", "*", "/", "@"];
const VISIBLE = printable([0x21, 0x2b], [0x2d, 0x3c], [0x3e, 0x7e]);

describe("a tracestate", () => {
  it.each([
    ["as it is", "foo=1,bar=2", "foo=1,bar=2"],
    ["without the white space around its members", " foo=1 \t , \t bar=2", "foo=1,bar=2"],
    ["without empty members", ",foo=1,, ,bar=2,", "foo=1,bar=2"],
    ["with the spaces that begin a value", "foo=  1", "foo=  1"],
    ["with every character of a key", `${KEY.join("")}=1`, `${KEY.join("")}=1`],
    ["with every character of a value", `foo= ${VISIBLE.join("")}`, `foo= ${VISIBLE.join("")}`],
    ["with the most recent of two entries of one vendor", "foo=1,bar=2,foo=3", "foo=1,bar=2"],
    ["with a key of 256 characters", `${"k".repeat(256)}=1`, `${"k".repeat(256)}=1`],
    ["with a value of 256 characters", `k=${"v".repeat(256)}`, `k=${"v".repeat(256)}`],
  ])("is handed on %s", (_what, header, handedOn) => {
    expect(parseTracestate(header)).toBe(handedOn);
  });

  it.each([
    ["missing", undefined],
    ["empty", ""],
    ["nothing but commas", " , ,"],
    ["of a key in capitals", "FOO=1"],
    ["of a key with a dot", "foo.bar=1"],
    ["of a key that starts with an at sign", "bar=2,@foo=1"],
    ["of a key with a space after it", "foo =1"],
    ["of a key without a value", "foo=,bar=3"],
    ["of a value with an equals sign", "foo=bar=baz"],
    ["of a key of 257 characters", `${"k".repeat(257)}=1`],
    ["of a value of 257 characters", `k=${"v".repeat(257)}`],
    ["of a value beyond ASCII", "foo=ä"],
    ["of a value with a control byte", "foo=a\u001bb"],
    ["of 33 members", Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(",")],
  ])("is discarded whole when it is %s", (_what, header) => {
    expect(parseTracestate(header)).toBeUndefined();
  });

  it("is handed on with 32 members", () => {
    const header = Array.from({ length: 32 }, (_, index) => `k${index}=1`).join(",");
    expect(parseTracestate(header)).toBe(header);
  });

  it("loses its long members first, from the end, then the others from the end", () => {
    const long = (key: string) => `${key}=${"v".repeat(199)}`;
    const short = (key: string) => `${key}=${"v".repeat(98)}`;
    expect(parseTracestate([long("a"), short("b"), long("c"), short("d")].join(","))).toBe(
      [long("a"), short("b"), short("d")].join(","),
    );
    expect(parseTracestate("abcdefg".split("").map(short).join(","))).toBe(
      "abcde".split("").map(short).join(","),
    );
  });
});

const member = fc
  .tuple(
    fc.constantFrom(...KEY_START),
    fc.string({ unit: fc.constantFrom(...KEY), maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(" ", ...VISIBLE), maxLength: 150 }),
    fc.constantFrom(...VISIBLE),
  )
  .map(([start, key, value, end]) => `${start}${key}=${value}${end}`);

describe("for every tracestate", () => {
  it("valid members are handed on in their order, whole, none of them twice, within 512 characters", () => {
    fc.assert(
      fc.property(fc.array(member, { minLength: 1, maxLength: 32 }), (members) => {
        const kept = parseTracestate(members.join(" ,\t"))?.split(",") ?? [];
        expect(kept.join(",").length).toBeLessThanOrEqual(512);
        expect(new Set(kept.map((entry) => entry.split("=")[0])).size).toBe(kept.length);
        let from = -1;
        for (const entry of kept) {
          from = members.indexOf(entry, from + 1);
          expect(from).toBeGreaterThanOrEqual(0);
        }
        const unique = new Set(members.map((entry) => entry.split("=")[0])).size === members.length;
        if (unique && members.join(",").length <= 512) expect(kept).toEqual(members);
      }),
    );
  });

  it("whatever comes in, what goes out is a valid header", () => {
    const anything = fc.oneof(
      fc.string({ unit: "binary", maxLength: 600 }),
      fc.string({ unit: fc.constantFrom("a", "=", ",", " ", "\t", "\n", "@", "A"), maxLength: 80 }),
    );
    fc.assert(
      fc.property(anything, (header) => {
        const out = parseTracestate(header);
        if (out === undefined) return;
        expect(out).toMatch(/^[ -~]{1,512}$/);
        expect(parseTracestate(out)).toBe(out);
      }),
      { numRuns: 2_000 },
    );
  });

  it("64 kB are read to their end", () => {
    // Long enough to hang the process if a pattern backtracked over any of them.
    for (const header of [" ".repeat(65_536), `a=${"b ".repeat(32_768)}`, "a=b,".repeat(16_384)]) {
      expect(parseTracestate(header)?.length ?? 0).toBeLessThanOrEqual(512);
    }
  });
});
