import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatTraceparent, parseTraceparent } from "../src/index.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("a traceparent", () => {
  it.each([
    ["not sampled", "00", false, false],
    ["sampled", "01", true, false],
    ["random", "02", false, true],
    ["sampled and random", "03", true, true],
    ["with flags that nobody knows yet", "fc", false, false],
    ["with every flag", "ff", true, true],
  ])("is read when it is %s", (_what, flags, sampled, random) => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-${flags}`)).toEqual({
      traceId: TRACE,
      parentId: SPAN,
      sampled,
      random,
    });
  });

  it.each([
    ["missing", undefined],
    ["a list", [`00-${TRACE}-${SPAN}-01`]],
    ["empty", ""],
    ["of an all-zero trace", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["of an all-zero span", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["of the version that is forbidden", `ff-${TRACE}-${SPAN}-01`],
    ["in capitals", `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ["of version 00 with something after it", `00-${TRACE}-${SPAN}-01-more`],
    ["of version 00 with a dash after it", `00-${TRACE}-${SPAN}-01-`],
    ["followed by a dot", `cc-${TRACE}-${SPAN}-01.more`],
    ["sent twice", `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
    ["of a later version, and sent twice", `cc-${TRACE}-${SPAN}-01-x, cc-${TRACE}-${SPAN}-01-x`],
    ["of a version with three digits", `000-${TRACE}-${SPAN}-01`],
    ["of a version with one digit", `0-${TRACE}-${SPAN}-01`],
    ["of a version that is no number", `.0-${TRACE}-${SPAN}-01`],
    ["with a short trace id", `00-${TRACE.slice(1)}-${SPAN}-01`],
    ["with a long span id", `00-${TRACE}-${SPAN}0-01`],
    ["with one digit of flags", `00-${TRACE}-${SPAN}-1`],
    ["without flags", `00-${TRACE}-${SPAN}`],
    ["with a line break at its end", `00-${TRACE}-${SPAN}-01\n`],
  ])("is ignored when it is %s", (_what, header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });

  it.each(["01", "cc", "fe"])("of the later version %s is read as far as 00 goes", (version) => {
    for (const rest of ["", "-", "-what-the-future-will-be-like"]) {
      const header = `${version}-${TRACE}-${SPAN}-01${rest}`;
      expect(parseTraceparent(header)).toMatchObject({ traceId: TRACE, sampled: true });
    }
  });
});

const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length })
    .filter((text) => /[^0]/.test(text));
const parent = fc.record({
  traceId: hex(32),
  parentId: hex(16),
  sampled: fc.boolean(),
  random: fc.boolean(),
});

describe("for every traceparent", () => {
  it("what is written can be read again, unchanged", () => {
    fc.assert(
      fc.property(parent, (value) => {
        expect(parseTraceparent(formatTraceparent(value))).toEqual(value);
      }),
    );
  });

  it("whatever is read is written as version 00, with the flags of that version alone", () => {
    const header = fc
      .tuple(fc.constantFrom("00", "01", "42", "fe"), parent, fc.nat(255))
      .map(([version, { traceId, parentId }, flags]) => ({
        text: `${version}-${traceId}-${parentId}-${flags.toString(16).padStart(2, "0")}`,
        flags,
      }));
    fc.assert(
      fc.property(header, ({ text, flags }) => {
        const read = parseTraceparent(text);
        expect(read).toBeDefined();
        if (read === undefined) return;
        expect(formatTraceparent(read)).toBe(`00${text.slice(2, -2)}0${flags & 3}`);
      }),
    );
  });

  it("one character changed into anything never breaks out of the grammar", () => {
    fc.assert(
      fc.property(parent, fc.nat(54), fc.string({ maxLength: 3 }), (value, index, junk) => {
        const valid = formatTraceparent(value);
        const changed = valid.slice(0, index) + junk + valid.slice(index + 1);
        const read = parseTraceparent(changed);
        if (read === undefined) return;
        expect(read.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
        expect(read.parentId).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
        expect(changed.slice(3, 52)).toBe(`${read.traceId}-${read.parentId}`);
      }),
      { numRuns: 2_000 },
    );
  });
});
