// Opens notebooks in JupyterLab one after the other, runs all cells, reads them back, takes
// pictures. tools/browser_run.py starts it with two JSON files: the job, and where results go.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tryOut } from "./trials.mjs";

const READY = 60_000; // ms for JupyterLab to show a notebook with an idle kernel
const FLAGS = `--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync
  --disable-background-networking --disable-component-update`;

const job = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const { chromium } = createRequire(path.join(job.modules, "/"))("playwright-core");
const fail = (message) => Promise.reject(new Error(message));
const serverUp = () => fetch(`${job.url}api`).catch(() => sleep(200).then(serverUp));
const within = (ms, work, message) => Promise.race([work, sleep(ms).then(() => fail(message))]);

async function open(page, notebook) {
  // A new server knows no session of this notebook, so its kernel is a fresh one.
  await page.goto(`${job.url}lab/tree/notebooks/${notebook}?reset&token=${job.token}`);
  const idle = () => {
    const { sessionContext } = window.jupyterapp?.shell.currentWidget ?? {};
    return sessionContext?.session?.kernel?.status === "idle";
  };
  await page.waitForFunction(idle, null, { timeout: 0 });
  await page.evaluate(() => window.jupyterapp.shell.collapseLeft());
}

// Old outputs are cleared first, so that a cell that does not run shows. Run All returns at the
// first error, even a wanted one, while the kernel goes on: one more request ends with its queue.
function runAll(page) {
  return page.evaluate(async () => {
    const { commands, shell } = window.jupyterapp;
    await commands.execute("notebook:clear-all-cell-outputs");
    await commands.execute("notebook:run-all-cells");
    const { session } = shell.currentWidget.sessionContext;
    await session.kernel.requestExecute({ code: "", silent: true }).done;
  });
}

// From the model: the page may not draw every cell. Counted from 0, prose included, as in the file.
function readCells(page) {
  return page.evaluate(() => {
    const text = (value) => [value ?? ""].flat().join("");
    const read = (cell, index) => {
      const { cell_type, source, metadata, execution_count, outputs = [] } = cell.toJSON();
      const wanted = metadata.tags?.includes("raises-exception");
      const errors = outputs.filter((output) => output.output_type === "error" && !wanted);
      const stderr = outputs.filter((output) => output.name === "stderr");
      return {
        code: cell_type === "code" && text(source).trim() !== "",
        name: `cell ${index} \`${text(source).trim().split("\n")[0]}\``,
        ran: Boolean(execution_count),
        error: errors.map((error) => `${error.ename}: ${error.evalue}`).join("; "),
        stderr: stderr.map((output) => text(output.text)).join(""),
      };
    };
    const { cells } = window.jupyterapp.shell.currentWidget.content.model.sharedModel;
    return cells.map(read).filter((cell) => cell.code);
  });
}

function complaints(cells) {
  const errors = cells.filter((cell) => cell.error).map((cell) => `${cell.name}: ${cell.error}`);
  const idle = cells.filter((cell) => !cell.ran); // Run All stops at the first error
  return errors.concat(idle.slice(0, 1).map((cell) => `${cell.name} did not run`));
}

// What only the drawn page can tell: a widget without its other half, a picture that is not there.
// Pictures from other places (badges) are left out: the course is read without a network, too.
function readPage(page) {
  return page.evaluate(() => {
    const cells = window.jupyterapp.shell.currentWidget.content.widgets;
    const at = (node) => `cell ${cells.findIndex((cell) => cell.node.contains(node))}: `;
    const drawn = (selector) => cells.flatMap((cell) => [...cell.node.querySelectorAll(selector)]);
    const failed = (node) => /error displaying widget|javascript error/i.test(node.textContent);
    const gone = (image) => image.complete && !image.naturalWidth;
    const local = (image) => !/^https?:/.test(image.src) || image.src.startsWith(location.origin);
    const pictures = drawn("img").filter((image) => gone(image) && local(image));
    return [
      ...drawn(".jp-OutputArea-child").filter(failed).map((node) => at(node) + node.textContent),
      ...pictures.map((node) => `${at(node)}no picture at ${node.src.split("?")[0].slice(-100)}`),
    ];
  });
}

// False if the end is in view: JupyterLab would scroll on, to an empty page.
function turnTo(page, number) {
  return page.evaluate((number) => {
    const view = document.querySelector(".jp-NotebookPanel .jp-WindowedPanel-outer");
    const bottom = (node) => node.getBoundingClientRect().bottom;
    const ended = bottom([...view.querySelectorAll(".jp-Cell")].at(-1)) <= bottom(view);
    view.scrollTop = number === 1 ? 0 : view.scrollTop + 0.9 * view.clientHeight;
    return number === 1 || !ended;
  }, number);
}

async function lookThrough(page, album) {
  const seen = new Set();
  const loading = page.getByText("Loading widget...", { exact: true }).first();
  await loading.waitFor({ state: "detached", timeout: 10_000 }).catch(() => {});
  for (let number = 1; number <= 60 && (await turnTo(page, number)); number++) {
    await sleep(400); // formulas and widgets are drawn when they come into view
    (await readPage(page)).forEach((fault) => seen.add(fault));
    await page.screenshot({ path: `${album}${String(number).padStart(2, "0")}.png` });
  }
  return [...seen];
}

async function visit(page, notebook, result) {
  await within(READY, open(page, notebook), `no idle kernel after ${READY / 1000} s`);
  const start = performance.now();
  const run = within(job.timeout * 1000, runAll(page), `not finished after ${job.timeout} s`);
  await run.catch((error) => result.faults.push(error.message));
  result.seconds = (performance.now() - start) / 1000;
  result.cells = await readCells(page);
  result.faults.push(...complaints(result.cells));
}

async function tryOne(browser, notebook) {
  const [name, faults] = [path.basename(notebook, ".ipynb"), []];
  const result = { name, faults, seconds: 0, cells: [] };
  const album = path.join(job.pictures, `${name}-${job.look}-`);
  const files = fs.readdirSync(job.pictures).map((file) => path.join(job.pictures, file));
  files.filter((file) => file.startsWith(album)).forEach((old) => fs.rmSync(old));
  const page = await browser.newPage({ viewport: { width: job.width, height: 900 } });
  try {
    await within(2 * READY + job.timeout * 1000, visit(page, notebook, result), "the page hangs");
    faults.push(...(await within(2 * READY, lookThrough(page, album), "the page hangs")));
    const trying = tryOut(page, job.trials[notebook], album, job.photograph);
    faults.push(...(await within(2 * READY, trying, "a slider, upload, exercise or viewer hangs")));
  } catch (error) {
    faults.push(error.message.split("\n")[0]);
    await page.screenshot({ path: `${album}end.png` }).catch(() => {});
  }
  const dialogs = within(READY, page.locator(".jp-Dialog-content").allInnerTexts(), "");
  faults.push(...(await dialogs.catch(() => [])));
  const end = page.evaluate(() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown());
  await within(READY, end, "").catch(() => {}); // a kernel that stays ends with the server
  console.error(`${name}: ${faults.length ? "something is wrong" : "all well"}`);
  await page.close();
  return { ...result, faults: faults.map((fault) => fault.replaceAll(/\s+/g, " ")) };
}

await within(READY, serverUp(), "JupyterLab does not answer");
const browser = await chromium.launch({ executablePath: job.chromium, args: FLAGS.split(/\s+/) });
const results = [];
for (const notebook of job.notebooks) results.push(await tryOne(browser, notebook));
fs.writeFileSync(process.argv[3], JSON.stringify(results));
await browser.close();
process.exit(0); // clocks that nobody waits for are still running
