import { bootWith, createApp, WAYS } from "@enfilade/line-testing";
import { describe, expect, it } from "vitest";
import { CONTENT_TYPES, compress } from "../src/index.ts";
import { CODINGS, compressApp, LONG, LONG_TEXT, textOf } from "./apps.ts";

describe("an option that is not valid refuses to boot, and says what would do", () => {
  it.each([
    [
      "a misspelt option",
      { threshold: 5 },
      /the option threshold is unknown\. Use one of codings,/,
    ],
    [
      "a coding that nobody has",
      { codings: ["gzip", "lzw"] },
      /codings\[\d\] is "lzw"\. Use zstd, br, gzip, deflate/,
    ],
    ["a coding twice", { codings: ["gzip", "br", "gzip"] }, /Name each of them once/],
    ["no coding", { codings: [] }, /Name one that this Node has/],
    ["codings in one string", { codings: "gzip, br" }, /Give an array of strings/],
    [
      "a level that gzip has not",
      { levels: { gzip: 10 } },
      /\(levels\): the option gzip is 10\. .*from 1 to 9/,
    ],
    ["a level that Brotli has not", { levels: { br: 12 } }, /from 0 to 11/],
    ["a level for a coding that nobody has", { levels: { lzw: 1 } }, /the option lzw is unknown/],
    ["one level for all", { levels: 3 }, /the option levels is 3\. Give an object/],
    ["a bound that is no number", { minBytes: "1kb" }, /Give a whole number/],
    ["a second's work on the event loop", { maxSyncBytes: 2_000_000 }, /from 0 to 1048576/],
    [
      "a content type that is none",
      { contentTypes: ["text"] },
      /contentTypes\[0\] is "text"\. Give media types/,
    ],
    [
      "a content type with parameters",
      { contentTypes: ["text/css; charset=utf-8"] },
      /contentTypes\[0\] is .* Give media types/,
    ],
    ["a content type in capitals", { contentTypes: ["Text/CSS"] }, /in lower case/],
    [
      "a star that stands for everything",
      { contentTypes: ["*/*"] },
      /contentTypes\[0\] is .* Give media types/,
    ],
    ["events that are no flag", { eventStreams: 1 }, /Give true or false/],
    ["requests that are no object", { requests: true }, /Give an object, or false/],
    ["requests that are nothing", { requests: null }, /Give an object, or false/],
    ["an unknown bound", { requests: { limit: 1 } }, /\(requests\): the option limit is unknown/],
    ["a bound of nothing", { requests: { maxBytes: 0 } }, /from 1 to/],
    ["a ratio below one", { requests: { maxRatio: 0.5 } }, /from 1 to/],
    [
      "a ratio for a coding that nobody has",
      { requests: { maxRatio: { lzw: 5 } } },
      /\(maxRatio\): the option lzw/,
    ],
    [
      "a request coding that nobody has",
      { requests: { codings: ["lzw"] } },
      /codings\[\d\] is "lzw"\. Use zstd, br, gzip, deflate/,
    ],
  ])("%s", async (_what, options, message) => {
    await expect(bootWith(compress, options)).rejects.toMatchObject({
      code: "COMPRESS_INVALID_OPTION",
      message: expect.stringMatching(message),
    });
  });

  it("on a route too, when it is declared", async () => {
    for (const [config, message] of [
      [{ minBytes: -1 }, /config\.compress of GET \/x/],
      [true, /config\.compress of GET \/x\): the option compress is true\. Give options, or false/],
      [{ requests: { maxRatio: 0 } }, /config\.compress of GET \/x/],
      [{ requests: true }, /the option requests is true\. Give an object, or false/],
      [{ levels: 3 }, /the option levels is 3\. Give an object/],
    ] as const) {
      const app = await compressApp();
      expect(() =>
        app.get("/x", { config: { compress: config as never } }, async () => ""),
      ).toThrow(
        expect.objectContaining({
          code: "COMPRESS_INVALID_OPTION",
          message: expect.stringMatching(message),
        }),
      );
    }
  });
});

