import auth from "@enfilade/auth";
import cors from "@enfilade/cors";
import errors from "@enfilade/errors";
import jwt, { createSigner } from "@enfilade/jwt";
import order from "@enfilade/order";
import { listen } from "@enfilade/testing";
import Fastify from "fastify";
import { expect, test } from "vitest";
import { testServer } from "../support.ts";
import { describeInBrowser, fetchIn, hidden, otherSite, pageOrigin } from "./support.ts";

const secret = "the secret of this file, which nobody keeps";
const include = { credentials: "include" } as const;

/** A server that knows its callers by a cookie, and lets pages of these origins send it. */
async function cookieServer(...origins: readonly string[]): Promise<string> {
  const app = Fastify();
  await app.register(order);
  await app.register(cors, { origin: origins, credentials: true });
  await app.register(errors, { dialect: "detail" });
  await app.register(jwt, { keys: [{ secret }], sources: ["cookie"] });
  await app.register(auth);

  const sign = createSigner({ key: secret });
  app.post("/login", { config: { public: true } }, async (_request, reply) => {
    const token = sign({ sub: "ann" });
    const cookie = `__Host-token=${token}; Path=/; Secure; HttpOnly; SameSite=None`;
    return reply.header("set-cookie", cookie).send({ welcome: "ann" });
  });
  const config = { access: "authenticated" } as const;
  app.get("/me", { config }, async ({ principal }) => ({ user: principal?.userId }));
  app.post("/notes", { config }, async ({ principal }) => ({ by: principal?.userId }));
  return await listen(app);
}

describeInBrowser("a page that sends cookies", (visit) => {
  test("is known by them once it has logged in, and cannot read them itself", async () => {
    const origin = await pageOrigin();
    const api = await cookieServer(origin);
    const page = await visit(origin);

    await fetchIn(page, `${api}/login`, { method: "POST", ...include });
    const { status, text } = await fetchIn(page, `${api}/me`, include);
    expect([status, JSON.parse(text)]).toEqual([200, { user: "ann" }]);
    const note = await fetchIn(page, `${api}/notes`, { method: "POST", ...include });
    expect(JSON.parse(note.text)).toEqual({ by: "ann" });
    expect(await page.evaluate("document.cookie")).toBe("");
  });

  test("reads a 401 and its challenge where it sends none", async () => {
    const origin = await pageOrigin();
    const api = await cookieServer(origin);
    const page = await visit(origin);

    await fetchIn(page, `${api}/login`, { method: "POST", ...include });
    for (const path of ["/me", "/nowhere"]) {
      const { status, headers, text } = await fetchIn(page, `${api}${path}`);
      expect(status, path).toBe(401);
      expect(headers["www-authenticate"]).toMatch(/^Bearer/);
      expect(JSON.parse(text)).toMatchObject({ code: "AUTH_REQUIRED", detail: expect.any(String) });
    }
  });

  test("changes nothing in its visitor's name with a form on another site", async () => {
    const origin = await pageOrigin();
    const api = await cookieServer(origin);
    const page = await visit(origin);
    await fetchIn(page, `${api}/login`, { method: "POST", ...include });
    // What no CORS stands in the way of, and what browsers send even `SameSite=None` cookies along with.
    const form = `<form method="post" enctype="text/plain" action="${api}/notes"><button>Win!</button></form>`;
    const submit = async (from: string) => {
      await page.goto(from);
      await page.setContent(form);
      await page.click("button");
      return JSON.parse((await page.textContent("pre")) ?? "");
    };

    expect(await submit(origin)).toEqual({ by: "ann" });
    expect(await submit(otherSite(origin))).toMatchObject({ code: "AUTH_REQUIRED" });
  });

  test("of an origin that is not listed reads nothing", async () => {
    const [origin, other] = [await pageOrigin(), await pageOrigin()];
    const api = await cookieServer(origin);
    const page = await visit(other);

    await expect(fetchIn(page, `${api}/me`, include)).rejects.toThrow(hidden);
  });

  test("reads nothing of a server that lets its origin in without them", async () => {
    const origin = await pageOrigin();
    const api = await testServer({}, { CORS_ORIGINS: origin });
    const page = await visit(origin);

    expect((await fetchIn(page, `${api}/health`)).status).toBe(200);
    await expect(fetchIn(page, `${api}/health`, include)).rejects.toThrow(hidden);
  });
});
