/* Labels: what is chosen is shown at once. */
(function () {
  "use strict";

  const form = document.querySelector("[data-labels]");
  if (!form) return;

  /* A number is complete when its input is left; ticks are, when their menu is closed. */
  form.addEventListener("change", (event) => {
    if (event.target.closest("details")) form.dataset.changed = "1";
    else form.requestSubmit();
  });
  form.querySelectorAll("details").forEach((menu) => {
    menu.addEventListener("toggle", () => {
      if (menu.open) form.querySelectorAll("details[open]").forEach((other) => other !== menu && (other.open = false));
      else if (form.dataset.changed) form.requestSubmit();
    });
  });
  document.addEventListener("click", (event) => {
    form.querySelectorAll("details[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") form.querySelectorAll("details[open]").forEach((menu) => (menu.open = false));
  });
})();
