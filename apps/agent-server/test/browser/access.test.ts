import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateKey } from "@enfilade/api-key";
import { expect, test } from "vitest";
import { temporaryFolder, testServer } from "../support.ts";
import { describeInBrowser, fetchIn, hidden, pageOrigin } from "./support.ts";

const key = "a-security-key-that-is-long-enough";
const authorized = { headers: { authorization: `Bearer ${key}` } };

describeInBrowser("a page of a server that asks who calls", (visit) => {
  test("reads a 401 and its challenge, and is let in with the key", async () => {
    const origin = await pageOrigin();
    const api = await testServer({}, { CORS_ORIGINS: origin, OS_SECURITY_KEY: key });
    const page = await visit(origin);

    for (const init of [{}, { headers: { authorization: "Bearer another" } }]) {
      const { status, headers, text } = await fetchIn(page, `${api}/config`, init);
      expect(status).toBe(401);
      expect(headers["www-authenticate"]).toMatch(/^Bearer/);
      expect(JSON.parse(text)).toMatchObject({
        detail: expect.any(String),
        request_id: headers["x-request-id"],
      });
    }
    expect((await fetchIn(page, `${api}/config`, authorized)).status).toBe(200);
  });

  test("reads a 403 that names the scope which its key lacks", async () => {
    const origin = await pageOrigin();
    const { key, hash } = generateKey();
    const file = join(temporaryFolder(), "keys.json");
    writeFileSync(file, JSON.stringify({ keys: [{ id: "ui", hash, scopes: ["agents:read"] }] }));
    const api = await testServer({}, { CORS_ORIGINS: origin, API_KEYS_FILE: file });
    const page = await visit(origin);

    const init = { headers: { "x-api-key": key } };
    expect((await fetchIn(page, `${api}/agents/echo`, init)).status).toBe(200);
    const run = { ...init, method: "POST", body: JSON.stringify({ message: "x" }) };
    const { status, headers, text } = await fetchIn(page, `${api}/agents/echo/runs`, run);
    expect(status).toBe(403);
    expect(headers["www-authenticate"]).toContain('scope="agents:echo:run"');
    expect(JSON.parse(text).detail).toEqual(expect.any(String));
  });

  test("reads neither of them from an origin that is not listed", async () => {
    const api = await testServer({}, { OS_SECURITY_KEY: key });
    const page = await visit(await pageOrigin());

    await expect(fetchIn(page, `${api}/config`)).rejects.toThrow(hidden);
    await expect(fetchIn(page, `${api}/config`, authorized)).rejects.toThrow(hidden);
  });
});
