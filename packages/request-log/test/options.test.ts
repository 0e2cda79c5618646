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
    [{ ignore: ["health"] }, "ignore"],
    [{ ignore: [/health/] }, "ignore"],
    [{ redact: "ssn" }, "redact"],
    [{ redact: [""] }, "redact"],
    [{ omit: ["ip"] }, "omit"],
    [{ omit: ["toString"] }, "omit"],
    [{ requestHeaders: ["a b"] }, "requestHeaders"],
    [{ responseHeaders: true }, "responseHeaders"],
    [{ bodies: true }, "bodies"],
    [{ maxBodyBytes: 0 }, "maxBodyBytes"],
    [{ maxBodyBytes: 100_000 }, "maxBodyBytes"],
    [{ contentTypes: ["json"] }, "contentTypes"],
    [{ contentTypes: ["image/png"] }, "contentTypes"],
    [{ contentTypes: ["application/*"] }, "contentTypes"],
    [{ contentTypes: ["*/*"] }, "contentTypes"],
    [{ contentTypes: ["multipart/form-data"] }, "contentTypes"],
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
