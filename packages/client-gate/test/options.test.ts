import { bootWith } from "@enfilade/line-testing";
import { describe, expect, test } from "vitest";
import { clientGate } from "../src/index.ts";

const boot = (options: object) => bootWith(clientGate, options);

const refusal = (where: string, option: string) =>
  expect.objectContaining({
    code: "CLIENT_GATE_INVALID_OPTION",
    message: expect.stringMatching(
      new RegExp(
        `^@enfilade/client-gate${where.replace(/[[\]().]/g, "\\$&")}: the option ${option.replace(/[[\]]/g, "\\$&")} is .+\\. \\S`,
      ),
    ),
  });

const rule = (more: object) => ({ refuse: [{ name: "rule", userAgent: "App", ...more }] });

describe("the layer refuses to boot", () => {
  test.each<[string, object]>([
    ["allow", { allow: { name: "a", userAgent: "A" } }],
    ["refuse", { refuse: "LegacyApp" }],
    ["refuse[0]", { refuse: [null] }],
    ["refuse[0]", { refuse: new Array(1) }],
    ["otherwise", { otherwise: "deny" }],
    ["otherwise", { otherwise: null }],
    ["otherwise", { otherwise: ["refuse"] }],
    ["dryRun", { dryRun: "false" }],
    ["deny", { deny: [] }],
  ])("with a bad %s: %j", async (option, options) => {
    await expect(boot(options)).rejects.toEqual(refusal("", option));
  });

  test.each<[string, object]>([
    ["name", { name: undefined }],
    ["name", { name: "" }],
    ["name", { name: "two words" }],
    ["name", { name: "otherwise" }],
    ["userAgent", { userAgent: undefined }],
    ["userAgent", { userAgent: [] }],
    ["userAgent", { userAgent: "" }],
    ["userAgent", { userAgent: "*" }],
    ["userAgent", { userAgent: "App/*" }],
    ["userAgent", { userAgent: "A*p" }],
    ["userAgent", { userAgent: "My App" }],
    ["userAgent", { userAgent: "App/" }],
    ["userAgent", { userAgent: "App/1/2" }],
    ["userAgent", { userAgent: true }],
    ["userAgent", { userAgent: /App/ }],
    ["userAgent[0]", { userAgent: [false] }],
    ["userAgent", { userAgent: { product: "App" } }],
    ["userAgent", { userAgent: { product: "App/1", version: "<2" } }],
    ["userAgent", { userAgent: { product: "App", version: "^2" } }],
    ["userAgent", { userAgent: { product: "App", version: 2 } }],
    ["userAgent", { userAgent: { product: "App", version: "<2", range: "<2" } }],
    ["address", { address: [] }],
    ["address", { address: "10.1.2.3/8" }],
    ["address[1]", { address: ["10.0.0.1", "example.com"] }],
    ["address[0]", { address: [167772160] }],
    ["requestHeaders", { requestHeaders: {} }],
    ["requestHeaders", { requestHeaders: ["x-beta"] }],
    ["requestHeaders", { requestHeaders: { "x beta": true } }],
    ["requestHeaders", { requestHeaders: { "x-beta": [] } }],
    ["requestHeaders", { requestHeaders: { "x-beta": " padded" } }],
    ["requestHeaders", { requestHeaders: { "x-beta": /a/ } }],
    ["requestHeaders", { requestHeaders: { "x-beta": { startsWith: "" } } }],
    ["requestHeaders", { requestHeaders: { "x-beta": { endsWith: "a" } } }],
    ["when", { when: true }],
    ["status", { status: 200 }],
    ["status", { status: 302 }],
    ["status", { status: 503 }],
    ["status", { status: "410" }],
    ["status", { status: 410.5 }],
    ["message", { message: "" }],
    ["message", { message: "Gone.", body: "Gone." }],
    ["body", { body: 5 }],
    ["body", { body: null }],
    ["body", { body: { toJSON: () => undefined } }],
    ["headers", { headers: ["x"] }],
    ["headers", { headers: { "x y": "z" } }],
    ["headers", { headers: { "x-a": "b\r\nx-c: d" } }],
    ["headers", { headers: { "x-a": 1 } }],
    ["headers", { headers: { "Content-Length": "0" } }],
    ["headers", { headers: { "transfer-encoding": "chunked" } }],
    ["headers", { status: 426 }],
    ["headers", { status: 401, headers: { allow: "GET" } }],
    ["headers", { status: 405 }],
    ["headers", { status: 407 }],
    ["dryRun", { dryRun: 1 }],
    ["match", { match: "App" }],
  ])("with a rule whose %s is bad: %j", async (option, more) => {
    // A fault in one condition is found beside another one that is right.
    await expect(boot(rule(more))).rejects.toEqual(refusal(" (refuse[0])", option));
  });

  test("with a body that JSON cannot hold", async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    for (const body of [circle, { big: 1n }]) {
      await expect(boot(rule({ body }))).rejects.toEqual(refusal(" (refuse[0])", "body"));
    }
  });

  test("with two rules of one name, of whichever list", async () => {
    const options = {
      allow: [{ name: "app", userAgent: "App" }],
      refuse: [{ name: "app", userAgent: "Other" }],
    };
    await expect(boot(options)).rejects.toEqual(refusal(" (refuse[0])", "name"));
  });

  test("with a rule that lets in and has an answer", async () => {
    const allow = [{ name: "app", userAgent: "App", status: 403 }];
    await expect(boot({ allow })).rejects.toEqual(refusal(" (allow[0])", "status"));
  });

  test("with a refusal of everybody else that is none", async () => {
    await expect(boot({ otherwise: { status: 426 } })).rejects.toEqual(
      refusal(" (otherwise)", "headers"),
    );
    await expect(boot({ otherwise: { code: 403 } })).rejects.toEqual(
      refusal(" (otherwise)", "code"),
    );
  });

  test("and does not show what may be a secret", async () => {
    const headers = { requestHeaders: { "x-key": ["hunter2", " padded"] } };
    await expect(boot(rule(headers))).rejects.toMatchObject({
      message: expect.not.stringContaining("hunter2"),
    });
  });
});

test.each<[string, object]>([
  ["nothing", {}],
  [
    "every kind of rule",
    {
      allow: [{ name: "probe", userAgent: ["probe", { product: "up*", version: ">=1" }] }],
      refuse: [
        { name: "a", userAgent: false, address: ["::1", "uniquelocal"] },
        { name: "b/1", requestHeaders: { "x-a": true, "x-b": { startsWith: "v" } } },
        { name: "c", when: () => false, status: 426, headers: { upgrade: "acme/2" } },
        { name: "d", userAgent: "App", status: 401, headers: { "WWW-Authenticate": "Basic" } },
      ],
      otherwise: { status: 404, body: [] },
      dryRun: false,
    },
  ],
])("the layer boots with %s", async (_what, options) => {
  await boot(options);
});
