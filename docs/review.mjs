// Fifty decisions in a real browser, by keyboard and by mouse: what a person does on review.html, done by script.
//
//   make review                          makes a page, decides on it, and uses the decisions (docs/review.py)
//
//   node docs/review.mjs PAGE FOLDER     this part alone: FOLDER gets decisions.jsonl, screenshots and measured.json
//
// Needs Node, npm and Chromium or Chrome (CHROMIUM=/path where it has another name) and the package playwright-core in AXE_MODULES, as
// `make axe` has it. Ends with status 1 at the first thing that is not as it should be.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const need = createRequire(resolve(process.env.AXE_MODULES ?? ".", "package.json"));
const { chromium } = need("playwright-core");
const [path, out] = process.argv.slice(2);
const url = pathToFileURL(resolve(path)).href, wanted = 50;
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});
const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, acceptDownloads: true });
const page = await context.newPage(), faults = [];
page.on("pageerror", (error) => faults.push(String(error)));
page.on("console", (message) => { if (message.type() === "error") faults.push(message.text()); });
page.on("request", (request) => { if (!/^(file|blob|data):/.test(request.url())) faults.push("asked for " + request.url()); });
const text = (id) => page.textContent("#" + id);
const lines = (content) => content.trim().split("\n").map((line) => JSON.parse(line));
const saved = async (name) => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
  assert.equal(download.suggestedFilename(), "decisions.jsonl");
  await download.saveAs(join(out, name));
  return readFileSync(join(out, name), "utf8");
};
const timed = async () => {
  const started = performance.now();
  await page.goto(url);
  await page.waitForSelector("#rows li");
  return Math.round(performance.now() - started);
};

const load = await timed();
const rows = await page.evaluate(() => data.rows.length);
const filtering = await page.evaluate(() => {
  const started = performance.now();
  document.getElementById("words").value = "the";
  filter();
  const taken = performance.now() - started;
  document.getElementById("filters").reset();
  return Math.round(taken);
});
await page.waitForTimeout(50);

// By keyboard, in the order of a random sample: K, R and E, each of which but the last goes on to the next row.
await page.check("#sampled");
const size = Math.min(30, await page.evaluate(() => data.rows.filter(isKept).length));
await page.fill("#size", String(size));
const order = await page.$$eval("#rows li code", (all) => all.map((one) => one.textContent));
await page.focus("#rows li[tabindex='0']");
const kinds = [];
for (let number = 0; number < size; number++) {
  const kind = ["keep", "keep", "reject", "keep", "edit"][number % 5];
  kinds.push(kind);
  if (kind !== "edit") await page.keyboard.press(kind[0]);
  else {
    await page.keyboard.press("e");
    await page.keyboard.press("End");
    await page.keyboard.type(" Edited <b>by script</b> & so on.");
    await page.keyboard.press("Control+Enter");
    if (number + 1 < size) await page.keyboard.press("n");
  }
}
const right = kinds.filter((kind) => kind === "keep").length;
const told = await page.evaluate(([right, of]) => { const { share, low, high } = wilson(right, of); return [share, low, high].map(percent); }, [right, size]);
assert.match(await text("estimate"), new RegExp(`${told[0]}% \\[${told[1]}, ${told[2]}\\], ${right} of the first ${size} are correct`.replaceAll(".", "\\.")));
await page.keyboard.press("u"); // the last one taken back and decided again
assert.match(await text("estimate"), new RegExp(`of the first ${size - 1} are correct`));
await page.keyboard.press(kinds.at(-1) === "edit" ? "r" : kinds.at(-1)[0]);
if (kinds.at(-1) === "edit") kinds[kinds.length - 1] = "reject";
await page.screenshot({ path: join(out, "sample.png") });

// By mouse, among those that have no decision yet: keep what a check rejected where it can be, else reject.
await page.uncheck("#sampled");
await page.selectOption("#decision", "none");
for (let number = size; number < wanted; number++) {
  const li = page.locator("#rows li:not([data-decision])").first();
  const keep = li.getByRole("button", { name: "Keep" });
  if (await keep.isEnabled() && number % 2) await keep.click();
  else await li.getByRole("button", { name: "Reject" }).click();
  if (await page.locator("#rows li:not([data-decision])").count() === 0) await page.click("#next");
}
assert.match(await text("tally"), new RegExp(`${wanted} decided`));
const first = await saved("decisions.jsonl");
assert.equal(lines(first).length, wanted);
assert.equal(lines(first).filter((one) => one.sample).length, size);
assert.deepEqual(order.map((id) => lines(first).find((one) => one.inference_id === id)?.decision).slice(0, size), kinds.slice(0, order.length));

// What the browser keeps is there after a reload, and the file brings it back where the browser has forgotten it.
await page.reload();
assert.match(await text("tally"), new RegExp(`^${wanted} decided`));
await page.evaluate(() => localStorage.clear());
await page.reload();
const known = await page.evaluate(() => data.decisions.length);
assert.match(await text("tally"), new RegExp(`^${known} decided`));
await page.setInputFiles("#load", join(out, "decisions.jsonl"));
await page.waitForFunction((wanted) => document.getElementById("tally").textContent.startsWith(`${wanted} decisions loaded. ${wanted} decided`), wanted);
assert.deepEqual(lines(await saved("again.jsonl")), lines(first));

// A file that is none is refused with what is wrong, and changes nothing.
const broken = { name: "broken.jsonl", mimeType: "text/plain", buffer: Buffer.from('{"inference_id": "x", "decision": "maybe"}\n') };
await page.setInputFiles("#load", broken);
await page.waitForFunction(() => document.getElementById("tally").textContent.startsWith("Nothing was loaded: decision 1 is not one of keep, reject, edit."));

// Text that looks like markup stays text.
assert.equal(await page.evaluate(() => document.querySelectorAll("#rows b, #rows img, #rows script").length), 0);

// A browser that keeps nothing says so, and the decisions can still be saved.
const bare = await context.newPage();
await bare.addInitScript(() => Object.defineProperty(window, "localStorage", { get() { throw new Error("refused"); } }));
await bare.goto(url);
assert.equal(await bare.textContent("#where"), "This browser cannot store decisions: save before you close the page.");
await bare.close();

for (const colorScheme of ["light", "dark"]) {
  for (const width of [400, 1280]) {
    const one = await context.newPage();
    await one.emulateMedia({ colorScheme });
    await one.setViewportSize({ width, height: 1000 });
    await one.goto(url);
    await one.screenshot({ path: join(out, `top-${colorScheme}-${width}.png`) });
    await one.evaluate(() => document.getElementById("rows").scrollIntoView());
    await one.focus("#rows li[tabindex='0']");
    await one.keyboard.press("n");
    await one.keyboard.press("e");
    await one.screenshot({ path: join(out, `rows-${colorScheme}-${width}.png`) });
    await one.close();
  }
}
await browser.close();
assert.deepEqual(faults, []);
const measured = { rows, load_ms: load, filter_ms: filtering, decisions: wanted };
writeFileSync(join(out, "measured.json"), JSON.stringify(measured) + "\n");
console.log(JSON.stringify(measured));
