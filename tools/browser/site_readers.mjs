// What readers do on the site. Each trial gets a page and the site's address, and returns faults.

// Runs in the page: pictures that are there and have a text, headings in order, nothing too wide.
export async function look() {
  const faults = [];
  for (const image of document.images) {
    image.loading = "eager";
    if (!image.alt) faults.push(`no alternative text: ${image.src}`);
    const late = new Promise((done) => setTimeout(done, 60_000)); // a hidden one may never come
    await Promise.race([image.decode().catch(() => {}), late]);
    if (!image.naturalWidth) faults.push(`no picture: ${image.src}`);
  }
  const levels = [...document.querySelectorAll(".bd-article :is(h1, h2, h3, h4, h5, h6)")]
    .map((heading) => [Number(heading.tagName[1]), heading.textContent]);
  const article = document.querySelector(".bd-article");
  if (article && levels.filter(([level]) => level === 1).length !== 1) faults.push("not one first heading");
  levels.reduce((before, [level, text]) => {
    if (level > before + 1) faults.push(`a heading's level is left out before "${text}"`);
    return level;
  }, 0);
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) faults.push(`${scrollWidth} pixels wide in a window of ${innerWidth}`);
  return faults;
}

const visible = (page, selector) => page.locator(selector).first().isVisible();

async function search(page, base, job) {
  const faults = [];
  for (const [word, wanted] of Object.entries(job.searches)) {
    await page.goto(`${base}search.html?q=${encodeURIComponent(word)}`);
    const first = page.locator("#search-results li a").first();
    await first.waitFor();
    const found = (await first.getAttribute("href")).split("?")[0];
    if (!found.includes(wanted)) faults.push(`"${word}" leads to ${found} first, not ${wanted}`);
    await page.waitForTimeout(300);
  }
  return faults;
}

async function walk(page, base, job) {
  const faults = [];
  await page.goto(base + job.chapters[0]);
  for (const [place, chapter] of job.chapters.entries()) {
    if (!page.url().endsWith(chapter)) faults.push(`${page.url()} instead of ${chapter}`);
    if (place + 1 < job.chapters.length) await page.locator(".prev-next-area a.right-next").click();
  }
  for (const chapter of job.chapters.toReversed().slice(1)) {
    await page.locator(".prev-next-area a.left-prev").click();
    if (!page.url().endsWith(chapter)) faults.push(`back to ${page.url()} instead of ${chapter}`);
  }
  // Who turns the page at once does not wait for its icon; openAll waits for all of each page.
  page.faults = page.faults.filter((fault) => !/^failed \(net::ERR_ABORTED\): .*boot\.png$/.test(fault));
  return faults;
}

// With the keyboard alone; without scripts, too.
async function unfold(page, base, job) {
  const faults = [];
  await page.goto(base + job.animated);
  for (const [what, part, within] of [
    ["answer", ".answer details", ".cell_output"],
    ["solution", "details:has(> summary:text-is('Solution'))", "pre"],
  ]) {
    const folded = page.locator(part).first();
    const inside = folded.locator(within).first();
    if (await inside.isVisible()) faults.push(`the ${what} is not folded`);
    await folded.locator("summary").focus();
    await page.keyboard.press("Enter");
    if (!(await inside.isVisible())) faults.push(`the ${what} does not unfold`);
  }
  return faults;
}

async function pause(page, base, job) {
  await page.goto(base + job.animated);
  await page.locator("details:has(.animation)").first().evaluateAll((all) => all.forEach((part) => (part.open = true))).catch(() => {});
  const shown = async () => [await visible(page, ".animation .moving"), await visible(page, ".animation .still")];
  const faults = [];
  if (String(await shown()) !== "true,false") faults.push(`before: moving, still are ${await shown()}`);
  await page.locator(".animation input").first().focus();
  await page.keyboard.press("Space");
  if (String(await shown()) !== "false,true") faults.push(`paused: moving, still are ${await shown()}`);
  await page.locator(".animation").first().scrollIntoViewIfNeeded();
  return faults;
}

async function noMotion(page, base, job) {
  await page.goto(base + job.animated);
  await page.evaluate(() => document.querySelectorAll("details").forEach((part) => (part.open = true)));
  const moving = await page.locator(".animation .moving:visible").count();
  const still = await page.locator(".animation .still:visible").count();
  if (still) await page.locator(".animation .still:visible").first().scrollIntoViewIfNeeded();
  return moving || !still ? [`${moving} move and ${still} are still`] : [];
}

async function print(page, base, job) {
  await page.goto(base + job.animated);
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  const folded = await page.locator("article .answer .cell_output:visible").count();
  const all = await page.locator("article .answer .cell_output").count();
  const faults = folded === all ? [] : [`${all - folded} of ${all} answers are not printed`];
  for (const part of [".bd-sidebar-primary", ".bd-header-article", ".launch", ".animation .moving"]) {
    if (await page.locator(part).first().isVisible()) faults.push(`${part} is printed`);
  }
  await page.pdf({ path: job.pictures ? `${job.pictures}.pdf` : undefined, format: "A4" });
  const gone = (all) => all.filter((image) => !image.naturalWidth).length; // paper scrolls to none
  const empty = await page.locator(".animation .still").evaluateAll(gone);
  if (empty) faults.push(`${empty} animations leave a hole on paper`);
  return faults;
}

export const trials = [
  ["search", search, {}],
  ["walk", walk, {}],
  ["unfold", unfold, {}],
  ["unfold without scripts", unfold, { javaScriptEnabled: false }],
  ["pause", pause, {}],
  ["no motion", noMotion, { reducedMotion: "reduce" }],
  ["print", print, {}],
];
