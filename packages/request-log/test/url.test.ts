import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSecrets } from "../src/secrets.ts";
import { redactUrl } from "../src/url.ts";

const secrets = createSecrets(["tenantCode"]);
const redact = (url: string) => redactUrl(url, secrets);

/** A value that stands for a secret; it must never come out. */
const SECRET = "s3cr3tValue";

describe("an address", () => {
  it.each([
    "/",
    "/runs/7",
    "/runs?page=2&limit=50",
    "/runs?flag",
    "/runs?empty=&page=2",
    "/search?q=caf%C3%A9+noir",
    "/runs?max_tokens=100&total_tokens=3",
    "/@scope/package",
    "*",
    "/a?b=c=d",
    "/a?redirect=%2Fb%3Fpage%3D2",
  ])("without secrets stays as it is: %s", (url) => {
    expect(redact(url)).toBe(url);
  });

  it.each([
    [`/?token=${SECRET}`, "/?token=[redacted]"],
    [`/?a=1&access_token=${SECRET}&b=2`, "/?a=1&access_token=[redacted]&b=2"],
    [`/?api_key=${SECRET}`, "/?api_key=[redacted]"],
    [`/?X-API-Key=${SECRET}`, "/?X-API-Key=[redacted]"],
    [`/?Authorization=Bearer%20${SECRET}`, "/?Authorization=[redacted]"],
    [`/callback?code=${SECRET}&scope=a`, "/callback?code=[redacted]&scope=a"],
    [`/?user[password]=${SECRET}`, "/?user[password]=[redacted]"],
    [`/?%74oken=${SECRET}`, "/?%74oken=[redacted]"],
    [`/?%ZZ%74oken=${SECRET}`, "/?%ZZ%74oken=[redacted]"],
    [`/?token=${SECRET}&token=${SECRET}`, "/?token=[redacted]&token=[redacted]"],
    [`/?tenant-code=${SECRET}`, "/?tenant-code=[redacted]"],
    [`/blob?sv=2022&sig=${SECRET}`, "/blob?sv=2022&sig=[redacted]"],
    [`/s3?X-Amz-Signature=${SECRET}`, "/s3?X-Amz-Signature=[redacted]"],
    [`/page;jsessionid=${SECRET}?a=1`, "/page;jsessionid=[redacted]?a=1"],
    [`/app#access_token=${SECRET}`, "/app#access_token=[redacted]"],
    [`http://user:${SECRET}@host/path`, "http://host/path"],
    [`//user:${SECRET}@host/path`, "//host/path"],
  ])("loses the secret in %s", (url, expected) => {
    expect(redact(url)).toBe(expected);
  });

  it("loses secrets of addresses inside of its parameters", () => {
    const inner = encodeURIComponent(`https://app/cb?page=2&code=${SECRET}`);
    expect(redact(`/login?next=${inner}`)).toBe(
      `/login?next=${encodeURIComponent("https://app/cb?page=2&code=[redacted]")}`,
    );
  });

  it("loses a JSON Web Token wherever it is", () => {
    const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
    expect(redact(`/verify/${token}`)).toBe("/verify/[redacted]");
    expect(redact(`/verify?t=${token}`)).toBe("/verify?t=[redacted]");
  });
});

describe("for any address", () => {
  const name = fc.constantFrom(
    ...["token", "access_token", "apiKey", "API-KEY", "password", "new_password", "client_secret"],
    ...["authorization", "sig", "code", "key", "csrf", "id_token", "X-Amz-Credential", "auth"],
  );
  /** Writes some letters of a name as %XX, as a client may. */
  const disguised = fc
    .tuple(name, fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }))
    .map(([text, hidden]) =>
      [...text]
        .map((letter, index) => (hidden[index] ? `%${letter.charCodeAt(0).toString(16)}` : letter))
        .join(""),
    );
  const part = fc.string({
    unit: fc.constantFrom(..."ab/?&;#=%+@:.~ é2".split("")),
    maxLength: 12,
  });

  it("no value of a secret parameter comes out, whatever stands around it", () => {
    fc.assert(
      fc.property(part, disguised, part, (before, key, after) => {
        for (const delimiter of ["?", "&", ";", "#"]) {
          const url = `/p${before}${delimiter}${key}=${SECRET}&${after}`;
          expect(redact(url)).not.toContain(SECRET);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("redaction never throws, and does nothing a second time", () => {
    const any = fc.oneof(
      part,
      fc.string({ unit: "binary" }),
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((n) => String.fromCharCode(n)) }),
    );
    fc.assert(
      fc.property(any, (url) => {
        const once = redact(url);
        expect(redact(once)).toBe(once);
      }),
      { numRuns: 500 },
    );
  });
});
