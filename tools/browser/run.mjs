// Opens notebooks in JupyterLab one after the other, runs all cells, reads them back, takes
// pictures. tools/browser_run.py starts it with two JSON files: the job, and where results go.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

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

// In each widget the first slider is moved; the words or the picture beside it must answer.
async function moveSliders(page, album) {
  const faults = [];
  const cells = await page.evaluate(() => {
    const { widgets } = window.jupyterapp.shell.currentWidget.content;
    const views = (cell) => cell.model.sharedModel.toJSON().outputs ?? [];
    const isWidget = ({ data }) => data && "application/vnd.jupyter.widget-view+json" in data;
    return widgets.flatMap((cell, index) => (views(cell).some(isWidget) ? [index] : []));
  });
  for (const index of cells) {
    await page.evaluate((index) => {
      window.jupyterapp.shell.currentWidget.content.scrollToItem(index, "start");
    }, index);
    const cell = page.locator(`.jp-Cell[data-windowed-list-index="${index}"]`);
    const handle = cell.locator(".noUi-handle").first();
    if (!(await handle.waitFor({ timeout: 5000 }).then(() => true, () => false))) continue;
    const said = () => cell.locator(".widget-html").evaluateAll((all) => all.map((x) => x.innerHTML));
    const before = await said();
    await handle.press("ArrowLeft");
    await sleep(1500);
    if (String(await said()) === String(before)) faults.push(`cell ${index}: its slider changes nothing`);
    await page.screenshot({ path: `${album}slider-${index}.png` });
  }
  return faults;
}

// Runs a cell with another source, from the top of the window, and returns what it then says.
async function runAs(page, index, source) {
  await page.evaluate(([index, source]) => {
    const { content } = window.jupyterapp.shell.currentWidget;
    content.model.sharedModel.cells[index].setSource(source);
    content.activeCellIndex = index;
    content.scrollToItem(index, "start");
  }, [index, source]);
  return page.evaluate(async (index) => {
    const { commands, shell } = window.jupyterapp;
    await commands.execute("notebook:run-cell");
    const { outputs = [] } = shell.currentWidget.content.model.sharedModel.cells[index].toJSON();
    return outputs.map(({ text, evalue }) => [text ?? evalue ?? ""].flat().join("")).join("");
  }, index);
}

// What a learner does with an exercise: a wrong answer, a right one, a look at the solution.
async function answer(page, exercise, album) {
  const { index, number, wrong, right } = exercise;
  const faults = [];
  for (const [source, verdict] of [[wrong, `${number} not right yet: `], [right, `${number} right.`]]) {
    const said = await runAs(page, index, source);
    if (!said.startsWith(verdict)) faults.push(`cell ${index}: not "${verdict}" but "${said}"`);
    await page.screenshot({ path: `${album}exercise-${source === wrong ? "wrong" : "right"}.png` });
  }
  const below = page.locator(`.jp-Cell[data-windowed-list-index="${index + 1}"]`);
  const folded = below.locator("details", { hasText: "Solution" }).last();
  const solution = folded.locator("pre").first();
  const before = await solution.isVisible();
  await folded.locator("summary").click();
  if (before) faults.push(`cell ${index + 1}: the solution is not folded`);
  if (!(await solution.isVisible())) faults.push(`cell ${index + 1}: the solution does not unfold`);
  await page.screenshot({ path: `${album}solution.png` });
  return faults;
}

// TensorBoard's own page, in the frame that its cell shows.
async function openViewer(page, index, source, album) {
  await runAs(page, index, source);
  const frame = page.frameLocator(`.jp-Cell[data-windowed-list-index="${index}"] iframe`);
  const seen = frame.getByText("TensorBoard", { exact: true }).first().waitFor({ timeout: 30_000 });
  const there = await seen.then(() => true, () => false);
  await page.screenshot({ path: `${album}tensorboard.png` });
  return there ? [] : [`cell ${index}: no TensorBoard`];
}

async function tryOut(page, { exercise, viewer }, album) {
  const faults = await moveSliders(page, album);
  if (exercise) faults.push(...(await answer(page, exercise, album)));
  if (viewer) faults.push(...(await openViewer(page, viewer.index, viewer.source, album)));
  return faults;
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
    const trying = tryOut(page, job.trials[notebook], album);
    faults.push(...(await within(2 * READY, trying, "a slider, exercise or viewer hangs")));
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
