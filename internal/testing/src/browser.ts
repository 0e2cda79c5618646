import type { Browser } from "playwright-core";
import { findOnPath, requireProgram } from "./programs.ts";

/** A page in a real browser, as playwright-core drives it. */
export type { Page } from "playwright-core";

/** What Chromium is called elsewhere than on Debian, and what drives the same engine. */
const otherNames = ["chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * Finds Chromium on PATH, under any of its names; where there is none, it is installed if that is possible,
 * see {@link requireProgram}.
 *
 * @returns the path of the program, or `undefined`, after saying loudly that tests are left out: unlike Redis a browser
 *   cannot be had everywhere. The server that decides about a change counts a test that is left out as a failure.
 */
export function findBrowser(): string | undefined {
  const found = otherNames.map(findOnPath).find((file) => file !== undefined);
  try {
    return findOnPath("chromium") ?? found ?? requireChromium();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`\n!!! THE TESTS IN A REAL BROWSER DO NOT RUN\n!!! ${reason}\n\n`);
    return undefined;
  }
}

function requireChromium(): string {
  return requireProgram({ command: "chromium", debianPackage: "chromium" });
}

/**
 * Starts Chromium without a window and with an empty profile, which goes away when it is closed. Each `newPage()` has
 * cookies, cache and storage of its own.
 *
 * @param program - as {@link findBrowser} gives it
 *
 * @example
 * const browser = await launchBrowser(program);
 * const page = await browser.newPage();
 * await page.goto(origin);
 * await browser.close();
 */
export async function launchBrowser(program: string): Promise<Browser> {
  // Loaded here, because most tests have no use for it and it is large.
  const { chromium } = await import("playwright-core");
  return await chromium.launch({
    executablePath: program,
    headless: true,
    // Root, and most containers, cannot have the sandbox; the pages are the tests' own.
    chromiumSandbox: false,
    args: [
      "--disable-gpu",
      "--disable-quic",
      // Nothing is fetched that a test did not ask for, and nothing stands between it and its server.
      "--no-first-run",
      "--no-proxy-server",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
