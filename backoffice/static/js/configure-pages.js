/* Small helps on the pages of administrators: a suggested key, whole rows of the rights matrix, the preview. */
(function () {
  "use strict";

  const key = document.querySelector("[data-suggest-from]");
  const source = key && document.getElementById(key.dataset.suggestFrom);
  if (source) {
    let own = Boolean(key.value);
    const suggest = () => {
      if (own) return;
      key.value = source.value.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[0-9_]+|_+$/g, "").slice(0, 60);
    };
    key.addEventListener("input", () => (own = Boolean(key.value)));
    source.addEventListener("input", suggest);
    suggest(); // a name may have been typed before this script came
  }

  document.querySelectorAll("[data-matrix-row]").forEach((button) => {
    button.addEventListener("click", () => {
      const boxes = [...button.closest("tr").querySelectorAll("input[type=checkbox]")];
      const on = boxes.some((box) => !box.checked);
      boxes.forEach((box) => (box.checked = on));
      boxes[0]?.dispatchEvent(new Event("change", { bubbles: true }));
    });
  });

  /* Enter in a preview would send the form to nowhere. */
  document.querySelector("[data-preview]")?.addEventListener("submit", (event) => event.preventDefault());
})();
