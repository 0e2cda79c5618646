import { Readable } from "node:stream";
import { listen } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { answering, marked } from "./marked.ts";

describe("a stream that fails before its headers", () => {
  const failing = () =>
    new Readable({
      read() {
        this.destroy(new Error("no file"));
      },
    });
  const described = {
    "content-type": "text/csv",
    "content-encoding": "br",
    "content-length": "1000",
    "accept-ranges": "bytes",
    etag: '"file"',
  };

  it("leaves nothing on the error of what described it, and all that layers have set", async () => {
    const { app, heads } = await marked();
    answering(app, (reply) => reply.headers(described).send(failing()));
    const response = await fetch(await listen(app));
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ message: "no file" });
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    for (const name of ["content-encoding", "accept-ranges", "etag"]) {
      expect(response.headers.has(name), name).toBe(false);
    }
    expect(response.headers.get("x-early")).toBe("yes");
    expect(heads).toEqual([500]);
  });

  it("leaves nothing of it on an error without a body", async () => {
    const { app } = await marked();
    app.setErrorHandler((_error, _request, reply) => reply.code(304).send());
    answering(app, (reply) => reply.headers(described).send(failing()));
    const { status, headers } = await fetch(await listen(app));
    expect(status).toBe(304);
    expect(Object.keys(described).filter((name) => headers.has(name))).toEqual([]);
  });

  it("leaves headers that somebody has set on the response itself", async () => {
    const { app } = await marked();
    answering(app, (reply) => {
      reply.raw.setHeader("x-own", "1").setHeader("set-cookie", ["a=1", "b=2"]);
      return reply.headers(described).send(failing());
    });
    const response = await fetch(await listen(app));
    expect(response.status).toBe(500);
    expect(response.headers.get("x-own")).toBe("1");
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  it("lets the error handler describe the error", async () => {
    const { app } = await marked();
    app.setErrorHandler((_error, _request, reply) =>
      reply.code(502).header("content-language", "de").header("etag", '"error"').send("weg"),
    );
    answering(app, (reply) => reply.headers(described).send(failing()));
    const response = await fetch(await listen(app));
    expect([response.status, await response.text()]).toEqual([502, "weg"]);
    expect(response.headers.get("content-language")).toBe("de");
    expect(response.headers.get("etag")).toBe('"error"');
    expect(response.headers.has("content-encoding")).toBe(false);
  });

  it("leaves nothing of it either where the error handler has sent it", async () => {
    const { app } = await marked();
    app.setErrorHandler((_error, _request, reply) => reply.headers(described).send(failing()));
    answering(app, () => {
      throw new Error("on purpose");
    });
    const response = await fetch(await listen(app));
    expect(await response.json()).toMatchObject({ message: "no file" });
    for (const name of ["content-encoding", "accept-ranges", "etag"]) {
      expect(response.headers.has(name), name).toBe(false);
    }
  });
});

it("an onSend that fails lets the error go out undescribed", async () => {
  const { app } = await marked();
  app.addHook("onSend", async (_request, reply, payload) => {
    if (reply.statusCode === 200) throw new Error("no file");
    return payload;
  });
  answering(app, (reply) => reply.header("etag", '"file"').send("hello"));
  const response = await fetch(await listen(app));
  expect(await response.json()).toMatchObject({ message: "no file" });
  expect(response.headers.has("etag")).toBe(false);
});
