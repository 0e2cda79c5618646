import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CspDirectives, formatContentSecurityPolicy } from "../src/index.ts";
import { parsePolicy } from "./policies.ts";

const NONCES = { script: "AAAAAAAAAAAAAAAAAAAAAA", style: "BBBBBBBBBBBBBBBBBBBBBB" };

describe("a policy is written", () => {
  it.each<[string, CspDirectives, string]>([
    [
      "in one fixed order",
      { imgSrc: ["data:"], defaultSrc: ["'self'"] },
      "default-src 'self'; img-src data:",
    ],
    [
      "with hosts of every form",
      {
        connectSrc: [
          "https:",
          "*",
          "*.example.com",
          "https://*.example.com:*",
          "wss://api.example.com:8443/a/b/",
          "localhost:3000",
          "127.0.0.1:8080",
          "a.example",
        ],
      },
      "connect-src https: * *.example.com https://*.example.com:* wss://api.example.com:8443/a/b/ localhost:3000 127.0.0.1:8080 a.example",
    ],
    [
      "with hashes",
      { scriptSrc: ["'sha256-5jFwrAK0UV47oFbVg/iCCBbxD8X1w+QvoOUepu4C2YA='", "'strict-dynamic'"] },
      "script-src 'sha256-5jFwrAK0UV47oFbVg/iCCBbxD8X1w+QvoOUepu4C2YA=' 'strict-dynamic'",
    ],
    ["with a sandbox that allows nothing", { sandbox: [] }, "sandbox"],
    [
      "with a sandbox that allows something",
      { sandbox: ["allow-scripts"] },
      "sandbox allow-scripts",
    ],
    [
      "with flags, names and addresses",
      {
        upgradeInsecureRequests: true,
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ["app", "'allow-duplicates'"],
        reportTo: "csp",
        reportUri: ["https://reports.example/csp?a=1", "/csp"],
      },
      "require-trusted-types-for 'script'; trusted-types app 'allow-duplicates'; upgrade-insecure-requests; report-to csp; report-uri https://reports.example/csp?a=1 /csp",
    ],
    [
      "without what is false",
      { defaultSrc: ["'none'"], imgSrc: false, upgradeInsecureRequests: false },
      "default-src 'none'",
    ],
  ])("%s", (_what, directives, policy) => {
    expect(formatContentSecurityPolicy(directives)).toBe(policy);
  });

  it("with the nonces of a response, each where it belongs", () => {
    const directives: CspDirectives = {
      scriptSrc: ["'nonce'"],
      styleSrcElem: ["'self'", "'nonce'"],
    };
    expect(formatContentSecurityPolicy(directives, NONCES)).toBe(
      `script-src 'nonce-${NONCES.script}'; style-src-elem 'self' 'nonce-${NONCES.style}'`,
    );
    expect(formatContentSecurityPolicy(directives)).toBe(
      "script-src 'none'; style-src-elem 'self'",
    );
  });
});

describe("a policy is refused", () => {
  it.each<[string, object, string]>([
    ["that begins another directive", { imgSrc: ["a.example; script-src *"] }, "imgSrc"],
    ["that begins another policy", { imgSrc: ["a.example, default-src *"] }, "imgSrc"],
    ["with two sources in one string", { scriptSrc: ["'self' 'unsafe-inline'"] }, "scriptSrc"],
    ["with a line break", { scriptSrc: ["a.example\r\nset-cookie: a"] }, "scriptSrc"],
    ["with an empty source", { scriptSrc: [""] }, "scriptSrc"],
    ["with a character beyond ASCII", { scriptSrc: ["exämple.com"] }, "scriptSrc"],
    ["with a keyword without quotes", { scriptSrc: ["self"] }, "scriptSrc"],
    ["with another keyword without quotes", { scriptSrc: ["unsafe-inline"] }, "scriptSrc"],
    ["with a hash without quotes", { scriptSrc: ["sha256-abc="] }, "scriptSrc"],
    ["with a nonce that is written down", { scriptSrc: ["'nonce-abc'"] }, "scriptSrc"],
    ["with a nonce without quotes", { scriptSrc: ["nonce-abc"] }, "scriptSrc"],
    ["with a keyword that does not exist", { scriptSrc: ["'unsafe'"] }, "scriptSrc"],
    ["with a keyword of code on an image", { imgSrc: ["'unsafe-eval'"] }, "imgSrc"],
    ["with a nonce where it means nothing", { imgSrc: ["'nonce'"] }, "imgSrc"],
    [
      "with a nonce for attributes, which have none",
      { scriptSrcAttr: ["'nonce'"] },
      "scriptSrcAttr",
    ],
    ["with a hash for an image", { imgSrc: ["'sha256-abc='"] }, "imgSrc"],
    ["with 'none' beside something else", { imgSrc: ["'none'", "a.example"] }, "imgSrc"],
    ["with an empty list", { imgSrc: [] }, "imgSrc"],
    ["with a string for a list", { imgSrc: "'self'" }, "imgSrc"],
    ["with a number in a list", { imgSrc: [1] }, "imgSrc[0]"],
    ["with a directive that does not exist", { scriptSource: ["'self'"] }, "scriptSource"],
    ["with a directive in the spelling of the header", { "script-src": ["'self'"] }, "script-src"],
    ["with a directive that every object has", { constructor: ["'self'"] }, "constructor"],
    ["with a flag that is a list", { upgradeInsecureRequests: [] }, "upgradeInsecureRequests"],
    ["with a sandbox that allows the unknown", { sandbox: ["allow-everything"] }, "sandbox"],
    [
      "with types that nobody can trust",
      { requireTrustedTypesFor: ["'style'"] },
      "requireTrustedTypesFor",
    ],
    ["with a name of a policy that is none", { trustedTypes: ["a;b"] }, "trustedTypes"],
    ["with an endpoint that is a list", { reportTo: ["csp"] }, "reportTo"],
    ["with an endpoint that is no name", { reportTo: "csp; script-src *" }, "reportTo"],
    ["with an address that breaks out", { reportUri: ["/csp; script-src *"] }, "reportUri"],
    ["with an address of another host by stealth", { reportUri: ["//evil.example"] }, "reportUri"],
    ["with nothing in it", {}, ""],
  ])("%s", (_what, directives, name) => {
    expect(() => formatContentSecurityPolicy(directives)).toThrow(
      expect.objectContaining({
        code: "SECURITY_HEADERS_INVALID_OPTION",
        message: expect.stringContaining(`the option directives${name && `.${name}`} is `),
      }),
    );
  });
});

