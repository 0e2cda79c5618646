import { bootWith, createApp } from "@enfilade/line-testing";
import { describe, expect, it } from "vitest";
import { TIMING_INVALID_OPTION, timing } from "../src/index.ts";

describe("a registration", () => {
  it.each([
    [{ processTimeHeader: "" }, "processTimeHeader"],
    [{ processTimeHeader: "x y" }, "processTimeHeader"],
    [{ processTimeHeader: true }, "processTimeHeader"],
    [{ serverTimingHeader: "a:b" }, "serverTimingHeader"],
    [{ detail: "yes" }, "detail"],
    [{ trailer: 1 }, "trailer"],
    [{ trailer: true, serverTimingHeader: false }, "trailer"],
    [{ decimals: 4 }, "decimals"],
    [{ decimals: 0.5 }, "decimals"],
    [{ onTimed: "report" }, "onTimed"],
    [{ details: true }, "details"],
  ])("refuses %j", async (options, name) => {
    await expect(bootWith(timing, options)).rejects.toMatchObject({
      code: "TIMING_INVALID_OPTION",
      message: expect.stringContaining(`@enfilade/timing: the option ${name} is `),
    });
  });

  it("refuses with an error that can be told by its class", async () => {
    await expect(bootWith(timing, { decimals: -1 })).rejects.toBeInstanceOf(TIMING_INVALID_OPTION);
  });

  it.each([{}, { processTimeHeader: false }, { decimals: 3 }, { onTimed: () => {} }])(
    "takes %j",
    async (options) => {
      await bootWith(timing, options);
    },
  );
});

describe("a route's config.timing", () => {
  it.each([
    [{ details: true }, "details"],
    [{ detail: "yes" }, "detail"],
    [{ serverTiming: false, trailer: true }, "trailer"],
  ])("is refused when the route is declared: %j", async (config, name) => {
    const app = await createApp();
    await app.register(timing);
    expect(() => app.get("/", { config: { timing: config } as object }, async () => "")).toThrow(
      expect.objectContaining({
        code: "TIMING_INVALID_OPTION",
        message: expect.stringContaining(`(config.timing): the option ${name} is `),
      }),
    );
  });

  it.each(["off", null, [], true])("is refused where it is no object: %j", async (config) => {
    const app = await createApp();
    await app.register(timing);
    expect(() => app.get("/", { config: { timing: config } as object }, async () => "")).toThrow(
      /@enfilade\/timing: the option config\.timing is .+\. Give \{ serverTiming, detail, trailer \}, or false\.$/,
    );
  });

  it("cannot turn on a header that the registration has not named", async () => {
    const app = await createApp();
    await app.register(timing, { serverTimingHeader: false });
    const declare = () =>
      app.get("/", { config: { timing: { serverTiming: true } } }, async () => "");
    expect(declare).toThrow(expect.objectContaining({ code: "TIMING_INVALID_OPTION" }));
  });
});
