import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createNegotiator, negotiate, parseAcceptEncoding } from "../src/accept.ts";

const ALL = ["zstd", "br", "gzip", "deflate"] as const;

describe("the coding of a response is the one that", () => {
  it.each([
    ["nobody who says nothing knows", undefined, undefined],
    ["nobody who says nothing but that they want none", "", undefined],
    ["is named", "gzip", "gzip"],
    ["is named by its old name", "X-GZIP", "gzip"],
    ["is preferred here, of those that are liked alike", "gzip, deflate, br", "br"],
    [
      "is preferred here, of those that are liked alike, whatever their order",
      "zstd;q=0.5, gzip;q=0.5",
      "zstd",
    ],
    ["is liked best", "br;q=0.1, gzip;q=0.9", "gzip"],
    ["is liked best, in any case and spacing", "BR ; Q=0.1 ,\tgzip;q=1.000", "gzip"],
    ["the star stands for", "*", "zstd"],
    ["the star stands for, but for the one ruled out", "*, zstd;q=0", "br"],
    ["the star stands for, at its weight", "*;q=0.5, gzip;q=0.6", "gzip"],
    ["is not ruled out", "gzip;q=0, br;q=0, zstd;q=0.0, deflate", "deflate"],
    ["is none, where none is liked better", "identity, gzip;q=0.5", undefined],
    ["is one, where none is liked just as well", "identity, gzip", "gzip"],
    ["is one, where none is not named", "gzip;q=0.001", "gzip"],
    [
      "is none, where the star prefers it",
      "gzip;q=0.5, *;q=0.8, br;q=0, zstd;q=0, deflate;q=0",
      undefined,
    ],
    ["is known here", "compress, pack200-gzip, dcb, gzip;q=0.2", "gzip"],
    ["is known here, or none", "compress", undefined],
    [
      "can be read: not one with a weight that is none",
      "gzip;q=high, br;q=2, zstd;q, deflate;q=0.5",
      "deflate",
    ],
    [
      "can be read: not one with more than a weight",
      "gzip;level=9, br;q=0.5;x=1, deflate",
      "deflate",
    ],
    ["keeps the lower weight, named twice", "gzip, gzip;q=0, deflate;q=0.1", "deflate"],
    ["is named between empty elements", ",, gzip ,", "gzip"],
  ])("%s: %j", (_what, header, coding) => {
    expect(negotiate(header, ALL).coding).toBe(coding);
  });

  it("is chosen by the order of preference that is given", () => {
    expect(negotiate("gzip, br", ["gzip", "br"]).coding).toBe("gzip");
    expect(negotiate("gzip, br", ["deflate"]).coding).toBeUndefined();
  });
});

describe("a body without a coding is", () => {
  it.each([
    ["refused by name", "identity;q=0", true],
    ["refused by name, beside others", "gzip, identity;q=0.0", true],
    ["refused by the star", "gzip, *;q=0", true],
    ["refused by its name, whatever the star says", "*, identity;q=0", true],
    ["allowed by its name, whatever the star says", "identity;q=0.1, *;q=0", false],
    ["allowed by the star", "*;q=0.1", false],
    ["allowed where nothing is said of it", "gzip;q=0", false],
    ["allowed without the header", undefined, false],
    ["allowed with nothing in the header", "", false],
  ])("%s: %j", (_what, header, refused) => {
    expect(negotiate(header, ALL).plainRefused).toBe(refused);
  });
});

describe("whatever the header says", () => {
  const weight = fc.oneof(
    fc.constant(""),
    fc.integer({ min: 0, max: 1000 }).map((thousandths) => `;q=${thousandths / 1000}`),
  );
  const element = fc.tuple(fc.constantFrom(...ALL, "identity", "*", "compress"), weight);

  it("the coding is never one that is ruled out, nor liked less than another", () => {
    fc.assert(
      fc.property(fc.uniqueArray(element, { selector: ([name]) => name }), (elements) => {
        const header = elements.map((parts) => parts.join("")).join(", ");
        const weights = new Map<string, number>(
          elements.map(([name, q]) => [name, q === "" ? 1 : Number(q.slice(3))]),
        );
        const liking = (name: string) => weights.get(name) ?? weights.get("*") ?? 0;
        const { coding, plainRefused } = negotiate(header, ALL);
        const best = Math.max(...ALL.map(liking));
        if (coding !== undefined) {
          expect(liking(coding)).toBe(best);
          expect(best).toBeGreaterThan(0);
          expect(coding).toBe(ALL.find((name) => liking(name) === best));
        } else {
          const plain = weights.get("identity") ?? weights.get("*") ?? 0;
          expect(best === 0 || plain > best).toBe(true);
        }
        expect(plainRefused).toBe((weights.get("identity") ?? weights.get("*")) === 0);
      }),
    );
  });

  it("it is read, and read the same way again", () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const remembering = createNegotiator(ALL);
        expect(remembering(header)).toEqual(negotiate(header, ALL));
        expect(remembering(header)).toEqual(negotiate(header, ALL));
        for (const value of parseAcceptEncoding(header).values()) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it("it is read in a time that grows with its length alone", () => {
    const header = `gzip;q=0.${"1".repeat(8000)},${",".repeat(8000)}${" ".repeat(8000)};q=`;
    expect(negotiate(header, ALL).coding).toBe("gzip");
  });

  it("no more of them are remembered than there is room for", () => {
    const remembering = createNegotiator(ALL);
    for (let index = 0; index < 1000; index++) {
      expect(remembering(`gzip;q=0.${index + 1}`).coding).toBe("gzip");
    }
    expect(remembering("br").coding).toBe("br");
  });
});
