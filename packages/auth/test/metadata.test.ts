import { createApp, WAYS } from "@enfilade/line-testing";
import { describe, expect, it } from "vitest";
import { auth } from "../src/index.ts";
import { believing } from "./support.ts";

const issuer = "https://login.example";

describe.each(WAYS)("protected resource metadata (RFC 9728), %s", (way) => {
  async function app() {
    const app = await createApp({ way });
    await app.register(believing());
    await app.register(auth, {
      resources: [
        { resource: "https://api.example", authorizationServers: [issuer] },
        {
          resource: "https://api.example/mcp",
          authorizationServers: [issuer],
          scopesSupported: ["agents:run"],
          name: "Agents",
        },
      ],
    });
    for (const url of ["/", "/mcp", "/mcp/deeper", "/mcpx"]) {
      app.get(url, { config: { access: { scopes: ["agents:run"] } } }, async () => "in");
    }
    return app;
  }

  it("is open to everybody, below the root and with the path of the resource", async () => {
    const server = await app();
    const root = await server.inject("/.well-known/oauth-protected-resource");
    expect(root.headers["content-type"]).toMatch(/^application\/json/);
    expect(root.json()).toEqual({
      resource: "https://api.example",
      authorization_servers: [issuer],
      bearer_methods_supported: ["header"],
    });
    const mcp = await server.inject("/.well-known/oauth-protected-resource/mcp");
    expect(mcp.json()).toEqual({
      resource: "https://api.example/mcp",
      authorization_servers: [issuer],
      scopes_supported: ["agents:run"],
      bearer_methods_supported: ["header"],
      resource_name: "Agents",
    });
  });

  it.each([
    ["/", ""],
    ["/mcp", "/mcp"],
    ["/mcp?x=1", "/mcp"],
    ["/mcp/deeper", "/mcp"],
    ["/mcpx", ""],
    ["/nowhere", ""],
  ])("is named in the challenge of %s", async (url, path) => {
    const metadata = `https://api.example/.well-known/oauth-protected-resource${path}`;
    const response = await (await app()).inject(url);
    expect(response.statusCode).toBe(401);
    expect(response.headers["www-authenticate"]).toBe(`Bearer resource_metadata="${metadata}"`);
  });

  it("is named where a scope is lacking, beside it", async () => {
    const response = await (await app()).inject({ url: "/mcp", headers: { "x-test": "ann" } });
    expect(response.headers["www-authenticate"]).toBe(
      'Bearer resource_metadata="https://api.example/.well-known/oauth-protected-resource/mcp", ' +
        'error="insufficient_scope", error_description="The credentials do not allow this.", scope="agents:run"',
    );
  });

  it("is never named by what the request says of the host", async () => {
    const headers = { host: "evil.example", "x-forwarded-host": "evil.example" };
    const response = await (await app()).inject({ url: "/mcp", headers });
    expect(response.headers["www-authenticate"]).not.toContain("evil");
  });
});
