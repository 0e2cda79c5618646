import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calendarSpan } from "../src/calendar.ts";
import { budget } from "../src/index.ts";

const HOUR_US = 3_600_000_000;

function localDate(us: number, timeZone: string): string {
  return new Date(us / 1_000).toLocaleDateString("sv-SE", { timeZone });
}

function span(per: "day" | "month", timeZone: string, iso: string) {
  return calendarSpan(budget({ limit: 1, per, timeZone }), Date.parse(iso) * 1_000);
}

const iso = (us: number) => new Date(us / 1_000).toISOString();

describe("the calendar window of a budget", () => {
  it("is the local day that a moment lies in, and the next one is the next", () => {
    const zones = fc.constantFrom(...Intl.supportedValuesOf("timeZone"));
    const moments = fc.integer({ min: Date.UTC(1970), max: Date.UTC(2040) });
    fc.assert(
      fc.property(zones, moments, fc.constantFrom("day", "month"), (timeZone, ms, per) => {
        const now = ms * 1_000;
        const { start, end, next } = calendarSpan(budget({ limit: 1, per, timeZone }), now);
        const window = (us: number) => localDate(us, timeZone).slice(0, per === "day" ? 10 : 7);
        expect(start).toBeLessThanOrEqual(now);
        expect(end).toBeGreaterThan(now);
        expect(next).toBeGreaterThan(end);
        expect(window(start)).toBe(window(now));
        expect(window(end - 1_000)).toBe(window(now));
        expect(window(start - 1_000) < window(now)).toBe(true);
        expect(window(end) > window(now)).toBe(true);
        expect(window(next - 1_000)).toBe(window(end));
      }),
      { numRuns: 300 },
    );
  });

  it("has 23 hours when the clocks go forward, and 25 when they go back", () => {
    const spring = span("day", "Europe/Berlin", "2025-03-30T12:00:00Z");
    expect((spring.end - spring.start) / HOUR_US).toBe(23);
    const autumn = span("day", "Europe/Berlin", "2025-10-26T12:00:00Z");
    expect((autumn.end - autumn.start) / HOUR_US).toBe(25);
    expect((autumn.next - autumn.end) / HOUR_US).toBe(24);
  });

  it("starts at one o'clock where midnight is skipped", () => {
    const { start } = span("day", "Asia/Beirut", "2022-03-27T12:00:00Z");
    expect(iso(start)).toBe("2022-03-26T22:00:00.000Z");
    expect(new Date(start / 1_000).toLocaleTimeString("sv-SE", { timeZone: "Asia/Beirut" })).toBe(
      "01:00:00",
    );
  });

  it("leaves out a day that never was", () => {
    const { start, end, next } = span("day", "Pacific/Apia", "2011-12-29T20:00:00Z");
    expect([start, end, next].map((us) => localDate(us, "Pacific/Apia"))).toEqual([
      "2011-12-29",
      "2011-12-31",
      "2012-01-01",
    ]);
  });

  it("is a month from its first to the next one's, over the year as well", () => {
    const { start, end, next } = span("month", "America/New_York", "2025-12-15T00:00:00Z");
    expect([start, end, next].map(iso)).toEqual([
      "2025-12-01T05:00:00.000Z",
      "2026-01-01T05:00:00.000Z",
      "2026-02-01T05:00:00.000Z",
    ]);
  });
});
