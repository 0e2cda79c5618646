import { expect, test } from "vitest";
import { testServer, waitingAgent } from "../support.ts";
import { describeInBrowser, fetchIn, pageOrigin } from "./support.ts";

/** What every page must be able to tell its visitor of a refusal. */
const readable = {
  "x-request-id": expect.stringMatching(/^[\w-]{8,}$/),
  "retry-after": expect.stringMatching(/^[1-9]\d*$/),
  "retry-after-ms": expect.stringMatching(/^[1-9]\d*$/),
};

describeInBrowser("a page that asks for too much", (visit) => {
  test("reads a 429, when to come back, and what the limit is; preflights were free", async () => {
    const origin = await pageOrigin();
    const api = await testServer({}, { CORS_ORIGINS: origin, RATE_LIMIT_PER_MINUTE: "3" });
    const page = await visit(origin);

    // No simple request, so that the browser asks first.
    const ask = () => fetchIn(page, `${api}/agents`, { headers: { "x-api-key": "none" } });
    for (const left of ["2", "1", "0"]) {
      const { status, headers } = await ask();
      expect(status).toBe(200);
      expect(headers.ratelimit).toContain(`;r=${left};`);
    }
    const { status, headers, text } = await ask();
    expect(status).toBe(429);
    expect(headers).toMatchObject(readable);
    expect(headers["ratelimit-policy"]).toMatch(/;q=3;w=60/);
    expect(JSON.parse(text)).toMatchObject({
      detail: expect.stringMatching(/try again in \d+ seconds?/),
      code: "RATE_LIMIT_EXCEEDED",
      request_id: headers["x-request-id"],
    });
  });

  test("reads that a run is one too many, and may begin it when it has read the other to its end", async () => {
    const origin = await pageOrigin();
    const { agent, release } = waitingAgent();
    const environment = { CORS_ORIGINS: origin, MAX_CONCURRENT_RUNS: "1" };
    const api = await testServer({ agents: [agent] }, environment);
    const page = await visit(origin);

    const url = `${api}/agents/scripted/runs`;
    const form = {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "message=x",
    };
    const reading = await page.evaluateHandle(
      async (asked) => ({ response: await fetch(asked.url, asked.form) }),
      { url, form },
    );
    const { status, headers, text } = await fetchIn(page, url, form);
    expect(status).toBe(429);
    expect(headers).toMatchObject(readable);
    expect(JSON.parse(text)).toMatchObject({ code: "QUOTA_EXCEEDED", detail: expect.any(String) });

    release.resolve();
    expect(await reading.evaluate(({ response }) => response.text())).toContain("RunCompleted");
    expect((await fetchIn(page, url, form)).status).toBe(200);
  });
});
