import { bootWith, createApp } from "@enfilade/line-testing";
import { describe, expect, it } from "vitest";
import { REQUEST_LOG_INVALID_OPTION, requestLog } from "../src/index.ts";

describe("a registration", () => {
  it.each([
    [{ level: "loud" }, "level"],
    [{ abortedLevel: true }, "abortedLevel"],
    [{ clientErrorLevel: 4 }, "clientErrorLevel"],
    [{ serverErrorLevel: "" }, "serverErrorLevel"],
    [{ ignore: "/health" }, "ignore"],
    [{ ignore: null }, "ignore"],
    [{ ignore: ["/ready", "health"] }, "ignore[1]"],
    [{ ignore: [/health/] }, "ignore[0]"],
    [{ redact: "ssn" }, "redact"],
    [{ redact: [""] }, "redact[0]"],
    [{ omit: ["url", "ip"] }, "omit[1]"],
    [{ omit: ["toString"] }, "omit[0]"],
    [{ requestHeaders: ["a", "a b"] }, "requestHeaders[1]"],
    [{ responseHeaders: true }, "responseHeaders"],
    [{ bodies: true }, "bodies"],
    [{ maxBodyBytes: 0 }, "maxBodyBytes"],
    [{ maxBodyBytes: 100_000 }, "maxBodyBytes"],
    [{ contentTypes: ["json"] }, "contentTypes[0]"],
    [{ contentTypes: ["text/css", "image/png"] }, "contentTypes[1]"],
    [{ contentTypes: ["application/*"] }, "contentTypes[0]"],
    [{ contentTypes: ["*/*"] }, "contentTypes[0]"],
    [{ contentTypes: ["multipart/form-data"] }, "contentTypes[0]"],
    [{ extra: {} }, "extra"],
    [{ headers: true }, "headers"],
  ])("refuses %j", async (options, name) => {
    await expect(bootWith(requestLog, options)).rejects.toMatchObject({
      code: "REQUEST_LOG_INVALID_OPTION",
      message: expect.stringContaining(`@enfilade/request-log: the option ${name} is `),
    });
  });

  it("refuses with an error that can be told by its class", async () => {
    await expect(bootWith(requestLog, { level: 1 })).rejects.toBeInstanceOf(
      REQUEST_LOG_INVALID_OPTION,
    );
  });
});

describe("a route's config.requestLog", () => {
  it.each([true, null, []])("is named where it is no object: %j", async (config) => {
    const app = await createApp();
    await app.register(requestLog);
    expect(() =>
      app.get("/", { config: { requestLog: config } as object }, async () => ""),
    ).toThrow(
      /the option config\.requestLog is .+\. Give a level, \{ level, bodies \}, or false\.$/,
    );
  });

  it.each([[true], [null], ["loud"], [{ levels: "info" }], [{ bodies: true }], [[]]])(
    "is refused when the route is declared, where it is %j",
    async (config) => {
      for (const logger of [true, false]) {
        const app = await createApp({ logger: logger && { level: "silent" } });
        await app.register(requestLog);
        const declare = () =>
          app.get("/", { config: { requestLog: config } as object }, async () => "");
        expect(declare).toThrow(expect.objectContaining({ code: "REQUEST_LOG_INVALID_OPTION" }));
      }
    },
  );
});
