import { findBrowser, launchBrowser, listen, type Page } from "@enfilade/testing";
import Fastify from "fastify";
import { afterAll, beforeAll, describe, onTestFinished } from "vitest";

/** Opens a page at a URL, as a visitor does who was never there before; closed with the test. */
export type Visit = (url: string) => Promise<Page>;

const program = findBrowser();

/** Describes what holds in a real browser; the tests inside share one, and no page knows of another. */
export function describeInBrowser(name: string, tests: (visit: Visit) => void): void {
  describe.skipIf(program === undefined)(name, () => {
    let browser: Awaited<ReturnType<typeof launchBrowser>>;
    beforeAll(async () => {
      browser = await launchBrowser(program as string);
    });
    afterAll(() => browser.close());
    tests(async (url) => {
      const page = await browser.newPage();
      onTestFinished(() => page.close());
      await page.goto(url);
      return page;
    });
  });
}

/** Serves an empty page, and returns its origin: a user interface that is none of the demo's. */
export async function pageOrigin(): Promise<string> {
  const app = Fastify();
  app.get("/", (_request, reply) =>
    reply.type("text/html").send("<!doctype html><title>UI</title>"),
  );
  return await listen(app);
}

/** The same server under another site's name, as browsers see it. */
export function otherSite(origin: string): string {
  return origin.replace("127.0.0.1", "localhost");
}

/** What the script of a page gets to see of a response. */
export interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Lets the page fetch; rejects where the page's own `fetch` does, with what that says. */
export async function fetchIn(page: Page, url: string, init: RequestInit = {}): Promise<Seen> {
  return await page.evaluate(
    async (asked) => {
      const response = await fetch(asked.url, asked.init);
      const headers = Object.fromEntries(response.headers);
      return { status: response.status, headers, text: await response.text() };
    },
    { url, init },
  );
}

/** What a page's `fetch` says of a response that it must not see: nothing else. */
export const hidden = "Failed to fetch";
