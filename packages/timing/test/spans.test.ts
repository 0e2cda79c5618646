import { createDeferred, createRecorder } from "@enfilade/testing";
import type { FastifyRequest } from "fastify";
import { describe, expect, it } from "vitest";
import type { TimingReport } from "../src/index.ts";
import { timedApp } from "./apps.ts";

/** Runs one handler and gives the report of its exchange. */
async function reportOf(handler: (request: FastifyRequest) => unknown): Promise<TimingReport> {
  const reports = createRecorder<TimingReport>();
  const app = await timedApp({ onTimed: (_request, report) => reports.record(report) });
  app.get("/", async (request) => (await handler(request)) ?? "");
  await app.inject("/");
  return await reports.find(() => true);
}

describe("a span", () => {
  it("has a name, a description, a start and a duration", async () => {
    const { spans } = await reportOf(({ timing }) => {
      expect(timing.span("db", { description: "users" }).end()).toBeGreaterThanOrEqual(0);
    });
    expect(spans).toEqual([
      {
        name: "db",
        description: "users",
        startMs: expect.any(Number),
        durationMs: expect.any(Number),
        failed: false,
      },
    ]);
    expect(spans[0]?.startMs).toBeGreaterThanOrEqual(0);
  });

  it("may overlap others, and bear the same name", async () => {
    const { spans } = await reportOf(({ timing }) => {
      const outer = timing.span("model");
      const first = timing.span("tool");
      const second = timing.span("tool");
      first.end();
      second.end();
      outer.end();
    });
    expect(spans.map(({ name }) => name)).toEqual(["model", "tool", "tool"]);
    const [outer, ...inner] = spans;
    for (const span of inner) {
      expect(span.startMs).toBeGreaterThanOrEqual(outer?.startMs ?? Number.NaN);
      expect(span.durationMs).toBeLessThanOrEqual(outer?.durationMs ?? Number.NaN);
    }
  });

  it("that is never ended stays in the report without a duration", async () => {
    const { spans } = await reportOf(({ timing }) => void timing.span("forgotten"));
    expect(spans).toMatchObject([{ name: "forgotten", durationMs: undefined, failed: false }]);
  });

  it("ends once: what is called later changes nothing", async () => {
    await reportOf(({ timing }) => {
      const span = timing.span("db");
      const durationMs = span.end();
      const ended = performance.now();
      while (performance.now() === ended);
      expect(span.end()).toBe(durationMs);
      expect(span.durationMs).toBe(durationMs);
    });
  });

  it("is not kept beyond the 64th, but still measured and counted", async () => {
    const report = await reportOf(({ timing }) => {
      for (let index = 0; index < 70; index++) {
        expect(timing.span(`s${index}`).end()).toBeGreaterThanOrEqual(0);
      }
    });
    expect(report.spans).toHaveLength(64);
    expect(report.droppedSpans).toBe(6);
  });

  it.each(["", "a b", "a,b", 'a"b', "a;dur=1", "a\r\nb", "ä", "x".repeat(65), 1, undefined])(
    "cannot be named %j",
    async (name) => {
      await reportOf(({ timing }) => {
        expect(() => timing.span(name as string)).toThrow(
          expect.objectContaining({ code: "TIMING_INVALID_SPAN" }),
        );
      });
    },
  );

  it("says what it was named that is no name, whatever that is", async () => {
    await reportOf(({ timing }) => {
      const named = (name: unknown) => () => timing.span(name as string);
      expect(named(10n)).toThrow("the name of a span is 10. ");
      expect(named({ name: "secret" })).toThrow("the name of a span is an object. ");
      expect(named("a b")).toThrow('the name of a span is "a b". ');
    });
  });

  it("cannot be described by anything but a string", async () => {
    await reportOf(({ timing }) => {
      expect(() => timing.span("db", { description: 1 as unknown as string })).toThrow(
        expect.objectContaining({ code: "TIMING_INVALID_SPAN" }),
      );
    });
  });
});

describe("measure", () => {
  it("gives back what synchronous work gives", async () => {
    const { spans } = await reportOf(({ timing }) => {
      const sum: number = timing.measure("sum", () => 1 + 1);
      expect(sum).toBe(2);
    });
    expect(spans).toMatchObject([{ name: "sum", failed: false, durationMs: expect.any(Number) }]);
  });

  it("ends the span of asynchronous work when it is done, not before", async () => {
    const { spans } = await reportOf(async ({ timing }) => {
      const work = createDeferred<string>();
      const result: Promise<string> = timing.measure("db", () => work.promise);
      expect(timing.spans[0]?.durationMs).toBeUndefined();
      work.resolve("row");
      expect(await result).toBe("row");
    });
    expect(spans).toMatchObject([{ name: "db", failed: false, durationMs: expect.any(Number) }]);
  });

  it("throws on what the work throws, and marks the span as failed", async () => {
    const { spans } = await reportOf(async ({ timing }) => {
      const fail = () => {
        throw new Error("sync");
      };
      expect(() => timing.measure("a", fail)).toThrow("sync");
      await expect(timing.measure("b", () => Promise.reject(new Error("async")))).rejects.toThrow(
        "async",
      );
    });
    expect(spans).toMatchObject([
      { name: "a", failed: true, durationMs: expect.any(Number) },
      { name: "b", failed: true, durationMs: expect.any(Number) },
    ]);
  });

  it("awaits a query builder once", async () => {
    let runs = 0;
    const query = {
      // biome-ignore lint/suspicious/noThenProperty: query builders are made like this
      then(resolve: (rows: string[]) => void) {
        runs += 1;
        resolve(["row"]);
      },
    } as PromiseLike<string[]>;
    await reportOf(async ({ timing }) => {
      expect(await timing.measure("db", () => query)).toEqual(["row"]);
    });
    expect(runs).toBe(1);
  });

  it("does no work under a name that cannot be", async () => {
    let worked = false;
    await reportOf(({ timing }) => {
      const work = () => {
        worked = true;
      };
      expect(() => timing.measure("a b", work)).toThrow(
        expect.objectContaining({ code: "TIMING_INVALID_SPAN" }),
      );
    });
    expect(worked).toBe(false);
  });
});
