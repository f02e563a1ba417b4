// Accessibility of pages in a real browser: axe-core in headless Chromium, light and dark, at three widths, all details open.
//
//   make axe                             the pages of tests/pages.py
//   make axe PAGES="runs/demo/report.html augmented/review.html"
//
// Needs Node, npm and Chromium or Chrome (CHROMIUM=/path where it has another name). `make axe` puts the packages axe-core
// and playwright-core into a folder outside this one and names it in AXE_MODULES. Ends with status 1 if axe finds a
// violation, or a page is wider than the window.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const need = createRequire(resolve(process.env.AXE_MODULES ?? ".", "package.json"));
const { chromium } = need("playwright-core");
const axe = readFileSync(need.resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});
let faults = 0;
for (const path of process.argv.slice(2)) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [400, 1280, 1920]) {
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 1000 }, bypassCSP: true });
      await page.goto(pathToFileURL(resolve(path)).href);
      await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document));
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
      console.log(`${path}, ${colorScheme}, ${width} pixels: ${violations.length} violations${tooWide ? ", wider than the window" : ""}`);
      for (const { id, help, nodes } of violations) console.log(`  ${id}: ${help}\n    ${nodes.map((node) => node.html.slice(0, 160)).join("\n    ")}`);
      faults += violations.length + tooWide;
      await page.close();
    }
  }
}
await browser.close();
if (process.argv.length < 3) console.log("No page was named.");
process.exit(faults || process.argv.length < 3 ? 1 : 0);
