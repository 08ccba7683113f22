// Paper unfolds nothing: open what is folded before printing, and fold it again afterwards.
const opened = new Set();
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll(".bd-article details:not([open])")) {
    part.open = true;
    opened.add(part);
  }
});
addEventListener("afterprint", () => {
  for (const part of opened) part.open = false;
  opened.clear();
});
