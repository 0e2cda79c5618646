import { createApp, WAYS } from "@enfilade/line-testing";
import { describe, expect, it } from "vitest";
import { type Access, type AuthOptions, auth } from "../src/index.ts";
import { believing, laterOf } from "./support.ts";

describe.each(WAYS)("a rule, %s", (way) => {
  async function app(access: Access, options: AuthOptions = {}) {
    const app = await createApp({ way });
    if (way === "in line") app.register(auth, options);
    await app.register(believing());
    if (way === "alone") await app.register(auth, options);
    await app.after();
    app.post("/agents/:id/runs", { config: { access } }, async (request) => request.principal?.id);
    return (caller: string, url = "/agents/web/runs") =>
      app.inject({ method: "POST", url, headers: { "x-test": caller } });
  }

  it("lets in who holds all of its scopes", async () => {
    const call = await app({ scopes: ["agents:{id}:run", "sessions:write"] });
    expect((await call("ann agents:web:run sessions:write")).body).toBe("ann");
    expect((await call("ann agents:web:run")).statusCode).toBe(403);
    expect((await call("ann sessions:write")).statusCode).toBe(403);
    expect((await call("ann agents:web:run sessions:write", "/agents/shop/runs")).statusCode).toBe(
      403,
    );
  });

  it("lets in who holds one of several", async () => {
    const call = await app({ any: ["agents:run", "teams:run"] });
    expect((await call("ann teams:run")).statusCode).toBe(200);
    expect((await call("ann sessions:read")).statusCode).toBe(403);
  });

  it("lets in everybody who is known, when it says so", async () => {
    const call = await app("authenticated");
    expect((await call("ann")).statusCode).toBe(200);
    expect((await call("")).statusCode).toBe(401);
  });

  it("lets the admin do everything, by the name that was chosen", async () => {
    const call = await app({ scopes: ["agents:run"], owner: () => false });
    expect((await call("ann agent_os:admin")).statusCode).toBe(200);
    const renamed = await app({ scopes: ["agents:run"] }, { adminScope: "root" });
    expect((await renamed("ann root")).statusCode).toBe(200);
    expect((await renamed("ann agent_os:admin")).statusCode).toBe(403);
    const none = await app({ scopes: ["agents:run"] }, { adminScope: false });
    expect((await none("ann agent_os:admin")).statusCode).toBe(403);
  });

  it("waits for a function that tells of ownership by what only can be awaited", async () => {
    const call = await app({ owner: ({ url }) => laterOf(url.includes("mine")) });
    expect((await call("ann", "/agents/mine/runs")).statusCode).toBe(200);
    expect((await call("ann", "/agents/other/runs")).statusCode).toBe(403);
  });

  it("asks for ownership by a parameter, as the request decodes it", async () => {
    const call = await app({ owner: "id" });
    expect((await call("ann", "/agents/ann/runs")).statusCode).toBe(200);
    expect((await call("ann", "/agents/%61nn/runs")).statusCode).toBe(200);
    const refused = await call("ann", "/agents/bob/runs");
    expect(refused.statusCode).toBe(403);
    expect(refused.json().code).toBe("AUTH_NOT_OWNER");
    // More scope would not help, so no client shall be sent to ask for it.
    expect(refused.headers).not.toHaveProperty("www-authenticate");
  });

  it.each([
    ["true", () => true, 200],
    ["a promise of true", async () => true, 200],
    ["false", () => false, 403],
    ["a promise of false", async () => false, 403],
    ["nothing", () => undefined as unknown as boolean, 403],
    ["something truthy", () => "yes" as unknown as boolean, 403],
  ])("asks a function for ownership, which answers with %s", async (_what, owner, status) => {
    const call = await app({ owner });
    expect((await call("ann")).statusCode).toBe(status);
  });

  it("shows the function the body", async () => {
    const app = await createApp({ way });
    await app.register(believing());
    await app.register(auth);
    const owner = (request: { body: unknown }, { id }: { id: string }) =>
      (request.body as { user: string }).user === id;
    app.post("/runs", { config: { access: { owner } } }, async () => "ran");
    const headers = { "x-test": "ann" };
    const run = (user: string) =>
      app.inject({ method: "POST", url: "/runs", headers, body: { user } });
    expect((await run("ann")).statusCode).toBe(200);
    expect((await run("bob")).statusCode).toBe(403);
  });

  it("says what is lacking (RFC 6750, section 3.1)", async () => {
    const call = await app({ scopes: ["agents:{id}:run"], any: ["a:b", "c:d"] });
    const refused = await call("ann");
    expect(refused.statusCode).toBe(403);
    expect(refused.json().code).toBe("AUTH_INSUFFICIENT_SCOPE");
    expect(refused.headers["www-authenticate"]).toBe(
      'Bearer error="insufficient_scope", error_description="The credentials do not allow this.", scope="agents:web:run a:b"',
    );
  });

  it("lets no URL write into the challenge", async () => {
    const call = await app({ scopes: ["agents:{id}:run"] });
    const refused = await call(
      "ann",
      `/agents/${encodeURIComponent('x", realm="evil\r\nx: y')}/runs`,
    );
    expect(refused.statusCode).toBe(403);
    expect(refused.headers["www-authenticate"]).toBe(
      'Bearer error="insufficient_scope", error_description="The credentials do not allow this."',
    );
  });
});

describe("a rule that cannot be one", () => {
  it.each([
    ["nothing", {}],
    ["an unknown word", { scope: ["a"] }],
    ["a list", ["agents:run"]],
    ["another word", "everybody"],
    ["null", null],
    ["scopes that are no list", { scopes: "agents:run" }],
    ["a scope with a space", { scopes: ["agents run"] }],
    ["an owner that is a number", { owner: 1 }],
    ["an owner that is no parameter of the route", { owner: "user" }],
    ["a scope with a parameter that the route does not have", { any: ["agents:{agent}:run"] }],
  ])("is refused when its route is declared: %s", async (_what, access) => {
    const app = await createApp();
    await app.register(believing());
    await app.register(auth);
    const declare = () =>
      app.get("/agents/:id", { config: { access: access as Access } }, () => "");
    expect(declare).toThrow(expect.objectContaining({ code: "AUTH_INVALID_ACCESS" }));
  });

  it.each([
    ["a list", ["agents:run"], "access is an array of 1."],
    ["a function", () => "agents:run", "access is a function."],
    ["a long word", "a".repeat(100), `access is "${"a".repeat(59)}….`],
  ])("is shown in short: %s", async (_what, access, shown) => {
    const app = await createApp();
    await app.register(auth);
    const declare = () => app.get("/", { config: { access: access as Access } }, () => "");
    expect(declare).toThrow(shown);
  });
});
