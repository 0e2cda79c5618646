import { createApp, WAYS } from "@enfilade/line-testing";
import { describe, expect, test } from "vitest";
import { clientGate } from "../src/index.ts";
import { ask, gateApp, statusFor } from "./apps.ts";

const LEGACY = { name: "legacy-app", userAgent: "LegacyApp/1.", status: 410 };

describe.each(WAYS)("%s, a route", (way) => {
  test("may go without the layer, for health checks", async () => {
    const app = await gateApp(way, { refuse: [LEGACY], otherwise: "refuse" });
    app.get("/health", { config: { clientGate: false } }, async () => "well");

    expect(await statusFor(app, { url: "/health", as: "LegacyApp/1.1" })).toBe(200);
    expect(await statusFor(app, { url: "/" })).toBe(403);
  });

  test("may refuse more clients than the layer does", async () => {
    const app = await gateApp(way, { refuse: [LEGACY] });
    const clientGate = { refuse: [{ name: "old-api", requestHeaders: { "x-api": "1" } }] };
    app.get("/runs", { config: { clientGate } }, async () => "runs");

    expect(await statusFor(app, { url: "/runs", headers: { "x-api": "1" } })).toBe(403);
    expect(await statusFor(app, { url: "/runs", as: "LegacyApp/1.1" })).toBe(410);
    expect(await statusFor(app, { url: "/", headers: { "x-api": "1" } })).toBe(200);
  });

  test("may let in whom the layer refuses", async () => {
    const app = await gateApp(way, { otherwise: "refuse" });
    const clientGate = { allow: [{ name: "hooks", address: "198.51.100.0/24" }] };
    app.post("/hook", { config: { clientGate } }, async () => "thanks");

    const client = { url: "/hook", method: "POST" } as const;
    expect(await statusFor(app, { ...client, from: "198.51.100.7" })).toBe(200);
    expect(await statusFor(app, { ...client, from: "192.0.2.7" })).toBe(403);
  });

  test("that leaves in nobody but some is not opened by whom the layer lets in", async () => {
    const app = await gateApp(way, { allow: [{ name: "crawler", userAgent: "Crawler" }] });
    const clientGate = {
      allow: [{ name: "office", address: "10.0.0.0/8" }],
      otherwise: { status: 404 },
    };
    app.get("/admin", { config: { clientGate } }, async () => "admin");

    expect(await statusFor(app, { url: "/admin", as: "Crawler/1" })).toBe(404);
    expect(await statusFor(app, { url: "/admin", from: "10.1.2.3" })).toBe(200);
    expect(await statusFor(app, { url: "/", as: "Crawler/1" })).toBe(200);
  });

  test("has its rules although it was declared before the layer", async () => {
    const app = await createApp({ way });
    const config = { clientGate: { refuse: [LEGACY] } };
    app.get("/early", { config }, async () => "early");
    app.register(clientGate);

    expect(await statusFor(app, { url: "/early", as: "LegacyApp/1.1" })).toBe(410);
    expect(await statusFor(app, { url: "/early" })).toBe(200);
  });

  test("in a scope has the layer of that scope", async () => {
    const app = await createApp({ way });
    app.register(async (scope) => {
      await scope.register(clientGate, { refuse: [LEGACY] });
      scope.get("/inside", async () => "inside");
    });
    app.get("/outside", async () => "outside");

    expect(await statusFor(app, { url: "/inside", as: "LegacyApp/1.1" })).toBe(410);
    expect(await statusFor(app, { url: "/outside", as: "LegacyApp/1.1" })).toBe(200);
  });

  test.each<[string, unknown, string]>([
    ["true", true, "clientGate"],
    ["a rule instead of rules", [LEGACY], "clientGate"],
    ["an unknown key", { refused: [LEGACY] }, "refused"],
    ["a rule without a name", { refuse: [{ userAgent: "A" }] }, "name"],
  ])("with %s is refused where it is declared", async (_what, value, option) => {
    const app = await gateApp(way, {});

    expect(() => app.get("/mine", { config: { clientGate: value as never } }, () => "")).toThrow(
      expect.objectContaining({
        code: "CLIENT_GATE_INVALID_OPTION",
        message: expect.stringMatching(
          new RegExp(
            `^@enfilade/client-gate \\(config\\.clientGate of GET /mine.*the option ${option} is`,
          ),
        ),
      }),
    );
  });
});

test("in line an inner layer takes the place of the outer one in its scope", async () => {
  const app = await gateApp("in line", { refuse: [LEGACY] });
  app.register(async (scope) => {
    await scope.register(clientGate, { layer: { override: true } });
    scope.get("/inside", async () => "inside");
  });

  expect((await ask(app, { url: "/inside", as: "LegacyApp/1.1" })).status).toBe(200);
  expect((await ask(app, { url: "/", as: "LegacyApp/1.1" })).status).toBe(410);
});
