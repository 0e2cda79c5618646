import { expect, test } from "vitest";
import { testApp } from "./support.ts";

/** What a browser sends for a form on a page: no preflight asks before it. */
const form = { host: "127.0.0.1:7777", "content-type": "application/x-www-form-urlencoded" };
const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
const securityKey = "0123456789abcdef0123456789abcdef";

async function statusOf(
  headers: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<number> {
  const app = await testApp({}, { CORS_ORIGINS: "https://ui.example", ...environment });
  const response = await app.inject({
    method: "POST",
    url: "/agents/echo/runs",
    headers: { ...form, ...headers },
    payload: "message=hi&stream=false",
  });
  return response.statusCode;
}

test("where nobody is authenticated a page of another site begins no runs", async () => {
  expect(await statusOf(foreign)).toBe(403);
  // Browsers that do not tell the site, and pages that have no origin.
  expect(await statusOf({ origin: "https://evil.example" })).toBe(403);
  expect(await statusOf({ origin: "null" })).toBe(403);
});

test("pages that are listed, those of this very server, and clients that are no browsers do", async () => {
  expect(await statusOf({ ...foreign, origin: "https://ui.example" })).toBe(200);
  expect(await statusOf({ origin: "http://127.0.0.1:7777" })).toBe(200);
  expect(await statusOf({})).toBe(200);
});

test("where callers are authenticated no page has what it takes, unless it was given it", async () => {
  const environment = { OS_SECURITY_KEY: securityKey };
  expect(await statusOf(foreign, environment)).toBe(401);
  const authorization = `Bearer ${securityKey}`;
  expect(await statusOf({ ...foreign, authorization }, environment)).toBe(200);
});
