import { adopt } from "@enfilade/layer";
import formbody from "@fastify/formbody";
import multipart from "@fastify/multipart";
import { describe, expect, it } from "vitest";
import { boot, WAYS } from "./boot.ts";

describe.each(WAYS)("registered $way", ({ arrange }) => {
  it("@fastify/formbody parses forms", async () => {
    const app = await boot(
      arrange([
        (app) => app.register(adopt(formbody, { name: "formbody", place: "shape" })),
        (app) => app.post("/", async (request) => request.body),
      ]),
    );
    const response = await app.inject({
      method: "POST",
      url: "/",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      payload: "name=ada&born=1815",
    });
    expect(response.json()).toEqual({ name: "ada", born: "1815" });
  });

  it("@fastify/multipart parses files, and puts fields on the body where it is told to", async () => {
    const app = await boot(
      arrange([
        (app) =>
          app.register(adopt(multipart, { name: "multipart", place: "shape" }), {
            attachFieldsToBody: "keyValues",
          }),
        (app) => app.post("/", async (request) => request.body),
      ]),
    );
    const form = new FormData();
    form.set("name", "ada");
    form.set("notes", new File(["of the engine"], "notes.txt", { type: "text/plain" }));
    const encoded = new Response(form);
    const response = await app.inject({
      method: "POST",
      url: "/",
      headers: { "content-type": encoded.headers.get("content-type") ?? "" },
      payload: Buffer.from(await encoded.arrayBuffer()),
    });
    expect(response.json()).toMatchObject({ name: "ada" });
    expect(Buffer.from(response.json().notes).toString()).toBe("of the engine");
  });
});