describe("the options", () => {
  it("say which codings there are, and which is preferred", async () => {
    const app = await compressApp({ codings: ["gzip", "br"] });
    app.get("/", async () => LONG);
    app.get("/br", { config: { compress: { codings: ["br"] } } }, async () => LONG);
    const coding = async (url: string, accept: string) =>
      (await app.inject({ url, headers: { "accept-encoding": accept } })).headers[
        "content-encoding"
      ];
    expect(await coding("/", "deflate, zstd, br, gzip")).toBe("gzip");
    expect(await coding("/", "br")).toBe("br");
    expect(await coding("/", "deflate, zstd")).toBeUndefined();
    expect(await coding("/br", "deflate, gzip, br")).toBe("br");
    expect(await coding("/br", "gzip")).toBeUndefined();
  });

  it("prefer by default what makes the least work", async () => {
    const app = await compressApp();
    app.get("/", async () => LONG);
    const headers = { "accept-encoding": "gzip, deflate, br, zstd" };
    expect((await app.inject({ url: "/", headers })).headers["content-encoding"]).toBe(CODINGS[0]);
  });

  it("leave out a coding that this Node does not have", async () => {
    const app = await compressApp({ codings: ["zstd", "gzip"] });
    app.get("/", async () => LONG);
    const headers = { "accept-encoding": "zstd, gzip" };
    const expected = CODINGS.includes("zstd") ? "zstd" : "gzip";
    expect((await app.inject({ url: "/", headers })).headers["content-encoding"]).toBe(expected);
  });

  it("say how hard each coding tries, on a route laid over the registration's", async () => {
    const app = await compressApp({ levels: { gzip: 1, br: 11 } });
    app.get("/", async () => LONG);
    app.get("/hard", { config: { compress: { levels: { gzip: 9 } } } }, async () => LONG);
    const bytes = async (url: string, accept: string) => {
      const response = await app.inject({ url, headers: { "accept-encoding": accept } });
      expect(textOf(response)).toBe(LONG_TEXT);
      return response.rawPayload.length;
    };
    expect(await bytes("/hard", "gzip")).toBeLessThan(await bytes("/", "gzip"));
    expect(await bytes("/hard", "br")).toBe(await bytes("/", "br"));
    expect(await bytes("/", "br")).toBeLessThan(await bytes("/hard", "gzip"));
  });

  it("say what is worth it, by size and by kind", async () => {
    const app = await compressApp({
      minBytes: 10,
      contentTypes: ["text/css", "model/*", "image/*+xml"],
    });
    const types = [
      "text/css; charset=utf-8",
      "MODEL/mesh",
      "image/svg+xml",
      "text/plain",
      "image/png",
      "application/svg+xml",
    ];
    for (const [index, type] of types.entries()) {
      app.get(`/${index}`, (_request, reply) =>
        reply.header("content-type", type).send("0123456789"),
      );
    }
    const encoded = await Promise.all(
      types.map(async (_type, index) => {
        const headers = { "accept-encoding": "gzip" };
        return (await app.inject({ url: `/${index}`, headers })).headers["content-encoding"];
      }),
    );
    expect(encoded).toEqual(["gzip", "gzip", "gzip", undefined, undefined, undefined]);
  });

  it("let a list of one's own begin with the default one, which knows what agents send", async () => {
    const app = await compressApp({ contentTypes: [...CONTENT_TYPES, "application/x-own"] });
    for (const [index, type] of [
      "application/problem+json",
      "application/x-ndjson",
      "application/json-seq",
      "application/x-own",
      "text/html",
    ].entries()) {
      app.get(`/${index}`, (_request, reply) => reply.type(type).send(LONG_TEXT));
    }
    for (let index = 0; index < 5; index++) {
      const headers = { "accept-encoding": "gzip" };
      expect((await app.inject({ url: `/${index}`, headers })).headers["content-encoding"]).toBe(
        "gzip",
      );
    }
  });
});

describe.each(WAYS)("a scope, %s", (way) => {
  it("can have a layer of its own in the place of the outer one", async () => {
    const app = await compressApp({ codings: ["gzip"] }, { way });
    await app.register(async (child) => {
      await child.register(compress, {
        codings: ["br"],
        requests: false,
        ...(way === "in line" && { layer: { override: true } }),
      });
      child.get("/inner", async () => LONG);
      child.post("/inner", async (request) => request.body);
    });
    app.get("/", async () => LONG);
    const ask = (url: string) => app.inject({ url, headers: { "accept-encoding": "gzip, br" } });
    expect((await ask("/")).headers["content-encoding"]).toBe("gzip");
    expect((await ask("/inner")).headers["content-encoding"]).toBe("br");
    expect(textOf(await ask("/inner"))).toBe(LONG_TEXT);
    const headers = { "content-type": "application/json", "content-encoding": "unheard-of" };
    const raw = await app.inject({ method: "POST", url: "/inner", headers, payload: '{"a":1}' });
    expect(raw.json()).toEqual({ a: 1 });
  });

  it("is not reached from another", async () => {
    const app = await createApp({ way });
    await app.register(async (child) => {
      await child.register(compress);
      child.get("/inside", async () => LONG);
    });
    app.get("/outside", async () => LONG);
    const ask = (url: string) => app.inject({ url, headers: { "accept-encoding": "gzip" } });
    expect((await ask("/inside")).headers["content-encoding"]).toBe("gzip");
    expect((await ask("/outside")).headers).not.toHaveProperty("content-encoding");
  });
});

it("is refused twice in the very same instance", async () => {
  const app = await compressApp();
  await expect(app.register(compress)).rejects.toMatchObject({ code: "COMPRESS_REGISTERED_TWICE" });
});
