import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { openBrowser, watchedPage } from "../../../support/browser.ts";
import { serveStore, storeModel } from "../../../support/model-store.ts";
import { longRow, meanColours } from "../../../support/served-models.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** A name that would run, were it ever taken for HTML. */
const attack = `<img src=x onerror="window.attacked=1">`;
const everyPage = ["models", "try", "live", "graph"] as const;

describe("the pages in a browser", function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serveStore>>;
  let axe: string;

  before(async function () {
    browser = await openBrowser(this);
    axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    const store = join(folder(), "store");
    mkdirSync(store);
    storeModel(store, "doubler");
    const labels = { "0": attack, "1": "green", "2": "blue" };
    storeModel(store, "colours", {
      version: attack,
      handler: "image_classifier",
      model: meanColours(),
      extra: { "index_to_name.json": JSON.stringify(labels) },
    });
    storeModel(store, "row", { model: longRow(40, (i) => (i === 0 ? attack : `v${i}${attack}`)) });
    storeModel(store, "large", { model: longRow(3000) });
    server = await serveStore(store, { load_models: "all", enable_model_api: "true" });
    assert.deepEqual(server.parts.registry.names, ["colours", "doubler", "large", "row"]);
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  const address = (hash = "") => `${server.addresses.management}/ui${hash}`;
  const predict = (model: string, body: string | Uint8Array<ArrayBuffer>, type: string) =>
    fetch(`${server.addresses.inference}/predictions/${model}`, { method: "POST", body, headers: { "content-type": type } });

  /** Waits until a page shows what it is about. */
  const shown = async (page: Page, name: (typeof everyPage)[number]) => {
    await page.getByRole("heading", { level: 1 }).waitFor();
    if (name === "graph") await page.locator(".canvas .node").first().waitFor();
    if (name === "live") await page.getByText("Requests per second").first().waitFor();
  };

  it("open without an error, and without a breach of their security policy", async () => {
    const { page, problems } = await watchedPage(browser);
    for (const name of everyPage) {
      await page.goto(address(`#/${name}/doubler/1.0`));
      await shown(page, name);
      assert.match(await page.title(), /· Ingot$/);
    }
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  it("answer a tensor as the API does", async () => {
    const { page, problems } = await watchedPage(browser);
    await page.goto(address("#/try/doubler/1.0"));
    await page.getByLabel("Input as JSON").fill("[[1, 2, 3], [0.1, -5, 1e10]]");
    await page.getByRole("button", { name: "Send" }).click();
    const body = page.getByRole("group", { name: "Body of the answer" });
    const expected = await (await predict("doubler", "[[1, 2, 3], [0.1, -5, 1e10]]", "application/json")).text();
    assert.equal((await body.textContent())?.trim(), expected.trim());
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  it("answer a picture as the API does, and show the labels as text", async () => {
    const picture = await sharp({ create: { width: 300, height: 260, channels: 3, background: { r: 250, g: 40, b: 90 } } })
      .png()
      .toBuffer();
    const { page, problems } = await watchedPage(browser);
    await page.goto(address(`#/try/colours/${encodeURIComponent(attack)}`));
    await page.locator("input[type=file]").setInputFiles({ name: `${attack}.png`, mimeType: "image/png", buffer: picture });
    await page.getByRole("img", { name: "The chosen file" }).waitFor();
    await page.getByRole("button", { name: "Send" }).click();
    const answer = (await (await predict("colours", new Uint8Array(picture), "application/octet-stream")).json()) as Record<string, number>;
    const text = await page.getByRole("group", { name: "Body of the answer" }).textContent();
    assert.deepEqual(JSON.parse(text ?? ""), answer);
    assert.equal(Object.keys(answer)[0], attack);
    assert.deepEqual(await page.locator(".scores .label").allTextContents(), Object.keys(answer));
    assert.ok((await page.getByText(`${attack}.png`).count()) > 0);
    assert.deepEqual(problems, []);
    assert.equal(await page.evaluate("window.attacked"), undefined);
    await page.context().close();
  });

  it("show what users named as text, wherever it stands", async () => {
    await predict("doubler", `{"${attack}`, "application/json");
    await predict(encodeURIComponent(attack), "[]", "application/json");
    const { page, problems } = await watchedPage(browser);
    for (const name of everyPage) {
      for (const hash of [`#/${name}/row/1.0`, `#/${name}/colours/${encodeURIComponent(attack)}`, `#/${name}/${attack}/${attack}`]) {
        await page.goto(address(hash));
        await shown(page, name);
      }
    }
    await page.goto(address("#/live/doubler/1.0"));
    await page.getByText(`Model not found: ${attack}`).waitFor();
    await page.goto(address("#/graph/row/1.0"));
    await page.locator(".canvas").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.getByRole("complementary", { name: "Details" }).getByText(`v1${attack}`).first().waitFor();
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    assert.equal(await page.evaluate("window.attacked"), undefined);
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  it("can be used with the keyboard alone", async () => {
    const { page } = await watchedPage(browser);
    await page.goto(address());
    await page.getByRole("heading", { name: "Models" }).waitFor();
    const press = (...keys: string[]) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    const focused = () => page.evaluate("document.activeElement.textContent || document.activeElement.getAttribute('aria-label')");
    await press("Tab");
    assert.equal(await focused(), "Skip to content");
    await press("Tab", "Tab", "Tab");
    assert.equal(await focused(), "Try it");
    await press("Enter");
    await page.getByRole("heading", { name: "Try it" }).waitFor();
    // The focus is where the page begins: the model, then the kind of input, the input, the button.
    await press("Tab");
    await page.keyboard.type("doubler");
    await page.getByLabel("Input as JSON").waitFor();
    await press("Tab");
    assert.equal(await page.evaluate("document.activeElement.name"), "kind");
    await press("ArrowRight");
    await page.getByLabel("Input as text").waitFor();
    await press("ArrowLeft", "Tab", "Control+A");
    await page.keyboard.type("[7, 8, 9]");
    await press("Tab", "Enter");
    await page.getByRole("group", { name: "Body of the answer" }).getByText("14").waitFor();

    await page.goto(address("#/graph/row/1.0"));
    const canvas = page.locator(".canvas");
    await canvas.waitFor();
    await canvas.focus();
    await press("ArrowDown", "ArrowDown", "ArrowDown");
    const details = page.getByRole("complementary", { name: "Details" });
    await details.getByRole("heading", { name: "Mul" }).waitFor();
    await press("ArrowUp");
    await details.getByRole("heading", { name: "Add" }).waitFor();
    await press("Escape");
    await details.getByRole("heading", { name: "As it is served" }).waitFor();
    await page.context().close();
  });

  for (const width of [360, 1440])
    it(`fit a window of ${width} pixels in both schemes, which look different`, async () => {
      for (const name of everyPage) {
        const pictures: Buffer[] = [];
        for (const colorScheme of ["light", "dark"] as const) {
          const { page } = await watchedPage(browser, { colorScheme, viewport: { width, height: 800 } });
          await page.goto(address(`#/${name}/row/1.0`));
          await shown(page, name);
          assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width, `${name} is wider than its window`);
          pictures.push(await page.screenshot());
          await page.context().close();
        }
        const [light, dark] = await Promise.all(pictures.map(async (p) => (await sharp(p).greyscale().stats()).channels[0]?.mean ?? 0));
        assert.ok((light ?? 0) > 200 && (dark ?? 255) < 70, `${name}: ${light} and ${dark}`);
      }
    });

  it("have no fault that axe finds", async () => {
    const picture = await sharp({ create: { width: 30, height: 30, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    for (const colorScheme of ["light", "dark"] as const) {
      const { page } = await watchedPage(browser, { colorScheme, reducedMotion: "reduce" });
      for (const name of everyPage) {
        const model = name === "try" ? `colours/${encodeURIComponent(attack)}` : "row/1.0";
        await page.goto(address(`#/${name}/${model}`));
        await shown(page, name);
        if (name === "models") for (const summary of await page.locator("summary").all()) await summary.click();
        if (name === "try") {
          await page.locator("input[type=file]").setInputFiles({ name: "a.png", mimeType: "image/png", buffer: picture });
          await page.getByRole("button", { name: "Send" }).click();
          await page.locator(".scores").waitFor();
        }
        if (name === "graph") {
          await page.locator(".canvas").focus();
          await page.keyboard.press("ArrowDown");
          await page.keyboard.press("ArrowDown");
        }
        await page.evaluate(axe);
        const found = (await page.evaluate(
          "axe.run().then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html).join(' | ')))",
        )) as string[];
        assert.deepEqual(found, [], `${name}, ${colorScheme}`);
      }
      await page.context().close();
    }
  });

  it("move nothing for those who asked for that", async () => {
    const durations: unknown[] = [];
    for (const reducedMotion of ["reduce", "no-preference"] as const) {
      const { page } = await watchedPage(browser, { reducedMotion });
      await page.goto(address());
      await page.getByRole("button", { name: "Register", exact: true }).waitFor();
      durations.push(await page.evaluate("getComputedStyle(document.querySelector('button.primary')).transitionDuration"));
      await page.context().close();
    }
    assert.equal(durations[0], "0s");
    assert.notEqual(durations[1], "0s");
  });

  it("draw a graph of 3,000 nodes, and only what is near the screen of it", async () => {
    const { page, problems } = await watchedPage(browser);
    await page.goto(address("#/graph/large/1.0"));
    await shown(page, "graph");
    await page.getByText("3,000 nodes in").waitFor();
    const drawn = await page.locator(".canvas .node").count();
    assert.ok(drawn > 5 && drawn < 300, `${drawn} nodes are in the document`);
    await page.getByPlaceholder("Find a node").fill("v2999");
    await page.keyboard.press("Enter");
    await page.locator(".canvas .node.chosen").waitFor();
    await page.getByRole("button", { name: "Fit" }).click();
    await page.locator(".canvas .node").nth(3001).waitFor({ state: "attached" });
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  it("scale, unregister and register models", async () => {
    const { page } = await watchedPage(browser);
    await page.goto(address());
    const card = page.getByRole("region", { name: "doubler" });
    await card.getByRole("spinbutton").fill("2");
    await card.getByRole("button", { name: "Scale" }).click();
    await page.getByText("Workers scaled to 2 for model: doubler, version: 1.0").waitFor();
    await card.getByText("2 / 2").waitFor();
    await card.getByRole("button", { name: "Unregister…" }).click();
    await card.getByRole("button", { name: "Unregister", exact: true }).click();
    await page.getByText('Model "doubler" unregistered').waitFor();
    await card.waitFor({ state: "detached" });
    await page.getByLabel("Archive", { exact: true }).fill("doubler");
    await page.getByRole("button", { name: "Register", exact: true }).click();
    await page.getByText('Model "doubler" Version: 1.0 registered with 1 initial workers').waitFor();
    await card.getByText("1 / 1").waitFor();
    await page.getByLabel("Archive", { exact: true }).fill("nothing.mar");
    await page.getByRole("button", { name: "Register", exact: true }).click();
    await page.getByRole("status").getByText("Model not found at: nothing.mar").waitFor();
    await page.context().close();
  });
});

describe("the pages of a server with tokens, in a browser", function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serveStore>>;
  before(async function () {
    browser = await openBrowser(this);
    const store = join(folder(), "store");
    mkdirSync(store);
    storeModel(store, "doubler");
    server = await serveStore(store, { load_models: "all", disable_token_authorization: "false" });
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  it("ask for the management token, take no other, and forget it when they are loaded again", async () => {
    const keys = JSON.parse(await readFile(server.parts.tokens.file ?? "", "utf8")) as Record<string, { readonly key: string }>;
    const { page } = await watchedPage(browser);
    await page.goto(`${server.addresses.management}/ui#/try`);
    const field = page.getByLabel("Management token");
    await field.fill("wrong");
    await page.getByRole("button", { name: "Continue" }).click();
    await field.waitFor();
    await field.fill(keys.management?.key ?? "");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByLabel("Input as JSON").fill("[1, 2, 3]");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("group", { name: "Body of the answer" }).waitFor();
    assert.match((await page.getByRole("group", { name: "The call in curl" }).textContent()) ?? "", /Bearer \$INFERENCE_TOKEN/);
    assert.equal(
      await page.evaluate("JSON.stringify([Object.keys(localStorage), Object.keys(sessionStorage), document.cookie])"),
      '[[],[],""]',
    );
    await page.reload();
    await field.waitFor();
    await page.context().close();
  });
});
