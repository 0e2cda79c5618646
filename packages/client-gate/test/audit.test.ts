import { type AppOptions, createApp } from "@enfilade/line-testing";
import { describe, expect, test } from "vitest";
import type { AllowRule, ClientGateOptions, RefuseRule } from "../src/index.ts";
import { clientGate } from "../src/index.ts";

async function findingsOf(options: ClientGateOptions, server: AppOptions = {}) {
  const app = await createApp({ ...server, way: "in line" });
  await app.register(clientGate, options);
  await app.ready();
  return app.order
    .findings()
    .map(({ code, severity, where, why }) => ({ code, severity, where, why }));
}
const codesOf = async (options: ClientGateOptions, server: AppOptions = {}) =>
  (await findingsOf(options, server)).map(({ code }) => code);

const proxied = { trustProxy: "10.0.0.1" };

describe("a rule that is never met", () => {
  const same = () => true;
  type Rule = Omit<RefuseRule, "name">;
  const pairs: readonly [string, Rule, Rule, boolean][] = [
    ["a wider network", { address: "10.0.0.0/8" }, { address: "10.1.0.0/16" }, true],
    ["a narrower network", { address: "10.1.0.0/16" }, { address: "10.0.0.0/8" }, false],
    ["any version", { userAgent: "App" }, { userAgent: "App/1." }, true],
    ["one version", { userAgent: "App/1." }, { userAgent: "App" }, false],
    [
      "the same range",
      { userAgent: { product: "A", version: "<2" } },
      { userAgent: { product: "a", version: "<2" } },
      true,
    ],
    ["two of three names", { userAgent: ["A", "B"] }, { userAgent: ["A", "B", "C"] }, false],
    ["no User-Agent at all", { userAgent: false }, { userAgent: false }, true],
    ["a condition less", { userAgent: "A" }, { userAgent: "A", address: "10.0.0.1" }, true],
    ["a condition more", { userAgent: "A", address: "10.0.0.1" }, { userAgent: "A" }, false],
    [
      "a header that is there",
      { requestHeaders: { "x-a": true } },
      { requestHeaders: { "X-A": "1" } },
      true,
    ],
    [
      "the start of a value",
      { requestHeaders: { "x-a": { startsWith: "v" } } },
      { requestHeaders: { "x-a": ["v1", "v2"] } },
      true,
    ],
    [
      "one of two values",
      { requestHeaders: { "x-a": "v1" } },
      { requestHeaders: { "x-a": ["v1", "v2"] } },
      false,
    ],
    [
      "another header",
      { requestHeaders: { "x-a": true } },
      { requestHeaders: { "x-b": true } },
      false,
    ],
    ["the same function", { when: same }, { when: same, userAgent: "A" }, true],
    ["another function", { when: () => true }, { when: () => true }, false],
    ["a dry run", { userAgent: "A", dryRun: true }, { userAgent: "A" }, false],
  ];

  test.each(pairs)("behind one with %s", async (_what, first, second, isCovered) => {
    const refuse = [
      { name: "first", ...first },
      { name: "second", ...second },
    ];
    const findings = await findingsOf({ refuse }, proxied);

    expect(findings.filter(({ code }) => code === "CLIENT_GATE_UNREACHABLE_RULE")).toEqual(
      isCovered
        ? [
            {
              code: "CLIENT_GATE_UNREACHABLE_RULE",
              severity: "warning",
              where: "client-gate",
              why: expect.stringContaining("the rule second is never met: first comes first"),
            },
          ]
        : [],
    );
  });

  test("may be covered by one that lets in", async () => {
    expect(
      await codesOf(
        {
          allow: [{ name: "net", address: "10.0.0.0/8" }],
          refuse: [{ name: "one", address: "10.0.0.7" }],
        },
        proxied,
      ),
    ).toEqual(["CLIENT_GATE_UNREACHABLE_RULE"]);
  });

  test("is found in a route, with the route", async () => {
    const app = await createApp({ way: "in line" });
    await app.register(clientGate);
    const config = {
      clientGate: {
        refuse: [
          { name: "all", userAgent: "App" },
          { name: "some", userAgent: "App/1." },
        ],
      },
    };
    app.get("/a", { config }, async () => "a");
    app.get("/b", { config }, async () => "b");
    await app.ready();

    expect(app.order.findings().map(({ code, where }) => [code, where])).toEqual([
      ["CLIENT_GATE_UNREACHABLE_RULE", "GET /a"],
    ]);
  });
});

describe("rules that go by addresses", () => {
  const refuse = [{ name: "net", address: "198.51.100.0/24" }];

  test.each<[string, unknown, string[]]>([
    ["every client may write its own", true, ["CLIENT_GATE_OPEN_PROXY"]],
    ["a function believes anybody", () => true, ["CLIENT_GATE_OPEN_PROXY"]],
    ["half of the net is believed", "0.0.0.0/1", ["CLIENT_GATE_OPEN_PROXY"]],
    ["one of many networks is too wide", ["10.0.0.1", "2000::/3"], ["CLIENT_GATE_OPEN_PROXY"]],
    ["nobody is believed", false, ["CLIENT_GATE_PEER_ADDRESS"]],
    ["a number of hops is, which sees nobody's address", 1, ["CLIENT_GATE_PEER_ADDRESS"]],
    ["a proxy is believed", "10.0.0.1", []],
    ["private networks are", ["loopback", "10.0.0.0/8", "fc00::/7"], []],
    ["a function believes some", (address: string) => address === "10.0.0.1", []],
  ])("are told of where %s", async (_what, trustProxy, codes) => {
    expect(await codesOf({ refuse }, { trustProxy } as AppOptions)).toEqual(codes);
  });

  test("say nothing where there are none", async () => {
    expect(
      await codesOf({ refuse: [{ name: "a", userAgent: "A" }] }, { trustProxy: true }),
    ).toEqual([]);
  });
});

describe("a rule that lets in whoever says the right thing", () => {
  const claim: AllowRule = { name: "crawler", userAgent: "Crawler" };

  test("is told of where it opens what goes by addresses, or what is closed to everybody else", async () => {
    const refuse = [{ name: "net", address: "198.51.100.0/24" }];
    expect(await codesOf({ allow: [claim], refuse }, proxied)).toEqual([
      "CLIENT_GATE_CLAIMED_ALLOW",
    ]);
    expect(await codesOf({ allow: [claim], otherwise: "refuse" })).toEqual([
      "CLIENT_GATE_CLAIMED_ALLOW",
    ]);
  });

  test("is not where all goes by what clients say, or where it asks for more", async () => {
    expect(await codesOf({ allow: [claim], refuse: [{ name: "none", userAgent: false }] })).toEqual(
      [],
    );
    const proved = { ...claim, address: "198.51.100.0/24" };
    expect(await codesOf({ allow: [proved], otherwise: "refuse" }, proxied)).toEqual([]);
  });
});

test("a dry run is listed, rule by rule", async () => {
  const findings = await findingsOf({
    dryRun: true,
    refuse: [{ name: "a", userAgent: "A" }],
    otherwise: "refuse",
  });

  expect(findings).toEqual([
    {
      code: "CLIENT_GATE_DRY_RUN",
      severity: "info",
      where: "client-gate",
      why: expect.stringContaining("the rule a only logs"),
    },
    {
      code: "CLIENT_GATE_DRY_RUN",
      severity: "info",
      where: "client-gate",
      why: expect.stringContaining("the rule otherwise only logs"),
    },
  ]);
});
