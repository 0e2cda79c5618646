import { bootWith } from "@enfilade/line-testing";
import { expect, it } from "vitest";
import { createHeaders, securityHeaders } from "../src/index.ts";

it.each<[string, object, string]>([
  ["an unknown option", { hsts: true }, "hsts"],
  ["an option that every object has", { constructor: false }, "constructor"],
  ["an unknown profile", { profile: "web" }, "profile"],
  [
    "a policy that is a string",
    { contentSecurityPolicy: "default-src *" },
    "contentSecurityPolicy",
  ],
  ["a policy that is true", { contentSecurityPolicy: true }, "contentSecurityPolicy"],
  ["a bad source", { contentSecurityPolicy: { imgSrc: ["a; b"] } }, "contentSecurityPolicy.imgSrc"],
  [
    "a bad source in a policy that only reports",
    { contentSecurityPolicyReportOnly: { imgSrc: ["self"] } },
    "contentSecurityPolicyReportOnly.imgSrc",
  ],
  [
    "a policy that only reports, and what browsers then ignore",
    { contentSecurityPolicyReportOnly: { imgSrc: ["'self'"], sandbox: [] } },
    "contentSecurityPolicyReportOnly.sandbox",
  ],
  [
    "a policy of which every directive is taken away",
    {
      contentSecurityPolicy: {
        defaultSrc: false,
        baseUri: false,
        formAction: false,
        frameAncestors: false,
      },
    },
    "contentSecurityPolicy",
  ],
  [
    "a value that is none of the header's",
    { crossOriginOpenerPolicy: "same-site" },
    "crossOriginOpenerPolicy",
  ],
  ["another", { crossOriginResourcePolicy: "same-origin " }, "crossOriginResourcePolicy"],
  ["another", { crossOriginEmbedderPolicy: true }, "crossOriginEmbedderPolicy"],
  ["another", { xFrameOptions: "ALLOW-FROM https://a.example" }, "xFrameOptions"],
  ["another", { xContentTypeOptions: "sniff" }, "xContentTypeOptions"],
  ["another", { originAgentCluster: true }, "originAgentCluster"],
  ["the filter that can be attacked", { xXssProtection: "1; mode=block" }, "xXssProtection"],
  ["null", { xFrameOptions: null }, "xFrameOptions"],
  ["a referrer policy that does not exist", { referrerPolicy: "none" }, "referrerPolicy"],
  ["no referrer policy at all", { referrerPolicy: [] }, "referrerPolicy"],
  [
    "a time that is a string",
    { strictTransportSecurity: { maxAgeSeconds: "1y" } },
    "strictTransportSecurity.maxAgeSeconds",
  ],
  [
    "a time that is negative",
    { strictTransportSecurity: { maxAgeSeconds: -1 } },
    "strictTransportSecurity.maxAgeSeconds",
  ],
  [
    "a time in Helmet's spelling",
    { strictTransportSecurity: { maxAge: 1 } },
    "strictTransportSecurity.maxAge",
  ],
  [
    "a flag that is a string",
    { strictTransportSecurity: { includeSubDomains: "no" } },
    "strictTransportSecurity.includeSubDomains",
  ],
  [
    "a preload that no list would take",
    { strictTransportSecurity: { preload: true, maxAgeSeconds: 60 } },
    "strictTransportSecurity.preload",
  ],
  [
    "a preload without subdomains",
    { strictTransportSecurity: { preload: true, includeSubDomains: false } },
    "strictTransportSecurity.preload",
  ],
  ["a transport security of true", { strictTransportSecurity: true }, "strictTransportSecurity"],
  [
    "an endpoint over plain HTTP",
    { reportingEndpoints: { csp: "http://a.example" } },
    "reportingEndpoints.csp",
  ],
  [
    "an endpoint that breaks out",
    { reportingEndpoints: { csp: '/a", b="/c' } },
    "reportingEndpoints.csp",
  ],
  [
    "an endpoint with a bad name",
    { reportingEndpoints: { "a b": "/a" } },
    "reportingEndpoints.a b",
  ],
  ["no endpoint", { reportingEndpoints: {} }, "reportingEndpoints"],
  ["an endpoint that is a string", { reportingEndpoints: "/a" }, "reportingEndpoints"],
  ["site data that do not exist", { clearSiteData: ["cache", "everything"] }, "clearSiteData[1]"],
  ["site data that are a string", { clearSiteData: "*" }, "clearSiteData"],
  ["caching with a line break", { cacheControl: "no-store\r\nx: y" }, "cacheControl"],
  ["caching of nothing", { cacheControl: "" }, "cacheControl"],
  [
    "credentials that are no header",
    { credentialHeaders: ["a", "x token"] },
    "credentialHeaders[1]",
  ],
  ["credentials that are a string", { credentialHeaders: "authorization" }, "credentialHeaders"],
  ["a fingerprint that is no header", { strip: [""] }, "strip[0]"],
  ["fingerprints that are true", { strip: true }, "strip"],
  ["one bad referrer", { referrerPolicy: ["origin", "none"] }, "referrerPolicy[1]"],
  ["a referrer of null", { referrerPolicy: null }, "referrerPolicy"],
  [
    "a source that is a number",
    { contentSecurityPolicy: { scriptSrc: ["'self'", 5] } },
    "contentSecurityPolicy.scriptSrc[1]",
  ],
  ["a profile of null", { profile: null }, "profile"],
])("refuses to boot with %s, and names it", async (_what, options, option) => {
  await expect(bootWith(securityHeaders, options)).rejects.toMatchObject({
    code: "SECURITY_HEADERS_INVALID_OPTION",
    message: expect.stringContaining(`@enfilade/security-headers: the option ${option} is `),
  });
});

