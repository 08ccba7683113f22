// Opens every page of the site as a reader would, with no network, and says what is wrong.
// tools/site_browser.py starts it with two JSON files: the job, and where results go.
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import * as readers from "./site_readers.mjs";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"];
const [WIDE, PHONE] = [1280, 390]; // pixels
const LANES = Math.min(4, os.availableParallelism());
const PATIENCE = 180_000; // ms for one step: a busy machine is slow, not wrong
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
  const failed = (asked) => `failed (${asked.failure().errorText}): ${asked.url()}`;
  page.on("requestfailed", (asked) => wanted(asked) && page.faults.push(failed(asked)));
  page.on("response", (got) => got.status() >= 400 && page.faults.push(`${got.status()}: ${got.url()}`));
  return page;
}

// Without preloading: no rule that runs looks into style sheets or films, and it costs a third.
async function checked(page, theme) {
  await page.evaluate(axe);
  const rules = theme === "dark" ? { runOnly: ["color-contrast"] } : {};
  return page.evaluate(async (rules) => {
    const options = { resultTypes: ["violations"], preload: false, ...rules };
    const { violations } = await window.axe.run(document, options);
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

// Does all tasks, as many at a time as this machine has cores; `open` gives each lane what it needs.
async function inLanes(tasks, open) {
  const left = tasks.values(); // one list, from which each lane takes the next
  const lane = async () => {
    const { work, close } = await open();
    for (const task of left) await work(task);
    await close();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function newContext(browser, width, options) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  return context;
}

// Opens each page once, in a window of the first width, and looks at it in each width.
async function openAll(browser, { base, theme, widths, axeToo }) {
  const kind = base.split(":")[0];
  async function visit(page, name) {
    const result = results.pages[name];
    await page.setViewportSize({ width: widths[0], height: 900 });
    await page.goto(base + name, { waitUntil: "load" });
    if (axeToo && theme === "light") result.weight = await weight(page);
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      page.faults.push(...(await page.evaluate(readers.look)));
      if (axeToo && width === WIDE) result.violations[theme] = await checked(page, theme);
      const look = `${name.replace(".html", "").replaceAll("/", "-")}-${width}-${theme}`;
      if (job.pictures) await page.screenshot({ path: path.join(job.pictures, `${look}.png`) });
      const where = `${name} (${kind}, ${width}, ${theme})`;
      results.faults.push(...page.faults.splice(0).map((fault) => `${where}: ${fault}`));
    }
  }
  await inLanes(job.pages, async () => {
    const context = await newContext(browser, widths[0], { colorScheme: theme });
    const page = await watched(context, base); // one tab for many pages: a new one costs a process
    return { work: (name) => visit(page, name), close: () => context.close() };
  });
}

async function tryOne(browser, base, [title, trial, options]) {
  const context = await newContext(browser, WIDE, options);
  const page = await watched(context, base, options.javaScriptEnabled);
  const look = `${title.replaceAll(" ", "-")}-${base.split(":")[0]}`;
  const pictures = job.pictures && path.join(job.pictures, look);
  try {
    page.faults.push(...((await trial(page, base, { ...job, pictures })) ?? []));
  } catch (error) {
    page.faults.push(error.message.split("\n")[0]);
  }
  if (pictures) await page.screenshot({ path: `${pictures}.png` });
  results.faults.push(...page.faults.map((fault) => `${look}: ${fault}`));
  await context.close();
}

const browser = await chromium.launch({ executablePath: job.chromium, args: FLAGS });
for (const name of job.pages) results.pages[name] = { violations: {} };
await openAll(browser, { base: job.url, theme: "light", widths: [WIDE], axeToo: true });
if (!job.brief) {
  await openAll(browser, { base: job.url, theme: "dark", widths: [PHONE, WIDE], axeToo: true });
  await openAll(browser, { base: job.files, theme: "light", widths: [WIDE, PHONE] });
  const trials = [job.url, job.files].flatMap((base) => readers.trials.map((trial) => [base, trial]));
  await inLanes(trials, async () => (
    { work: ([base, trial]) => tryOne(browser, base, trial), close: () => {} }
  ));
}
fs.writeFileSync(process.argv[3], JSON.stringify(results));
await browser.close();
