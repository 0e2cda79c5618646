import { WAYS } from "@enfilade/line-testing";
import { createLogLines, listen, openExchange, requestHttp2 } from "@enfilade/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generateKey, type KeySource } from "../src/index.ts";
import { ANN, ANN_RECORD, make, statusOf } from "./support.ts";

const keys = [ANN_RECORD];

describe.each(WAYS)("a request, %s", (way) => {
  it.each([
    ["its own header", { "x-api-key": ANN.key }],
    ["a bearer token", { authorization: `Bearer ${ANN.key}` }],
  ])("has its key in %s", async (_where, headers) => {
    const app = await make({ keys }, { way });
    const response = await app.inject({ url: "/", headers });
    expect(response.json()).toEqual({
      kind: "api-key",
      id: "ann",
      scopes: ["agents:run"],
      claims: {},
      userId: "user-1",
    });
  });

  it("without a key is asked for one, without an error code", async () => {
    const app = await make({ keys }, { way });
    const response = await app.inject("/");
    expect(response.statusCode).toBe(401);
    expect(response.headers["www-authenticate"]).toBe("Bearer");
    const other = await make({ keys, sources: ["header"] }, { way });
    const asked = await other.inject("/");
    expect(asked.headers["www-authenticate"]).toBe('ApiKey header="x-api-key"');
  });

  it.each([
    ["unknown", generateKey().key],
    ["of another prefix", generateKey("live").key],
    ["misspelt", `${ANN.key.slice(0, -1)}-`],
    ["empty", ""],
    ["blank", "   "],
    ["15 kB long", "x".repeat(15_000)],
    ["two in one", `${ANN.key}, ${ANN.key}`],
    ["followed by something", `${ANN.key} x`],
    ["in another case", ANN.key.toLowerCase()],
  ])("is refused with a key that is %s", async (_what, key) => {
    const app = await make({ keys }, { way });
    const origin = await listen(app);
    for (const headers of [{ "x-api-key": key }, { authorization: `Bearer ${key}` }]) {
      const exchange = await openExchange(origin, { headers });
      const { status, headers: answered } = await exchange.head();
      expect(status).toBe(401);
      expect(answered.get("www-authenticate")?.[0]).toMatch(/^Bearer/);
    }
  });

  it.each([
    ["x-api-key", ANN.key],
    ["authorization", `Bearer ${ANN.key}`],
  ])("is refused when %s was sent twice, even with the same key", async (name, value) => {
    const origin = await listen(await make({ keys }, { way }));
    const exchange = await openExchange(origin, { headers: { [name]: [value, value] } });
    expect((await exchange.head()).status).toBe(401);
  });

  it("is refused when the header is an array, as a test may make it", async () => {
    const app = await make({ keys }, { way });
    const headers = { "x-api-key": [ANN.key, ANN.key] } as unknown as Record<string, string>;
    expect(await statusOf(app, headers)).toBe(401);
  });

  it("may have its key in the query only when that was asked for", async () => {
    const refused = await make({ keys }, { way });
    expect((await refused.inject(`/?api_key=${ANN.key}`)).statusCode).toBe(401);
    const app = await make({ keys, sources: ["query"], query: "key" }, { way });
    expect((await app.inject(`/?key=${ANN.key}`)).statusCode).toBe(200);
    expect((await app.inject(`/?key=${ANN.key}&key=${ANN.key}`)).statusCode).toBe(401);
    expect((await app.inject("/?key=")).statusCode).toBe(401);
  });

  it("is decided by the first source that has a key, a bad one included", async () => {
    const both = { "x-api-key": "bad", authorization: `Bearer ${ANN.key}` };
    const order = async (sources: readonly KeySource[]) =>
      statusOf(await make({ keys, sources }, { way }), both);
    expect(await order(["header", "bearer"])).toBe(401);
    expect(await order(["bearer", "header"])).toBe(200);
  });

  it("over HTTP/2 is treated alike", async () => {
    const app = await make({ keys }, { way, http2: true });
    const origin = await listen(app);
    for (const [key, status] of [
      [ANN.key, 200],
      ["bad", 401],
      [[ANN.key, ANN.key], 401],
    ] as const) {
      const headers = { "x-api-key": key };
      expect((await requestHttp2(origin, { headers })).statusCode).toBe(status);
    }
  });
});

it("is refused, never failed, whatever the header holds", async () => {
  const app = await make({ keys });
  const origin = await listen(app);
  // Every byte that Node lets through in a header, ends of lines and NUL left out.
  const byte = fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f);
  const text = fc.array(byte, { maxLength: 80 }).map((codes) => String.fromCharCode(...codes));
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom("x-api-key", "authorization"), async (value, name) => {
      const bytes = Buffer.from(`${name === "authorization" ? "Bearer " : ""}${value}`, "latin1");
      const exchange = await openExchange(origin, {
        headers: { [name]: bytes.toString("latin1") },
      });
      expect((await exchange.head()).status).toBe(401);
      exchange.destroy();
    }),
    { numRuns: 60 },
  );
});

it("puts the key into no log, no error and no URL (case 20)", async () => {
  const log = createLogLines();
  const unknown = generateKey().key;
  const app = await make(
    { keys, sources: ["header", "bearer", "query"] },
    {
      logger: {
        level: "trace",
        stream: log.stream,
        // Fastify writes this line before every hook: it is for its serializer to leave the query out.
        serializers: { req: ({ method }) => ({ method }) },
      },
    },
  );
  app.get("/url", { config: { access: "authenticated" } }, async (request) => request.url);
  const answers: string[] = [];
  for (const key of [ANN.key, unknown, `${ANN.key}x`]) {
    for (const request of [
      { url: "/url", headers: { "x-api-key": key } },
      { url: "/url", headers: { authorization: `Bearer ${key}` } },
      { url: `/url?api_key=${key}` },
    ]) {
      const { body, headers } = await app.inject(request);
      answers.push(body, JSON.stringify(headers));
    }
  }
  const said = `${answers.join("\n")}${JSON.stringify(log.items)}`;
  expect(log.items.length).toBeGreaterThan(20);
  expect(answers).toContain("/url?api_key=redacted");
  for (const key of [ANN.key, unknown]) expect(said).not.toContain(key.slice(0, 20));
});

describe("keys of another form", () => {
  const key = "OSK-0123456789.abcdefgh";
  const options = { keys: [{ id: "old", key }], format: "any" as const };

  it("are taken when that was asked for", async () => {
    const app = await make(options);
    expect(await statusOf(app, { "x-api-key": key })).toBe(200);
    expect(await statusOf(app, { authorization: `Bearer ${key}` })).toBe(200);
    expect(await statusOf(app, { authorization: `Bearer ${key}x` })).toBe(401);
  });
});
