import { createApp } from "@enfilade/line-testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Allowlist,
  formatPermissionsPolicy,
  type HeaderOptions,
  securityHeaders,
} from "../src/index.ts";

async function sent(options: HeaderOptions): Promise<unknown> {
  const app = await createApp();
  await app.register(securityHeaders, options);
  return (await app.inject("/")).headers["permissions-policy"];
}

describe("a permissions policy", () => {
  it("is written from features", () => {
    expect(
      formatPermissionsPolicy({
        camera: [],
        geolocation: ["self", "https://maps.example", "https://*.example.com:8443"],
        fullscreen: "*",
        usb: false,
        "sync-xhr": ["self"],
      }),
    ).toBe(
      'camera=(), geolocation=(self "https://maps.example" "https://*.example.com:8443"), fullscreen=*, sync-xhr=(self)',
    );
  });

  it("is laid over the profile's, feature by feature", async () => {
    expect(await sent({ permissionsPolicy: { camera: ["self"], usb: false, hid: [] } })).toBe(
      "camera=(self), display-capture=(), geolocation=(), microphone=(), payment=(), hid=()",
    );
  });

  it("is taken as it is when it is a string", async () => {
    const policy = 'camera=*, geolocation=(self "https://a.example"), usb=();report-to=main';
    expect(await sent({ permissionsPolicy: policy })).toBe(policy);
  });

  it("is left out", async () => {
    expect(await sent({ permissionsPolicy: false })).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ["a string with a line break", "camera=()\r\nset-cookie: a=b"],
    ["a string over two lines", "camera=(),\r\n usb=()"],
    ["a string of the header that came before it", "camera 'none'; geolocation 'self'"],
    ["a string with an origin without quotes", "camera=(https://a.example)"],
    ["an empty string", ""],
    ["a feature that is no name", { "camera=(*), usb": [] }],
    ["a feature in camel case", { syncXhr: [] }],
    ["an origin that breaks out", { camera: ['https://a.example" *'] }],
    ["an origin with a path", { camera: ["https://a.example/path"] }],
    ["an origin without a scheme", { camera: ["a.example"] }],
    ["a quoted keyword", { camera: ["'self'"] }],
    ["everybody within a list", { camera: ["*"] }],
    ["a string for a list", { camera: "self" }],
    ["null", null],
    ["a list", ["camera"]],
    ["true", true],
  ])("refuses to boot with %s", async (_what, permissionsPolicy) => {
    await expect(sent({ permissionsPolicy } as HeaderOptions)).rejects.toMatchObject({
      code: "SECURITY_HEADERS_INVALID_OPTION",
      message: expect.stringContaining("the option permissionsPolicy"),
    });
  });
});

const item = fc.oneof(
  fc.constantFrom("self", "src", "https://a.example", "https://*.b.example:8443"),
  fc.string({ unit: fc.constantFrom(..."ab./:*\"'()=;, \n\\"), maxLength: 20 }),
);
const policy = fc.dictionary(
  fc.oneof(
    fc.constantFrom("camera", "sync-xhr"),
    fc.string({ unit: fc.constantFrom(..."ab-=(), A"), maxLength: 8 }),
  ),
  fc.oneof(fc.constant<Allowlist>("*"), fc.array(item, { maxLength: 3 })),
  { minKeys: 1, maxKeys: 4 },
);

it("for all features and origins, a browser reads what was given and nothing else; or it is refused", () => {
  let accepted = 0;
  fc.assert(
    fc.property(policy, (given) => {
      let text: string;
      try {
        text = formatPermissionsPolicy(given);
      } catch (error) {
        expect(error).toMatchObject({ code: "SECURITY_HEADERS_INVALID_OPTION" });
        return;
      }
      accepted += 1;
      expect(text).toMatch(/^[ -~]+$/);
      const read = text.split(", ").map((member) => {
        const [, name, list = ""] = /^([a-z0-9-]+)=(.*)$/.exec(member) ?? [];
        const items = list === "*" ? "*" : list.slice(1, -1).split(" ").filter(Boolean);
        return [name, items === "*" ? items : items.map((one) => one.replaceAll('"', ""))];
      });
      expect(Object.fromEntries(read)).toEqual({ ...given });
    }),
    { numRuns: 3_000 },
  );
  expect(accepted).toBeGreaterThan(100);
});
