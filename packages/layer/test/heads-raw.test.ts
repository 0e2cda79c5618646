import { listen } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { answering, marked, raw } from "./marked.ts";
import { createApp, layer } from "./support.ts";

describe("a raw writer", () => {
  it("keeps the headers that it sets itself, in writeHead and before", async () => {
    const { app } = await marked();
    answering(
      app,
      raw((to) => {
        to.setHeader("x-early", "mine");
        to.writeHead(200, { "X-Late": "mine" }).end("a");
      }),
    );
    const { headers } = await fetch(await listen(app));
    expect([headers.get("x-early"), headers.get("x-late")]).toEqual(["mine", "mine"]);
  });

  it("is not framed by what the reply said about another body", async () => {
    const { app } = await marked();
    answering(app, (reply) => {
      reply.header("content-length", 3);
      raw((to) => to.end("longer than three"))(reply);
    });
    const response = await fetch(await listen(app));
    expect(await response.text()).toBe("longer than three");
  });

  it("shares cookies and vary with the layers: neither side's are lost", async () => {
    const app = createApp();
    await app.register(
      layer({
        onHeaders(_request, reply) {
          reply.header("set-cookie", "a=1").header("set-cookie", "b=2");
          reply.header("vary", "origin, accept");
        },
      }),
    );
    answering(
      app,
      raw((to) => to.writeHead(200, { "set-cookie": ["b=2", "c=3"], vary: "Origin" }).end()),
    );
    const { headers } = await fetch(await listen(app));
    expect(headers.getSetCookie().toSorted()).toEqual(["a=1", "b=2", "c=3"]);
    expect(headers.get("vary")).toMatch(/^origin, accept$/i);
  });

  it.each([true, false])("may be an error handler (that hijacks: %s)", async (hijacks) => {
    const { app, heads } = await marked();
    app.setErrorHandler((_error, _request, reply) => {
      if (hijacks) reply.hijack();
      reply.raw.writeHead(503, { "x-own": "1" }).end("later");
    });
    answering(app, () => {
      throw new Error("on purpose");
    });
    const response = await fetch(await listen(app));
    expect([response.status, await response.text()]).toEqual([503, "later"]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-own": "1",
      "x-early": "yes",
      "x-late": "yes",
    });
    expect(heads).toEqual([503]);
  });

  it("may be an onSend hook that takes the response from Fastify at the last moment", async () => {
    const { app, heads } = await marked();
    app.addHook("onSend", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(202, { "x-own": "1" }).end("mine");
    });
    answering(app, (reply) => reply.send("hello"));
    const response = await fetch(await listen(app));
    expect([response.status, await response.text()]).toEqual([202, "mine"]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-own": "1",
      "x-early": "yes",
      "x-late": "yes",
    });
    expect(heads).toEqual([202]);
  });

  it("may repeat a field in a list", async () => {
    const { app } = await marked();
    answering(
      app,
      raw((to) => to.writeHead(200, ["set-cookie", "a=1", "Set-Cookie", "b=2"]).end()),
    );
    const { headers } = await fetch(await listen(app));
    expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  it("gets Node's own error for a head that cannot be, or comes twice", async () => {
    const { app } = await marked();
    const codes: unknown[] = [];
    const attempt = (write: () => unknown) => {
      try {
        write();
      } catch (error) {
        codes.push((error as NodeJS.ErrnoException).code);
      }
    };
    answering(
      app,
      raw((to) => {
        attempt(() => to.writeHead(200, { "x-bad": "a\nb" }));
        to.writeHead(200);
        attempt(() => to.writeHead(200));
        to.end("a");
      }),
    );
    expect(await (await fetch(await listen(app))).text()).toBe("a");
    expect(codes).toEqual(["ERR_INVALID_CHAR", "ERR_HTTP_HEADERS_SENT"]);
  });
});
