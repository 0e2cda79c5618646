import { adopt } from "@enfilade/layer";
import cors from "@fastify/cors";
import etag from "@fastify/etag";
import helmet from "@fastify/helmet";
import { describe, expect, it } from "vitest";
import { boot, lineOf, type Registration, refusalOf, WAYS } from "./boot.ts";
import { layer } from "./probes.ts";

const refusing: Registration = (app) =>
  app.register(
    layer("refusing", "authenticate", {
      onRequest(request, reply) {
        if (request.headers.authorization === undefined) return reply.code(401).send({ no: true });
      },
    }),
  );
const routes: Registration = (app) => {
  app.get("/", async () => ({ hello: "world" }));
  app.get("/broken", async () => {
    throw new Error("on purpose");
  });
};
const authorization = "yes";

describe.each(WAYS)("registered $way", ({ arrange }) => {
  describe("@fastify/helmet", () => {
    const adopted: Registration = (app) =>
      app.register(adopt(helmet, { name: "helmet", place: "protect" }), { hsts: { maxAge: 7 } });

    it("sets its headers on replies, refusals, errors and what is not found", async () => {
      const app = await boot(arrange([adopted, refusing, routes]));

      for (const [url, headers, status] of [
        ["/", { authorization }, 200],
        ["/", {}, 401],
        ["/broken", { authorization }, 500],
        ["/nowhere", { authorization }, 404],
      ] as const) {
        const response = await app.inject({ url, headers });
        expect(response.statusCode).toBe(status);
        expect(response.headers["strict-transport-security"]).toBe("max-age=7; includeSubDomains");
      }
      expect(lineOf(app, "GET", "/")).toEqual(["helmet", "refusing"]);
    });
  });

  describe("@fastify/cors", () => {
    const adopted: Registration = (app) =>
      app.register(adopt(cors, { name: "cors", place: "share" }), { origin: "https://a.example" });

    it("answers a preflight before a layer further in can refuse it", async () => {
      const app = await boot(arrange([adopted, refusing, routes]));
      const response = await app.inject({
        method: "OPTIONS",
        url: "/",
        headers: { origin: "https://a.example", "access-control-request-method": "GET" },
      });
      expect(response.statusCode).toBe(204);
      expect(response.headers["access-control-allow-origin"]).toBe("https://a.example");
    });

    it("lets a browser read refusals, errors and what is not found", async () => {
      const app = await boot(arrange([adopted, refusing, routes]));
      for (const [url, headers, status] of [
        ["/", {}, 401],
        ["/broken", { authorization }, 500],
        ["/nowhere", { authorization }, 404],
      ] as const) {
        const response = await app.inject({ url, headers });
        expect(response.statusCode).toBe(status);
        expect(response.headers["access-control-allow-origin"]).toBe("https://a.example");
      }
    });
  });

  describe("@fastify/etag", () => {
    it("makes an entity tag of what users' own hooks have made of the payload", async () => {
      const app = await boot(
        arrange([
          (app) => app.register(adopt(etag, { name: "etag", place: "encode" })),
          (app) => app.addHook("onSend", async () => "changed by a user's hook"),
          routes,
          (app) => app.get("/same", async () => ({ hello: "moon" })),
        ]),
      );
      const first = await app.inject("/");
      const second = await app.inject("/same");
      expect(first.headers.etag).toMatch(/^".+"$/);
      expect(second.headers.etag).toBe(first.headers.etag);

      const again = await app.inject({
        url: "/",
        headers: { "if-none-match": String(first.headers.etag) },
      });
      expect(again.statusCode).toBe(304);
      expect(again.body).toBe("");
    });
  });
});

describe("@fastify/helmet's option of a route", () => {
  it("is obeyed on routes that are declared once it is loaded, or in a plugin", async () => {
    const app = await boot([
      (app) => app.register(adopt(helmet, { name: "helmet", place: "protect" })),
      (app) =>
        app.register(async (child) => {
          child.get("/bare", { helmet: false }, async () => "bare");
          child.get(
            "/framed",
            { helmet: { frameguard: { action: "deny" } } },
            async () => "framed",
          );
        }),
    ]);
    expect((await app.inject("/bare")).headers["x-frame-options"]).toBeUndefined();
    expect((await app.inject("/framed")).headers["x-frame-options"]).toBe("DENY");
  });

  it("refuses to boot where the route came first, for it could not be obeyed", async () => {
    const refusal = await refusalOf([
      (app) => app.get("/bare", { helmet: false }, async () => "bare"),
      (app) => app.register(adopt(helmet, { name: "helmet", place: "protect" })),
    ]);
    expect(refusal).toMatchObject({
      code: "ORDER_REFUSED",
      findings: [
        { code: "ORDER_LATE_ROUTE", where: "GET /bare", why: expect.stringContaining("helmet") },
      ],
    });
  });
});
