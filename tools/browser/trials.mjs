// What a learner does with a chapter besides running it: moves a slider, uploads a picture, answers
// an exercise, opens TensorBoard. Each function returns what is wrong, in words.
import { setTimeout as sleep } from "node:timers/promises";

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

// Brings a cell to the top of the window, and makes it the active one.
function show(page, index) {
  return page.evaluate((index) => {
    const { content } = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = index;
    content.scrollToItem(index, "start");
  }, index);
}

function picturesOf(page, index) {
  return page.evaluate((index) => {
    const { cells } = window.jupyterapp.shell.currentWidget.content.model.sharedModel;
    return cells[index].toJSON().outputs.map(({ data }) => data?.["image/png"] ?? "").join("");
  }, index);
}

// Runs a cell, with another source if one is given, and returns what it then says.
async function runAs(page, index, source) {
  await show(page, index);
  await page.evaluate(([index, source]) => {
    const { cells } = window.jupyterapp.shell.currentWidget.content.model.sharedModel;
    if (source !== undefined) cells[index].setSource(source);
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

// A file chosen with the button: the cells below must run, and show another picture than before.
async function upload(page, { index, below }, file, album) {
  const faults = [];
  const before = await Promise.all(below.map((next) => picturesOf(page, next)));
  await show(page, index);
  const button = page.locator(`.jp-Cell[data-windowed-list-index="${index}"] .widget-upload`);
  const chooser = page.waitForEvent("filechooser", { timeout: 15_000 });
  await button.click({ timeout: 15_000 });
  await (await chooser).setFiles(file);
  await button.filter({ hasText: "(1)" }).waitFor({ timeout: 15_000 }); // the kernel has been told
  for (const [number, next] of below.entries()) {
    const said = await runAs(page, next);
    const pictures = await picturesOf(page, next);
    if (!pictures || pictures === before[number])
      faults.push(`cell ${next}: no other picture after the upload: ${said}`);
    await sleep(500);
    await page.screenshot({ path: `${album}upload-${next}.png` });
  }
  return faults;
}

export async function tryOut(page, { exercise, upload: chosen, viewer }, album, photograph) {
  const faults = await moveSliders(page, album);
  if (chosen) faults.push(...(await upload(page, chosen, photograph, album)));
  if (exercise) faults.push(...(await answer(page, exercise, album)));
  if (viewer) faults.push(...(await openViewer(page, viewer.index, viewer.source, album)));
  return faults;
}
