// Opens every page of the site as a reader would, with no network, and says what is wrong.
// tools/site_browser.py starts it with two JSON files: the job, and where results go.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import * as readers from "./site_readers.mjs";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"];
const job = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const need = createRequire(path.join(job.modules, "/"));
const { chromium } = need("playwright-core");
const axe = fs.readFileSync(need.resolve("axe-core/axe.min.js"), "utf8");
const results = { pages: {}, faults: [] };

// A page whose errors and requests are noted: none may fail, none may leave the site.
async function watched(context, base, scripts = true) {
  const page = await context.newPage();
  page.faults = [];
  const inside = (url) => url.startsWith(base) || /^(data|blob):/.test(url);
  page.on("console", (line) => line.type() === "error" && page.faults.push(`console: ${line.text()}`));
  page.on("pageerror", (error) => page.faults.push(`script: ${error.message}`));
  page.on("request", (asked) => inside(asked.url()) || page.faults.push(`outside: ${asked.url()}`));
  const wanted = (asked) => scripts || asked.resourceType() !== "script"; // preloads are dropped
  page.on("requestfailed", (asked) => wanted(asked) && page.faults.push(`failed: ${asked.url()}`));
  page.on("response", (got) => got.status() >= 400 && page.faults.push(`${got.status()}: ${got.url()}`));
  return page;
}

async function checked(page, theme) {
  await page.evaluate(axe);
  const rules = theme === "dark" ? { runOnly: ["color-contrast"] } : {};
  return page.evaluate(async (rules) => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"], ...rules });
    return violations.map(({ id, impact, nodes }) =>
      ({ id, impact, count: nodes.length, first: nodes[0].html.slice(0, 200), at: nodes[0].target.join(" ") }));
  }, rules);
}

// What a page weighs before anybody scrolls, and when its first words stand there.
const weight = (page) => page.evaluate(async () => {
  const painted = () => performance.getEntriesByName("first-contentful-paint").length;
  for (let wait = 0; wait < 200 && !painted(); wait++) {
    await new Promise((done) => setTimeout(done, 50));
  }
  const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const bytes = entries.reduce((sum, entry) => sum + entry.encodedBodySize, 0);
  return { bytes, requests: entries.length, firstText: Math.round(paint?.startTime ?? -1) };
});

async function openAll(browser, base, { theme = "light", width = 1280, axeToo = true }) {
  const context = await browser.newContext({ colorScheme: theme, viewport: { width, height: 900 } });
  for (const name of job.pages) {
    const page = await watched(context, base);
    await page.goto(base + name, { waitUntil: "load" });
    const result = (results.pages[name] ??= { violations: {} });
    if (axeToo && theme === "light") result.weight = await weight(page);
    page.faults.push(...(await page.evaluate(readers.look)));
    if (axeToo) result.violations[theme] = await checked(page, theme);
    const look = `${name.replace(/^.*\/|\.html$/g, "")}-${width}-${theme}`;
    if (job.pictures) await page.screenshot({ path: path.join(job.pictures, `${look}.png`) });
    results.faults.push(...page.faults.map((fault) => `${name} (${base.split(":")[0]}, ${width}, ${theme}): ${fault}`));
    await page.close();
  }
  await context.close();
}

async function tryOut(browser, base) {
  for (const [title, trial, options] of readers.trials) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await watched(context, base, options.javaScriptEnabled);
    try {
      page.faults.push(...((await trial(page, base, job)) ?? []));
    } catch (error) {
      page.faults.push(error.message.split("\n")[0]);
    }
    if (job.pictures) await page.screenshot({ path: path.join(job.pictures, `${title.replaceAll(" ", "-")}.png`) });
    results.faults.push(...page.faults.map((fault) => `${title}: ${fault}`));
    await context.close();
  }
}

const browser = await chromium.launch({ executablePath: job.chromium, args: FLAGS });
await openAll(browser, job.url, {});
if (!job.brief) {
  await openAll(browser, job.url, { theme: "dark" });
  await openAll(browser, job.url, { width: 390, axeToo: false });
  await openAll(browser, job.files, { axeToo: false });
  await tryOut(browser, job.url);
  await tryOut(browser, job.files);
}
fs.writeFileSync(process.argv[3], JSON.stringify(results));
await browser.close();
