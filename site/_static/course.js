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

// A phone shows a wide figure small: a tap gives it its own size, to be pushed sideways.
for (const figure of document.querySelectorAll(".bd-article .cell_output img")) {
  figure.addEventListener("click", () => figure.classList.toggle("large"));
}

// The theme's names for two of its parts: the button's did not hold the words that it shows, and
// the sidebar had none.
for (const button of document.querySelectorAll(".search-button-field")) {
  button.removeAttribute("aria-label");
}
const sidebar = document.querySelector(".bd-sidebar-primary");
sidebar?.setAttribute("role", "navigation");
sidebar?.setAttribute("aria-label", "Course");
