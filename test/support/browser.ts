// A Chromium that the machine has, driven headless. Suites that need one skip, loudly, where there is none.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import type { Browser, BrowserContext, Page } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The program's path; INGOT_CHROMIUM may name one that is not on PATH. */
function findChromium(): string | undefined {
  const { INGOT_CHROMIUM, PATH = "" } = process.env;
  if (INGOT_CHROMIUM !== undefined) return INGOT_CHROMIUM;
  const places = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return places.find((path) => existsSync(path));
}

/** Starts a browser, or skips the suite that asks. Close it in `after`. */
export async function openBrowser(context: Mocha.Context): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    console.error("skipped: the pages are tested in Chromium, and there is none here (apt-get install chromium, or set INGOT_CHROMIUM)");
    context.skip();
  }
  context.timeout(60_000);
  const { chromium } = await import("playwright-core");
  // In containers nobody but root is there, for whom Chromium has no sandbox.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}

/** A page, and all that went wrong on it: errors, complaints of the console, and breaches of its security policy. */
export interface WatchedPage {
  readonly page: Page;
  readonly problems: string[];
}

type ContextOptions = Parameters<Browser["newContext"]>[0];

/** Opens a page that is watched. */
export async function watchedPage(browser: Browser, options: ContextOptions = {}): Promise<WatchedPage> {
  const context: BrowserContext = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    // That a request was refused is told by the page; the browser's own line about it says no more.
    const isRefusal = /^Failed to load resource: the server responded with a status of 4\d\d/.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isRefusal) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  await page.addInitScript(
    "document.addEventListener('securitypolicyviolation', (e) => console.error('breach of ' + e.violatedDirective + ': ' + e.blockedURI))",
  );
  return { page, problems };
}
