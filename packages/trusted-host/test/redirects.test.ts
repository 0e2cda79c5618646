import { WAYS } from "@enfilade/line-testing";
import { listen, openExchange } from "@enfilade/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHost } from "../src/host.ts";
import type { Host } from "../src/index.ts";
import { toHttps, toWww } from "../src/redirect.ts";
import { ask, hostApp } from "./apps.ts";

const TRUSTED = { trustProxy: true };
const SECURE = { "x-forwarded-proto": "https" };
const hosts = ["example.com", "www.example.com", "*.example.com"];

describe.each(WAYS)("%s, with httpsRedirect", (way) => {
  test("a GET by http is sent to https for good, on the same host, with path and query", async () => {
    const app = await hostApp(way, { hosts, httpsRedirect: true }, TRUSTED);

    expect(await ask(app, "Example.com.:80", { url: "/runs?limit=5&next=//x" })).toEqual({
      status: 308,
      code: undefined,
      location: "https://example.com/runs?limit=5&next=//x",
      body: "",
    });
  });

  test("HEAD is sent like GET; what is not safe keeps its method, and comes by here every time", async () => {
    const app = await hostApp(way, { hosts, httpsRedirect: true }, TRUSTED);

    expect((await ask(app, "example.com", { method: "HEAD" })).status).toBe(308);
    expect((await ask(app, "example.com", { method: "POST" })).status).toBe(307);
    expect((await ask(app, "example.com", { method: "OPTIONS" })).status).toBe(307);
  });

  test("a request by https is answered, as the proxy that is trusted says", async () => {
    const app = await hostApp(way, { hosts, httpsRedirect: true }, TRUSTED);

    expect((await ask(app, "example.com", { headers: SECURE })).status).toBe(200);
  });

  test("a peer that is not trusted cannot say that it came by https", async () => {
    const app = await hostApp(way, { hosts, httpsRedirect: true }, { trustProxy: "10.0.0.1" });

    expect((await ask(app, "example.com", { headers: SECURE })).status).toBe(308);
  });

  test("paths without a route are sent too, and requests for other hosts nowhere", async () => {
    const app = await hostApp(way, { hosts, httpsRedirect: true }, TRUSTED);

    expect((await ask(app, "example.com", { url: "/nope" })).status).toBe(308);
    expect(await ask(app, "evil.example")).toMatchObject({ status: 400, location: undefined });
  });

  test("the port of https may be another, and the port of http is left behind", async () => {
    const app = await hostApp(
      way,
      { hosts: ["example.com:8080", "[::1]:8080"], httpsRedirect: { port: 8443 } },
      TRUSTED,
    );

    expect((await ask(app, "example.com:8080")).location).toBe("https://example.com:8443/");
    expect((await ask(app, "[::1]:8080")).location).toBe("https://[::1]:8443/");
  });

  test("routes that are exempt answer by http, by their pattern and not by what the URL looks like", async () => {
    const httpsRedirect = { exempt: ["/health", "/files/:name"] };
    const app = await hostApp(way, { hosts, httpsRedirect }, TRUSTED);
    app.get("/health", async () => "well");
    app.get("/files/:name", async () => "file");

    expect((await ask(app, "example.com", { url: "/health?x=1" })).status).toBe(200);
    expect((await ask(app, "example.com", { url: "/files/a" })).status).toBe(200);
    expect((await ask(app, "example.com", { url: "/health/../" })).status).toBe(308);
    expect((await ask(app, "evil.example", { url: "/health" })).status).toBe(400);
  });

  test("a route that goes without the layer goes without its redirects", async () => {
    const app = await hostApp(way, { hosts, httpsRedirect: true }, TRUSTED);
    app.get("/health", { config: { trustedHost: false } }, async () => "well");

    expect((await ask(app, "10.0.0.7", { url: "/health" })).status).toBe(200);
  });

  test("a preflight is let through, which no browser would follow", async () => {
    const app = await hostApp(way, { hosts, httpsRedirect: true }, TRUSTED);
    app.options("/", async () => "preflight");
    const headers = { origin: "https://a.example", "access-control-request-method": "POST" };

    expect(await ask(app, "example.com", { method: "OPTIONS", headers })).toMatchObject({
      body: "preflight",
    });
  });

  test("what only looks like a preflight is sent on", async () => {
    const app = await hostApp(way, { hosts, httpsRedirect: true }, TRUSTED);
    app.options("/", async () => "no preflight");
    const headers = { origin: "", "access-control-request-method": "POST" };

    expect((await ask(app, "example.com", { method: "OPTIONS", headers })).status).toBe(307);
  });

  test("a target that is made to look like another host stays a path", async () => {
    const app = await hostApp(way, { hosts: ["example.com"], httpsRedirect: true }, TRUSTED);
    const origin = await listen(app);
    const locationOf = async (path: string) => {
      const exchange = await openExchange(origin, { path, headers: { host: "example.com" } });
      return (await exchange.head()).headers.get("location")?.[0];
    };

    expect(await locationOf("//evil.example/")).toBe("https://example.com//evil.example/");
    expect(await locationOf("/\\evil.example")).toBe("https://example.com/\\evil.example");
    expect(await locationOf("/@evil.example")).toBe("https://example.com/@evil.example");
    expect(await locationOf("http://example.com/a?b")).toBe("https://example.com/a?b");
  });
});

