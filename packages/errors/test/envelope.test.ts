import { WAYS } from "@enfilade/line-testing";
import { describe, expect, test } from "vitest";
import { errorsApp, failWith, SECRET } from "./apps.ts";

describe.each(WAYS)("%s, an error", (way) => {
  test("is answered as problem details with the request id", async () => {
    const app = await errorsApp(way, {}, { genReqId: () => "id-1" });
    app.get("/agents/:id", async () => {
      throw failWith("No such agent.", { statusCode: 404, code: "AGENT_NOT_FOUND" });
    });

    const response = await app.inject("/agents/x");

    expect(response.statusCode).toBe(404);
    expect(response.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(response.json()).toEqual({
      type: "about:blank",
      title: "Not Found",
      status: 404,
      detail: "No such agent.",
      code: "AGENT_NOT_FOUND",
      requestId: "id-1",
    });
  });

  test("of the server's own says nothing but that", async () => {
    const app = await errorsApp(way);
    app.get("/", async () => {
      throw failWith(SECRET, { code: "ECONNREFUSED" });
    });

    const response = await app.inject("/");

    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({
      title: "Internal Server Error",
      code: "INTERNAL_SERVER_ERROR",
      detail: "The server could not complete the request.",
    });
  });

  test("keeps the headers that it brings, such as Retry-After and WWW-Authenticate", async () => {
    const app = await errorsApp(way);
    app.get("/", async () => {
      throw failWith("Slow down.", {
        statusCode: 429,
        headers: { "Retry-After": "7", "www-authenticate": "Bearer" },
      });
    });

    const { headers } = await app.inject("/");

    expect(headers).toMatchObject({ "retry-after": "7", "www-authenticate": "Bearer" });
  });

  test("may bring a type of its own, and members that say more", async () => {
    const app = await errorsApp(way, { types: "https://example.com/errors/" });
    const policies = [{ name: "runs", limit: 4 }];
    app.get("/", async () => {
      throw failWith("Slow down.", {
        statusCode: 429,
        problem: {
          type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
          "violated-policies": policies,
          status: 200,
          requestId: "not mine",
        },
      });
    });
    const rpc = { config: { errors: { dialect: "jsonrpc" as const } } };
    app.get("/rpc", rpc, async () => {
      throw failWith("Slow down.", { statusCode: 429, problem: { "violated-policies": policies } });
    });

    expect((await app.inject("/")).json()).toEqual({
      type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
      title: "Too Many Requests",
      status: 429,
      detail: "Slow down.",
      code: "TOO_MANY_REQUESTS",
      requestId: expect.stringMatching(/^(?!not mine)/),
      "violated-policies": policies,
    });
    const { data } = (await app.inject("/rpc")).json().error;
    expect(data).toMatchObject({ status: 429, "violated-policies": policies });
  });

  test.each([
    [
      "of an error that may not be told",
      { statusCode: 500, problem: { type: "x:y", table: SECRET } },
    ],
    ["that are no object", { statusCode: 429, problem: SECRET }],
    ["that cannot be written", { statusCode: 429, problem: { count: 1n, table: SECRET } }],
    ["whose type is no URI", { statusCode: 429, problem: { type: "no URI" } }],
  ])("does not show members %s", async (_, members) => {
    const app = await errorsApp(way);
    app.get("/", async () => {
      throw failWith("Told.", members);
    });

    const response = await app.inject("/");

    expect(response.statusCode).toBe(members.statusCode);
    expect(response.json().type).toBe("about:blank");
    expect(response.body).not.toContain(SECRET);
  });

  test("loses what the handler had said of the body that it did not come to send", async () => {
    const app = await errorsApp(way);
    app.get("/", async (_request, reply) => {
      reply.headers({
        etag: '"1"',
        "content-encoding": "gzip",
        "content-disposition": "attachment",
        "cache-control": "public, max-age=31536000",
        "x-kept": "yes",
      });
      throw new Error(SECRET);
    });

    const { headers } = await app.inject("/");

    expect(headers).toMatchObject({ "cache-control": "no-store", "x-kept": "yes" });
    expect(headers).not.toHaveProperty("etag");
    expect(headers).not.toHaveProperty("content-encoding");
    expect(headers).not.toHaveProperty("content-disposition");
  });

  test("may bring a Cache-Control of its own", async () => {
    const app = await errorsApp(way);
    app.get("/", async () => {
      throw failWith("Gone.", { statusCode: 410, headers: { "Cache-Control": "max-age=60" } });
    });

    expect((await app.inject("/")).headers["cache-control"]).toBe("max-age=60");
  });

  test("answers HEAD with its headers and no body", async () => {
    const app = await errorsApp(way);
    app.get("/", async () => {
      throw failWith("Gone.", { statusCode: 410 });
    });
    const get = await app.inject("/");

    const head = await app.inject({ method: "HEAD", url: "/" });

    expect(head.statusCode).toBe(410);
    expect(head.body).toBe("");
    expect(head.headers["content-type"]).toBe(get.headers["content-type"]);
    expect(Number(head.headers["content-length"])).toBe(Buffer.byteLength(get.body));
  });

  test("has the envelope although the route declares another shape for that status", async () => {
    const app = await errorsApp(way);
    const response = { "4xx": { type: "object", properties: { message: { type: "string" } } } };
    app.get("/", { schema: { response } }, async () => {
      throw failWith("Gone.", { statusCode: 410, code: "AGENT_GONE" });
    });

    expect((await app.inject("/")).json()).toMatchObject({ status: 410, code: "AGENT_GONE" });
  });

  test("gets a type to read about where there are pages", async () => {
    const app = await errorsApp(way, { types: "https://example.com/errors/" });
    app.get("/", async () => {
      throw failWith("Gone.", { statusCode: 410, code: "AGENT_GONE" });
    });

    expect((await app.inject("/")).json().type).toBe("https://example.com/errors/AGENT_GONE");
  });

  test.each([
    ["a string", SECRET],
    ["nothing", undefined],
    ["null", null],
    ["a number", 42],
    ["an object", { secret: SECRET }],
    ["an array", [SECRET]],
    ["an object whose members cannot be read", unreadable()],
  ])("that is %s is a 500 like any other", async (_what, thrown) => {
    const app = await errorsApp(way);
    app.get("/", async () => {
      throw thrown;
    });

    const response = await app.inject("/");

    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({ status: 500, code: "INTERNAL_SERVER_ERROR" });
    expect(response.body).not.toContain("ECONNREFUSED");
  });
});

/** Fastify reads a status of what was thrown; all else of it fails. */
function unreadable(): object {
  return new Proxy(
    {},
    {
      get(_target, key) {
        if (key === "message" || key === "expose") throw new Error(SECRET);
        return undefined;
      },
    },
  );
}
