import { adopt } from "@enfilade/layer";
import cookie from "@fastify/cookie";
import jwt from "@fastify/jwt";
import { describe, expect, it } from "vitest";
import { boot, type Registration, WAYS } from "./boot.ts";
import { layer } from "./probes.ts";

const adoptedCookie: Registration = (app) =>
  app.register(adopt(cookie, { name: "cookie", place: "shape" }), { secret: "a secret" });
const adoptedJwt: Registration = (app) =>
  app.register(adopt(jwt, { name: "jwt", place: "authenticate" }), {
    secret: "a secret that is long enough",
    cookie: { cookieName: "token", signed: false },
  });

describe.each(WAYS)("registered $way", ({ arrange }) => {
  it("@fastify/cookie parses for the layers further in, and sets on the way out", async () => {
    const app = await boot(
      arrange([
        adoptedCookie,
        (app) =>
          app.register(
            layer("session", "authenticate", {
              onRequest(request, reply) {
                reply.header("x-session", request.cookies.session ?? "none");
              },
            }),
          ),
        (app) =>
          app.get("/", async (_request, reply) => {
            reply.setCookie("seen", "yes", { path: "/" });
            return "hello";
          }),
      ]),
    );
    const response = await app.inject({ url: "/", cookies: { session: "s1" } });
    expect(response.headers["x-session"]).toBe("s1");
    expect(response.cookies).toMatchObject([{ name: "seen", value: "yes", path: "/" }]);
  });

  it("@fastify/jwt verifies what a layer or a handler asks it to, from a header and from a cookie", async () => {
    const app = await boot(
      arrange([
        adoptedCookie,
        adoptedJwt,
        (app) =>
          app.register(
            layer("guard", "authorize", {
              async onRequest(request) {
                await request.jwtVerify();
              },
            }),
          ),
        (app) => app.get("/", async (request) => request.user),
      ]),
    );
    const token = app.jwt.sign({ sub: "ada" });
    const forged = `${token.slice(0, -3)}abc`;

    const authorized = await app.inject({
      url: "/",
      headers: { authorization: `Bearer ${token}` },
    });
    expect(authorized.json()).toMatchObject({ sub: "ada" });
    expect((await app.inject({ url: "/", cookies: { token } })).json()).toMatchObject({
      sub: "ada",
    });
    expect((await app.inject("/")).statusCode).toBe(401);
    const refused = await app.inject({ url: "/", headers: { authorization: `Bearer ${forged}` } });
    expect(refused.statusCode).toBe(401);
  });
});