const LISTS = [
  "defaultSrc",
  "childSrc",
  "connectSrc",
  "fontSrc",
  "frameSrc",
  "imgSrc",
  "scriptSrc",
  "scriptSrcElem",
  "scriptSrcAttr",
  "styleSrc",
  "styleSrcElem",
  "workerSrc",
  "baseUri",
  "formAction",
  "frameAncestors",
  "trustedTypes",
  "sandbox",
  "reportUri",
] as const;
const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Sources of which most are valid, and some are likely to break something. */
const source = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom(
      "'self'",
      "data:",
      "*",
      "https://a.example",
      "*.b.example:8443/path",
      "'report-sample'",
      "'nonce'",
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "'none'",
      "'unsafe-inline'",
      "'strict-dynamic'",
      "'nonce-abc'",
      "self",
      "'sha256-abc='",
      "allow-scripts",
      "/csp",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.string({
      unit: fc.constantFrom(..."abz09.:/*-_'; ,\t\n\"\\=%?#&@\u0000\u0085é"),
      maxLength: 20,
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.webUrl({ withQueryParameters: true, withFragments: true }),
        fc.constantFrom("", ";", ",", " ", "\n"),
      )
      .map(([url, junk]) => url + junk),
  },
);
const directives = fc.dictionary(
  fc.constantFrom(...LISTS),
  fc.array(source, { minLength: 1, maxLength: 3 }),
  { minKeys: 1, maxKeys: 3 },
);

function written(value: object, nonces?: typeof NONCES): string | undefined {
  try {
    return formatContentSecurityPolicy(value, nonces);
  } catch (error) {
    expect(error).toMatchObject({ code: "SECURITY_HEADERS_INVALID_OPTION" });
    return undefined;
  }
}

describe("for all directives", () => {
  it("a browser reads from the policy what was given, no directive and no source more; or it is refused", () => {
    let accepted = 0;
    fc.assert(
      fc.property(directives, (given) => {
        const policy = written(given, NONCES);
        if (policy === undefined) return;
        accepted += 1;
        expect(policy).toMatch(/^[ -+\--~]+$/);
        const expected = Object.entries(given).map(([name, sources]) => {
          const nonce = name.startsWith("style") ? NONCES.style : NONCES.script;
          const plain = sources.filter((one) => one !== "'nonce'");
          const named = plain.length < sources.length ? [`'nonce-${nonce}'`] : [];
          return [kebab(name), [...plain, ...named]] as const;
        });
        expect(parsePolicy(policy)).toEqual(new Map(expected));
      }),
      { numRuns: 3_000 },
    );
    expect(accepted).toBeGreaterThan(300);
  });

  it("without its nonces a policy allows nothing that it forbids with them", () => {
    const code = fc.dictionary(
      fc.constantFrom("scriptSrc", "scriptSrcElem", "styleSrc", "styleSrcElem"),
      fc
        .subarray([
          "'self'",
          "'unsafe-inline'",
          "'unsafe-hashes'",
          "https://a.example",
          "'report-sample'",
        ])
        .chain((sources) => fc.shuffledSubarray([...sources, "'nonce'"], { minLength: 1 })),
      { minKeys: 1 },
    );
    fc.assert(
      fc.property(code, (given) => {
        const idle = parsePolicy(written(given) ?? "");
        const nonced = parsePolicy(written(given, NONCES) ?? "");
        expect([...idle.keys()]).toEqual([...nonced.keys()]);
        for (const [name, sources] of idle) {
          const others = nonced.get(name) ?? [];
          const inlineIsFree = (list: string[]) =>
            list.includes("'unsafe-inline'") && !list.some((one) => one.startsWith("'nonce-"));
          expect(!inlineIsFree(sources) || inlineIsFree(others)).toBe(true);
          for (const one of sources) if (one !== "'none'") expect(others).toContain(one);
        }
      }),
    );
  });
});
