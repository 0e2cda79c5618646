import { type AppOptions, bootWith, createApp, WAYS } from "@enfilade/line-testing";
import { describe, expect, test } from "vitest";
import { trustedHost } from "../src/index.ts";
import { hostApp } from "./apps.ts";

const boot = (options: object, app?: AppOptions) => bootWith(trustedHost, options, app);

const literal = (text: string) => text.replace(/[[\]().]/g, "\\$&");

const refusal = (option: string, why = "", where = "") =>
  expect.objectContaining({
    code: "TRUSTED_HOST_INVALID_OPTION",
    message: expect.stringMatching(
      new RegExp(
        `^@enfilade/trusted-host${literal(where)}: the option ${literal(option)} is .*${why}`,
      ),
    ),
  });

describe("the layer refuses to boot", () => {
  test.each([
    ["without hosts", {}],
    ["with none", { hosts: [] }],
    ["with a single string", { hosts: "example.com" }],
  ])("%s", async (_what, options) => {
    await expect(boot(options)).rejects.toEqual(refusal("hosts"));
  });

  test.each([
    ["with a star alone in a list", { hosts: ["*"] }],
    ["with a scheme", { hosts: ["https://example.com"] }],
    ["with a path", { hosts: ["example.com/"] }],
    ["with user information", { hosts: ["a@example.com"] }],
    ["with a star inside", { hosts: ["a*.example.com"] }],
    ["with two stars", { hosts: ["*.*.example.com"] }],
    ["with a star and no dot", { hosts: ["*example.com"] }],
    ["with a star at the end", { hosts: ["example.*"] }],
    ["with a star before an address", { hosts: ["*.127.0.0.1"] }],
    ["with IPv6 without brackets", { hosts: ["::1"] }],
    ["with a port that no request has", { hosts: ["example.com:99999"] }],
    ["with two ports", { hosts: ["example.com:80:*"] }],
    ["with an address that is none", { hosts: ["127.1"] }],
    ["with a name that DNS does not know", { hosts: ["exa mple.com"] }],
    ["with an international name that is none", { hosts: ["\u00ad.\u3002"] }],
    ["with a leading dot", { hosts: [".example.com"] }],
    ["with an empty string", { hosts: [""] }],
    ["with something else", { hosts: [/example/] }],
  ])("%s, and names it", async (_what, { hosts }) => {
    await expect(boot({ hosts })).rejects.toEqual(refusal("hosts[0]"));
    await expect(boot({ hosts: ["a.example", ...hosts] })).rejects.toEqual(refusal("hosts[1]"));
  });

  test.each([
    ["forwarded", "yes"],
    ["httpsRedirect", "true"],
    ["httpsRedirect", null],
    ["wwwRedirect", true],
    ["wwwRedirect", "www"],
    ["allow", ["example.com"]],
  ])("with %s: %j", async (option, value) => {
    const options = { hosts: ["example.com", "www.example.com"], [option]: value };
    await expect(boot(options, { trustProxy: true })).rejects.toEqual(refusal(option));
  });

  test.each([
    [{ port: 0 }, "port"],
    [{ port: "443" }, "port"],
    [{ exempt: "/health" }, "exempt"],
    [{ exempt: ["/health", "ready"] }, "exempt[1]"],
    [{ excempt: ["/health"] }, "excempt"],
  ])("with httpsRedirect: %j", async (httpsRedirect, option) => {
    await expect(
      boot({ hosts: ["example.com"], httpsRedirect }, { trustProxy: true }),
    ).rejects.toEqual(refusal(option, "", " (httpsRedirect)"));
  });

  test("with redirects to whatever host a request names", async () => {
    const trusting = { trustProxy: true };
    await expect(boot({ hosts: "*", httpsRedirect: true }, trusting)).rejects.toEqual(
      refusal("hosts"),
    );
    await expect(boot({ hosts: "*", wwwRedirect: "add" }, trusting)).rejects.toEqual(
      refusal("hosts"),
    );
  });

  test("with an httpsRedirect that would send everybody round in circles", async () => {
    const options = { hosts: ["example.com"], httpsRedirect: true };
    await expect(boot(options)).rejects.toEqual(refusal("httpsRedirect", "No request can reach"));
    await boot(options, { trustProxy: "10.0.0.1" });
  });

  test("with a wwwRedirect that has no pair of names to go between", async () => {
    await expect(
      boot({ hosts: ["*.example.com", "example.com"], wwwRedirect: "add" }),
    ).rejects.toEqual(refusal("wwwRedirect"));
    await expect(boot({ hosts: () => true, wwwRedirect: "add" })).rejects.toEqual(
      refusal("wwwRedirect"),
    );
    const pair = ["example.com:8080", "www.example.com:8080"];
    await boot({ hosts: pair, wwwRedirect: "add" });
  });
});

describe.each(WAYS)("%s, a route is refused", (way) => {
  test.each([
    [[], ""],
    ["example.com", ""],
    [true, ""],
    [{}, ""],
    [["*"], "[0]"],
    [["example.com", "https://example.com"], "[1]"],
    [[""], "[0]"],
    [[5], "[0]"],
  ])("with config.trustedHost %j", async (value, item) => {
    const app = await hostApp(way, { hosts: ["example.com"] });

    expect(() => app.get("/mine", { config: { trustedHost: value as never } }, () => "")).toThrow(
      refusal(`trustedHost${item}`, "", " (config.trustedHost of GET /mine)"),
    );
  });
});

test("the audit warns of a server that takes every host", async () => {
  const app = await createApp({ way: "in line" });
  await app.register(trustedHost, { hosts: "*" });
  await app.ready();

  expect(app.order.findings()).toEqual([
    expect.objectContaining({ code: "TRUSTED_HOST_ANY", severity: "warning" }),
  ]);
});
