import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatMetrics, isMetricName } from "../src/server-timing.ts";

/** The grammar of the W3C draft, written down on its own, with printable ASCII inside the quotes. */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = String.raw`"(?:[ !#-\[\]-~]|\\[ -~])*"`;
const METRIC = `${TOKEN};dur=\\d+(?:\\.\\d+)?(?:;desc=${QUOTED})?`;
const GRAMMAR = new RegExp(`^${METRIC}(?:, ${METRIC})*$`);

/** Anything at all: control characters, quotes, separators, lone surrogates. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("\r", "\n", "\0", '"', "\\", ",", ";", "=", " ", "\t", "é") }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
);

describe("a Server-Timing value", () => {
  it("fits the grammar, whatever the descriptions are", () => {
    const metric = fc.record({
      name: fc.stringMatching(new RegExp(`^${TOKEN}$`)).filter(isMetricName),
      durationMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
      description: fc.option(anyText, { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(metric, { minLength: 1, maxLength: 5 }), (metrics) => {
        expect(formatMetrics(metrics, 10)).toMatch(GRAMMAR);
      }),
    );
  });

  it("gives the printable part of a description back to whoever parses it", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 128 }), (description) => {
        const value = formatMetrics([{ name: "a", durationMs: 1, description }], 10);
        const quoted = value.slice('a;dur=1;desc="'.length, -1);
        expect(quoted.replace(/\\(.)/g, "$1")).toBe(description.replace(/[^\x20-\x7e]/gu, "?"));
      }),
    );
  });

  it("takes no name but a token of up to 64 characters", () => {
    fc.assert(
      fc.property(anyText, (name) => {
        const token = new RegExp(`^${TOKEN}$`).test(name) && name.length <= 64;
        expect(isMetricName(name)).toBe(token);
      }),
    );
    expect(isMetricName("a".repeat(64))).toBe(true);
    expect(isMetricName("a".repeat(65))).toBe(false);
    expect(isMetricName("a\n")).toBe(false);
  });

  it("rounds to the decimals asked for", () => {
    const metrics = [{ name: "a", durationMs: 12.3456 }];
    expect(formatMetrics(metrics, 1)).toBe("a;dur=12");
    expect(formatMetrics(metrics, 10)).toBe("a;dur=12.3");
    expect(formatMetrics(metrics, 1000)).toBe("a;dur=12.346");
  });
});
