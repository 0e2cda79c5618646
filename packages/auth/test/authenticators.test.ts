import { createApp, WAYS } from "@enfilade/line-testing";
import { describe, expect, it } from "vitest";
import {
  type AuthenticationFailure,
  auth,
  type Challenge,
  hasAuthenticator,
  onAuthenticationFailure,
} from "../src/index.ts";
import { believing, laterOf } from "./support.ts";

const cat: Challenge = { scheme: "Cat", params: { header: "x-cat" } };

describe.each(WAYS)("several authenticators, %s", (way) => {
  async function app(withAuth = true) {
    const app = await createApp({ way });
    await app.register(believing("ape"));
    await app.register(believing("cat", cat));
    if (withAuth) await app.register(auth);
    // Rules are only checked where auth is.
    const config = withAuth ? { access: "authenticated" as const } : {};
    app.get("/", { config }, async ({ principal }) => `${principal?.kind} ${principal?.id}`);
    app.get("/open", { config: { public: true } }, async ({ principal }) => String(principal));
    return app;
  }

  describe.each([true, false])("with auth: %s", (withAuth) => {
    it.each([
      ["the first makes the principal", { "x-ape": "ann" }, "ape ann"],
      ["the second does when the first abstains", { "x-cat": "bob" }, "cat bob"],
      ["it may take its time", { "x-cat": "slow" }, "cat slow"],
      ["once there is one, nobody else is asked", { "x-ape": "ann", "x-cat": "bad" }, "ape ann"],
      [
        "doubts of the first are settled by the second",
        { "x-ape": "doubt", "x-cat": "bob" },
        "cat bob",
      ],
    ])("%s", async (_what, headers, body) => {
      const response = await (await app(withAuth)).inject({ url: "/", headers });
      expect(response.body).toBe(body);
    });

    it("refuse together what came without credentials, and say what they take (RFC 6750: no error code)", async () => {
      const response = await (await app(withAuth)).inject("/");
      expect(response.statusCode).toBe(401);
      expect(response.json().code).toBe("AUTH_REQUIRED");
      expect(response.headers["www-authenticate"]).toBe('Bearer, Cat header="x-cat"');
    });

    it.each([
      ["at once", { "x-ape": "bad", "x-cat": "bob" }],
      ["when nobody else knows the credentials", { "x-ape": "doubt" }],
    ])("are refused by one of them, %s", async (_when, headers) => {
      const response = await (await app(withAuth)).inject({ url: "/", headers });
      expect(response.statusCode).toBe(401);
      expect(response.json().code).toBe("BAD_CREDENTIALS");
      expect(response.headers["www-authenticate"]).toBe(
        'Bearer error="invalid_token", error_description="The credentials do not hold.", Cat header="x-cat"',
      );
    });

    it("say which of them refuses", async () => {
      const response = await (await app(withAuth)).inject({
        url: "/",
        headers: { "x-cat": "bad" },
      });
      expect(response.headers["www-authenticate"]).toBe(
        'Bearer, Cat header="x-cat", error="invalid_token", error_description="The credentials do not hold."',
      );
    });

    it("fail with 503, no challenge and no detail, when one cannot do its work", async () => {
      const response = await (await app(withAuth)).inject({
        url: "/",
        headers: { "x-ape": "broken" },
      });
      expect(response.statusCode).toBe(503);
      expect(response.json().code).toBe("AUTH_UNAVAILABLE");
      expect(response.body).not.toContain("store");
      expect(response.headers).not.toHaveProperty("www-authenticate");
    });

    it("leave public routes alone, bad credentials included", async () => {
      const server = await app(withAuth);
      for (const value of ["ann", "bad", "broken", ""]) {
        const response = await server.inject({ url: "/open", headers: { "x-ape": value } });
        expect(response.body).toBe("null");
      }
    });
  });
});

describe("an authenticator that replaces one further out", () => {
  it("refuses who is unknown, though the one that it replaces was never asked", async () => {
    const app = await createApp({ way: "in line" });
    await app.register(believing("ape"));
    let ran = false;
    app.register(async (child) => {
      await child.register(believing("ape"), { layer: { override: true } });
      child.get("/inner", async () => {
        ran = true;
      });
    });
    expect((await app.inject("/inner")).statusCode).toBe(401);
    expect(ran).toBe(false);
    expect((await app.inject({ url: "/inner", headers: { "x-ape": "ann" } })).statusCode).toBe(200);
  });
});