it.each<[object, Record<string, string | undefined>]>([
  [
    { referrerPolicy: ["no-referrer", "strict-origin"] },
    { "referrer-policy": "no-referrer, strict-origin" },
  ],
  [{ clearSiteData: ["*"] }, { "clear-site-data": '"*"' }],
  [
    { crossOriginEmbedderPolicy: "credentialless" },
    { "cross-origin-embedder-policy": "credentialless" },
  ],
  [{ originAgentCluster: "?1" }, { "origin-agent-cluster": "?1" }],
  [{ xDnsPrefetchControl: false }, { "x-dns-prefetch-control": undefined }],
  [{ xXssProtection: false }, { "x-xss-protection": undefined }],
  [
    { reportingEndpoints: { main: "https://r.example/a?b=c", csp: "/csp" } },
    { "reporting-endpoints": 'main="https://r.example/a?b=c", csp="/csp"' },
  ],
  [{ xFrameOptions: undefined, profile: undefined }, { "x-frame-options": "DENY" }],
])("sends what it is told to: %j", (options, expected) => {
  const headers = createHeaders(options, false);
  for (const [name, value] of Object.entries(expected)) expect(headers[name]).toBe(value);
});

it.each([
  [{ csp: false }, "csp", "Use one of profile, "],
  [
    { strictTransportSecurity: { maxAge: 1 } },
    "strictTransportSecurity.maxAge",
    "Use maxAgeSeconds, ",
  ],
])("says of an option that is unknown that it is: %j", async (options, option, fix) => {
  await expect(bootWith(securityHeaders, options)).rejects.toThrow(
    `the option ${option} is unknown. ${fix}`,
  );
});

it("shows how long a list is that should be none, and not what it has in it", async () => {
  await expect(bootWith(securityHeaders, { contentSecurityPolicy: ["secret"] })).rejects.toThrow(
    "the option contentSecurityPolicy is an array of 1. ",
  );
});

it("changes none of the options that it was given", () => {
  const options = { contentSecurityPolicy: { imgSrc: ["data:"] } as const, strip: ["server"] };
  const before = structuredClone(options);
  createHeaders(options, true);
  expect(options).toEqual(before);
});