test("whatever the target, a redirect leads to the host that was checked", () => {
  const character = fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code));
  const piece = fc.oneof(character, fc.constantFrom("/", "//", "\\", "@", ":", "http://", "evil."));
  const target = fc.oneof(fc.string({ unit: piece }), fc.webUrl(), fc.webPath());
  const host = parseHost("example.com:8080") as Host;
  fc.assert(
    fc.property(target, fc.boolean(), (text, rooted) => {
      const visit = { host, secure: false, target: rooted ? `/${text}` : text };
      for (const [location, expected] of [
        [toHttps(visit, 443), "https://example.com"],
        [toWww(visit, "add", () => true), "http://www.example.com:8080"],
      ]) {
        expect(new URL(String(location)).origin).toBe(expected);
        expect(location).toMatch(/^[\x21-\x7e]+$/);
      }
    }),
    { numRuns: 2000 },
  );
});

describe.each(WAYS)("%s, with wwwRedirect", (way) => {
  test("add sends to the name with www., and remove to the one without", async () => {
    const add = await hostApp(way, { hosts, wwwRedirect: "add" });
    const remove = await hostApp(way, { hosts, wwwRedirect: "remove" });

    expect(await ask(add, "example.com", { url: "/a?b=1" })).toMatchObject({
      status: 308,
      location: "http://www.example.com/a?b=1",
    });
    expect((await ask(add, "www.example.com")).status).toBe(200);
    expect(await ask(remove, "www.example.com", { method: "POST" })).toMatchObject({
      status: 307,
      location: "http://example.com/",
    });
    expect((await ask(remove, "example.com")).status).toBe(200);
  });

  test("a name that is covered by a wildcard alone stays what it is", async () => {
    const app = await hostApp(way, { hosts, wwwRedirect: "add" });

    expect((await ask(app, "api.example.com")).status).toBe(200);
  });

  test("the port is kept where the other name is listed with it", async () => {
    const app = await hostApp(way, {
      hosts: ["example.com:8080", "www.example.com:8080", "example.com"],
      wwwRedirect: "add",
    });

    expect((await ask(app, "example.com:8080")).location).toBe("http://www.example.com:8080/");
    expect((await ask(app, "example.com")).status).toBe(200);
  });

  test("https comes first, on the same name, so that it can ask for HSTS; then www.", async () => {
    const app = await hostApp(way, { hosts, wwwRedirect: "add", httpsRedirect: true }, TRUSTED);

    expect((await ask(app, "example.com")).location).toBe("https://example.com/");
    expect((await ask(app, "example.com", { headers: SECURE })).location).toBe(
      "https://www.example.com/",
    );
    expect((await ask(app, "www.example.com", { headers: SECURE })).status).toBe(200);
  });
});
