import { createRecorder } from "@enfilade/testing";
import fc from "fast-check";
import type { FastifyReply } from "fastify";
import { expect, it } from "vitest";
import { createApp, layer } from "./support.ts";

/** Names that neither Node nor `inject` gives a meaning to. */
const name = fc.stringMatching(/^x-[a-z]{1,3}$/);
const value = fc.stringMatching(/^[!-~]{1,12}$/);
const values = fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 3 }));
const fields = fc.uniqueArray(fc.tuple(name, values), {
  selector: ([field]) => field,
  maxLength: 5,
});
type Fields = [string, string | string[]][];

/** The ways in which `writeHead` takes headers, and what it is handed in each. */
const forms = {
  object: (own: Fields) => [Object.fromEntries(own)],
  pairs: (own: Fields) => [own],
  "flat list": (own: Fields) => [own.flat()],
  "object behind a message": (own: Fields) => ["Fine", Object.fromEntries(own)],
  "object behind nothing": (own: Fields) => [undefined, Object.fromEntries(own)],
};

it.each(Object.keys(forms) as (keyof typeof forms)[])(
  "whatever headers are written as %s, they go out as they are, and the layers' beside them",
  async (form) => {
    const app = createApp();
    const heads = createRecorder<string>();
    let layered: Fields = [];
    let own: Fields = [];
    await app.register(
      layer({
        onRequest(_request, reply) {
          for (const [field, content] of layered) reply.header(field, content);
        },
        onHeaders: ({ id }) => heads.record(id),
      }),
    );
    app.get("/", (_request, reply) => {
      const { raw } = reply.hijack();
      Reflect.apply(raw.writeHead, raw, [201, ...forms[form](own)]);
      raw.end("body");
    });
    await fc.assert(
      fc.asyncProperty(fields, fields, async (ofLayers, ofWriter) => {
        [layered, own] = [ofLayers, ofWriter];
        const before = heads.items.length;
        const { statusCode, headers, body } = await app.inject("/");
        expect([statusCode, body]).toEqual([201, "body"]);
        expect(headers).toMatchObject({
          ...Object.fromEntries(ofLayers),
          ...Object.fromEntries(ofWriter),
        });
        expect(heads.items.length - before).toBe(1);
      }),
      { numRuns: 60 },
    );
  },
);

it("no cookie is lost, of the layers or of a raw writer", async () => {
  const app = createApp();
  const cookies = fc.array(fc.stringMatching(/^[a-z]=[0-9]$/), { maxLength: 5 });
  let layered: string[] = [];
  let own: string[] = [];
  await app.register(
    layer({
      onHeaders(_request, reply: FastifyReply) {
        for (const cookie of layered) reply.header("set-cookie", cookie);
      },
    }),
  );
  app.get("/", (_request, reply) => {
    const { raw } = reply.hijack();
    raw.writeHead(200, own.length === 0 ? {} : { "Set-Cookie": own });
    raw.end();
  });
  await fc.assert(
    fc.asyncProperty(cookies, cookies, async (ofLayers, ofWriter) => {
      [layered, own] = [ofLayers, ofWriter];
      const { headers } = await app.inject("/");
      const sent = new Set([headers["set-cookie"] ?? []].flat());
      expect(sent).toEqual(new Set([...ofLayers, ...ofWriter]));
    }),
    { numRuns: 60 },
  );
});