it.each(WAYS)("%s, what an authenticator gives to be awaited is no principal", async (way) => {
  const app = await createApp({ way });
  await app.register(believing("ape"));
  await app.register(auth);
  app.get("/", { config: { access: "authenticated" } }, async () => "in");
  const ask = (name: string) => app.inject({ url: "/", headers: { "x-ape": name } });
  expect((await ask("ann")).statusCode).toBe(200);
  expect((await ask("gone")).statusCode).toBe(401);
});

it("an authenticator is known of in its scope and below, from its registration on", async () => {
  const app = await createApp();
  expect(hasAuthenticator(app)).toBe(false);
  await app.register(async (child) => {
    await child.register(believing("ape"));
    expect(hasAuthenticator(child)).toBe(true);
    await child.register(async (grandchild) => {
      expect(hasAuthenticator(grandchild)).toBe(true);
    });
  });
  expect(hasAuthenticator(app)).toBe(false);
});

describe.each(WAYS)("failed authentications, %s", (way) => {
  it("are told to who listens in the scope or above, and to nobody else", async () => {
    const app = await createApp({ way });
    const told: string[] = [];
    const tell = (where: string) => (failure: AuthenticationFailure) => {
      told.push(`${where}: ${failure.authenticator} ${failure.error.code} ${failure.request.url}`);
    };
    const end = onAuthenticationFailure(app, tell("root"));
    await app.register(believing("ape"));
    app.register(async (child) => {
      onAuthenticationFailure(child, tell("child"));
      child.get("/child", async () => "");
    });
    app.get("/", async () => "");

    for (const value of ["bad", "doubt", "", "broken", "ann"]) {
      await app.inject({ url: "/", headers: { "x-ape": value } });
    }
    await app.inject({ url: "/child", headers: { "x-ape": "bad" } });
    end();
    await app.inject({ url: "/", headers: { "x-ape": "bad" } });
    expect(told).toEqual([
      "root: ape BAD_CREDENTIALS /",
      "root: ape BAD_CREDENTIALS /",
      "root: ape BAD_CREDENTIALS /child",
      "child: ape BAD_CREDENTIALS /child",
    ]);
  });

  it("are answered by what a listener gives to be awaited, though it is no promise", async () => {
    const app = await createApp({ way });
    const tooMany = Object.assign(new Error("Too many."), { statusCode: 429 });
    onAuthenticationFailure(app, () => laterOf(tooMany));
    await app.register(believing("ape"));
    app.get("/", async () => "");
    const refused = await app.inject({ url: "/", headers: { "x-ape": "bad" } });
    expect(refused.statusCode).toBe(429);
  });

  it.each([
    ["an error", (error: Error) => error],
    ["a promise of one", (error: Error) => Promise.resolve(error)],
  ])("are answered by %s that a listener gives, without a challenge", async (_, give) => {
    const app = await createApp({ way });
    const tooMany = Object.assign(new Error("Too many."), { statusCode: 429, code: "TOO_MANY" });
    let failures = 0;
    onAuthenticationFailure(app, () => Promise.resolve("counts for nothing"));
    onAuthenticationFailure(app, () => (++failures > 1 ? give(tooMany) : undefined));
    await app.register(believing("ape"));
    app.get("/", async () => "");

    const ask = (value: string) => app.inject({ url: "/", headers: { "x-ape": value } });
    const first = await ask("bad");
    expect(first.statusCode).toBe(401);
    expect(first.headers).toHaveProperty("www-authenticate");
    for (const value of ["bad", "doubt"]) {
      const response = await ask(value);
      expect(response.statusCode).toBe(429);
      expect(response.json().code).toBe("TOO_MANY");
      expect(response.headers).not.toHaveProperty("www-authenticate");
    }
    expect((await ask("ann")).statusCode).toBe(200);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
  ])("are refused all the same when a listener %s", async (_, listener: () => unknown) => {
    const app = await createApp({ way });
    onAuthenticationFailure(app, listener);
    await app.register(believing("ape"));
    app.get("/", async () => "");
    expect((await app.inject({ url: "/", headers: { "x-ape": "bad" } })).statusCode).toBe(401);
  });
});
