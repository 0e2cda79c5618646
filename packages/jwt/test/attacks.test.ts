import { WAYS } from "@enfilade/line-testing";
import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { beforeAll, describe, expect, it } from "vitest";
import { createSigner } from "../src/index.ts";
import {
  call,
  EC,
  encode,
  forge,
  hs,
  make,
  pemOf,
  RSA,
  SECRET,
  soon,
  statusOf,
} from "./support.ts";

/** A refusal as it has to be: 401, coded, and with the challenge of RFC 6750. */
async function expectRefused(app: FastifyInstance, token: string): Promise<void> {
  const { statusCode, headers, body } = await call(app, token);
  expect({ token, statusCode }).toEqual({ token, statusCode: 401 });
  expect(headers["www-authenticate"]).toMatch(
    /^Bearer error="invalid_token", error_description="The token (is not valid|has expired)\."$/,
  );
  expect(JSON.parse(body).code).toMatch(/^JWT_(INVALID|EXPIRED)$/);
}

describe.each(WAYS)("a token that does not hold is a 401, %s", (way) => {
  const app = () => make({ keys: [{ secret: SECRET }] }, { way });

  it("while one that holds is believed", async () => {
    expect((await call(await app(), hs())).json()).toMatchObject({ kind: "jwt", id: "ann" });
  });

  it.each([
    "none",
    "None",
    "nONE",
    "NONE",
    "",
    "hs256",
    "HS1",
    "RS256",
    "ES256",
    "EdDSA",
    null,
    1,
    ["HS256"],
  ])("with the algorithm %j (case 1)", async (alg) => {
    const server = await app();
    await expectRefused(server, hs({}, { alg }));
    const unsigned = `${encode({ alg })}.${encode({ sub: "ann", exp: soon() })}.`;
    await expectRefused(server, unsigned);
  });

  it.each([
    ["an array", [{ sub: "ann" }]],
    ["a string", '"ann"'],
    ["null", "null"],
    ["a number", "1"],
    ["no JSON", "{"],
  ])("with a payload that is %s (case 4)", async (_what, payload) => {
    await expectRefused(await app(), forge({ alg: "HS256" }, payload));
  });

  it.each<[string, Record<string, unknown>]>([
    ["no exp", { exp: undefined }],
    ["an exp of yesterday", { exp: soon() - 86_400 }],
    ["an exp that is a string", { exp: String(soon()) }],
    ["an exp that is null", { exp: null }],
    ["a negative exp", { exp: -1 }],
    ["an exp beyond all time", { exp: 1e300 }],
    ["an nbf of tomorrow", { nbf: soon() + 86_400 }],
    ["an nbf that is a string", { nbf: "0" }],
    ["an iat that is a string", { iat: "now" }],
    ["a sub that is a number", { sub: 1 }],
    ["no sub", { sub: undefined }],
    ["an empty sub", { sub: "" }],
    ["an iss that is a list", { iss: ["a"] }],
    ["an aud with a number", { aud: ["a", 1] }],
  ])("with %s (case 10)", async (_what, claims) => {
    await expectRefused(await app(), hs(claims));
  });

  it("with an exp that only JSON takes for a number (case 10)", async () => {
    await expectRefused(await app(), forge({ alg: "HS256" }, '{"sub":"ann","exp":1e400}'));
    await expectRefused(await app(), forge({ alg: "HS256" }, '{"sub":"ann","exp":-1e400}'));
  });

  it.each([
    { crit: ["b64"], b64: false },
    { b64: false },
    { b64: true },
    { crit: ["exp"] },
    { crit: ["unknown"], unknown: 1 },
    { crit: [] },
    { crit: "b64" },
    { crit: null },
  ])("with the extensions %j (case 11)", async (header) => {
    await expectRefused(await app(), hs({}, header));
  });

  it.each([
    { typ: "logout+jwt" },
    { typ: "dpop+jwt" },
    { typ: 1 },
    { kid: 1 },
    { kid: null },
    { kid: {} },
  ])("with the header %j", async (header) => {
    await expectRefused(await app(), hs({}, header));
  });

  it.each([
    ["padding", (token: string) => `${token}=`],
    ["padding in the middle", (token: string) => token.replace(".", "=.")],
    ["white space behind", (token: string) => `${token} x`],
    ["white space within", (token: string) => token.replace(".", " .")],
    ["a line break", (token: string) => token.replace(".", "\t.")],
    ["plain base64", (token: string) => `${token.slice(0, -2)}+/`],
    ["a fourth part", (token: string) => `${token}.`],
    ["no signature", (token: string) => token.replace(/[^.]*$/, "")],
    ["two parts", (token: string) => token.slice(0, token.lastIndexOf("."))],
    ["nothing", () => ""],
    ["three points", () => ".."],
  ])("with %s (case 12)", async (_what, spoil) => {
    await expectRefused(await app(), spoil(hs()));
  });

  it("with other bits behind the signature (case 12)", async () => {
    const server = await app();
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const token = hs();
    const last = token.at(-1) ?? "";
    for (const character of alphabet.replace(last, "")) {
      await expectRefused(server, token.slice(0, -1) + character);
    }
  });

  it("with a signature of another secret, or of another hash", async () => {
    const server = await app();
    const header = { alg: "HS256" };
    await expectRefused(server, forge(header, { sub: "ann", exp: soon() }, `${SECRET}x`));
    await expectRefused(
      server,
      forge({ alg: "HS512" }, { sub: "ann", exp: soon() }, SECRET, "sha512"),
    );
    await expectRefused(server, forge(header, { sub: "ann", exp: soon() }, ""));
  });

  it("when it is longer than it may be", async () => {
    const server = await app();
    await expectRefused(server, hs({ long: "x".repeat(9_000) }));
    expect(await statusOf(server, hs({ long: "x".repeat(3_000) }))).toBe(200);
  });

  it("with __proto__ in it, as far as that goes: nothing is polluted (case 14)", async () => {
    const server = await app();
    const exp = soon();
    for (const name of ["__proto__", "\\u005f_proto__", "constructor"]) {
      const payload = `{"sub":"ann","exp":${exp},"${name}":{"polluted":1,"scope":"agent_os:admin"},"a":{"${name}":{"polluted":1}}}`;
      const principal = (await call(server, forge({ alg: "HS256" }, payload))).json();
      expect(principal.scopes).toEqual([]);
      expect(Object.assign({}, principal.claims).polluted).toBeUndefined();
      expect({ ...principal.claims.a }.polluted).toBeUndefined();
    }
    const header = `{"alg":"HS256","__proto__":{"kid":1}}`;
    expect(await statusOf(server, forge(header, { sub: "ann", exp }))).toBe(200);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe("a public key is never a secret (case 2)", () => {
  const pem = pemOf(RSA.publicKey);
  const pkcs1 = String(RSA.publicKey.export({ type: "pkcs1", format: "pem" }));
  const jwk = JSON.stringify(RSA.publicKey.export({ format: "jwk" }));
  const spellings = [
    pem,
    pem.trim(),
    ` \n${pem}`,
    pem.replaceAll("\n", "\r\n"),
    pkcs1,
    jwk,
    pem.replaceAll("\n", ""),
  ];

  it("where tokens are signed with it", async () => {
    const app = await make({ keys: [{ publicKey: pem, algorithm: "RS256" }] });
    for (const spelling of spellings) {
      for (const alg of ["HS256", "HS384", "HS512"]) {
        const hash = `sha${alg.slice(2)}`;
        await expectRefused(app, forge({ alg }, { sub: "ann", exp: soon() }, spelling, hash));
      }
    }
  });

  it("where it is given for one, in any spelling", async () => {
    const before = fc.string({ unit: "binary", maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...spellings),
        before,
        before,
        async (spelling, head, tail) => {
          const booted = make({ keys: [{ secret: head + spelling + tail }] });
          await expect(booted).rejects.toMatchObject({ code: "JWT_INVALID_OPTION" });
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each(["spki", "pkcs1"] as const)(
    "where it is given for one without its armour, in %s",
    async (type) => {
      const der = RSA.publicKey.export({ type, format: "der" });
      const bare = der.toString("base64");
      const onLines = bare.replace(/.{64}/g, "$&\n");
      for (const secret of [bare, onLines, ` ${bare}\n`, der.toString("base64url"), der]) {
        await expect(make({ keys: [{ secret }] })).rejects.toMatchObject({
          code: "JWT_INVALID_OPTION",
        });
      }
    },
  );

  it("while random bytes are one, in base64 as well", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 300 }), async (bytes) => {
        // As every key in DER begins.
        const secret = Buffer.from([0x30, 0x82, ...bytes]);
        await make({ keys: [{ secret }] });
        await make({ keys: [{ secret: secret.toString("base64") }] });
      }),
      { numRuns: 20 },
    );
  });

  it("where it may be several things, a token does not choose (case 3)", async () => {
    const web = RSA.publicKey.export({ format: "jwk" });
    await expect(make({ keys: [{ jwk: web }] })).rejects.toThrow("must not choose");
    const app = await make({ keys: [{ jwk: web }], algorithms: ["PS256", "ES256"] });
    const sign = (algorithm: "RS256" | "PS256") =>
      createSigner({ key: RSA.privateKey, algorithm })({ sub: "ann" });
    expect(await statusOf(app, sign("PS256"))).toBe(200);
    await expectRefused(app, sign("RS256"));
  });
});

describe("whatever comes, it is a 401, and fast", () => {
  let app: FastifyInstance;
  const own = createSigner({ key: EC.privateKey })({ sub: "ann" });
  // The generators below run many requests each; one app for all of them.
  beforeAll(async () => {
    const { default: Fastify } = await import("fastify");
    const { jwt } = await import("../src/index.ts");
    app = Fastify();
    await app.register(jwt, {
      keys: [
        { secret: SECRET },
        { publicKey: EC.publicKey },
        { publicKey: RSA.publicKey, algorithm: "RS256" },
      ],
    });
    app.get("/", async ({ principal }) => principal);
    return () => app.close();
  });

  it("for any text in three parts", async () => {
    const part = fc.oneof(
      fc.string({ maxLength: 40 }).map((text) => text.replaceAll(/[^\x20-\x7e]/g, "")),
      fc.json().map(encode),
      fc.constantFrom(...own.split(".")),
    );
    await fc.assert(
      fc.asyncProperty(part, part, part, async (a, b, c) => {
        const token = `${a}.${b}.${c}`;
        if (token !== own) await expectRefused(app, token);
      }),
      { numRuns: 300 },
    );
  });

  it("for any header and any claims under a good signature that are not what they must be", async () => {
    const header = fc.record(
      { alg: fc.constant("HS256"), crit: fc.jsonValue(), b64: fc.jsonValue() },
      { requiredKeys: ["alg", "crit"] },
    );
    await fc.assert(
      fc.asyncProperty(header, async (value) => {
        await expectRefused(app, forge(value, { sub: "ann", exp: soon() }));
      }),
      { numRuns: 100 },
    );
    const notTime = fc.jsonValue().filter((value) => typeof value !== "number");
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("exp", "nbf", "iat"), notTime, async (name, value) => {
        await expectRefused(app, hs({ [name]: value }));
      }),
      { numRuns: 100 },
    );
  });

  it("for every token in which one character is another (case 12)", async () => {
    const tokens = [
      own,
      hs(),
      createSigner({ key: RSA.privateKey, algorithm: "RS256" })({ sub: "ann" }),
    ];
    const character = fc.constantFrom(..."ABCXYZabcxyz0189-_+/=. ~");
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...tokens),
        fc.nat(),
        character,
        async (token, at, other) => {
          const index = at % token.length;
          const spoiled = token.slice(0, index) + other + token.slice(index + 1);
          if (spoiled !== token && spoiled.trimEnd() !== token) await expectRefused(app, spoiled);
        },
      ),
      { numRuns: 300 },
    );
  });
});
