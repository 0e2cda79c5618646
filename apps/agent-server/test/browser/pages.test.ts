import order from "@enfilade/order";
import securityHeaders, { type SecurityHeadersOptions } from "@enfilade/security-headers";
import { createRecorder, listen } from "@enfilade/testing";
import Fastify, { type FastifyReply } from "fastify";
import { expect, test } from "vitest";
import { describeInBrowser, pageOrigin } from "./support.ts";

/** A server with one page, whose HTML may use the nonces of its response. */
async function pageServer(
  html: (nonce: FastifyReply["cspNonce"]) => string,
  options: SecurityHeadersOptions = { profile: "page" },
): Promise<string> {
  const app = Fastify();
  await app.register(order);
  await app.register(securityHeaders, options);
  app.get("/", (_request, reply) =>
    reply.type("text/html").send(`<!doctype html><title>page</title>${html(reply.cspNonce)}`),
  );
  app.get("/own.js", (_request, reply) =>
    reply.type("text/javascript").send("document.title += ' own'"),
  );
  return await listen(app);
}

describeInBrowser("a page with a policy", (visit) => {
  test("runs its own files and the inline script that has the nonce, and no other", async () => {
    const origin = await pageServer(
      ({ script }) =>
        `<script>document.title += " injected"</script>` +
        `<script nonce="guessed">document.title += " guessed"</script>` +
        `<script nonce="${script}">document.title += " inline"</script>` +
        `<script src="/own.js"></script>` +
        `<p onclick="document.title += ' clicked'">handler</p>`,
    );
    const page = await visit(origin);
    await page.click("p");
    expect(await page.title()).toBe("page inline own");
  });

  test("has the style that has the nonce, and no other", async () => {
    const origin = await pageServer(
      ({ style }) =>
        `<style nonce="${style}">b { color: rgb(1, 2, 3) }</style>` +
        `<style>b { color: rgb(9, 9, 9) }</style><b>text</b>`,
    );
    const page = await visit(origin);
    const color = await page.evaluate("getComputedStyle(document.querySelector('b')).color");
    expect(color).toBe("rgb(1, 2, 3)");
  });

  test("runs nothing that another origin serves", async () => {
    const other = await pageServer(() => "", { profile: "api" });
    const origin = await pageServer(() => `<script src="${other}/own.js"></script>`);
    expect(await (await visit(origin)).title()).toBe("page");
  });

  test("cannot be shown in a frame of another page", async () => {
    const framed = await pageServer(() => "<h1>framed</h1>");
    const page = await visit(await pageOrigin());
    const errors = createRecorder<string>();
    page.on("console", (message) => errors.record(message.text()));
    await page.setContent(`<iframe src="${framed}"></iframe>`);
    await errors.find((text) => text.includes("frame-ancestors"));
    expect(await page.frameLocator("iframe").getByText("framed").count()).toBe(0);
  });

  test("runs no script at all under the profile of an API", async () => {
    const origin = await pageServer(
      () => `<script>document.title = "injected"</script><script src="/own.js"></script>`,
      {},
    );
    expect(await (await visit(origin)).title()).toBe("page");
  });
});
