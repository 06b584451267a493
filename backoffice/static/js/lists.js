/* Selecting rows of a list: the bar with bulk actions, and the ids it sends. */
(function () {
  "use strict";

  const setUp = (bar) => {
    const table = document.getElementById(bar.dataset.bulk);
    if (!table) return;
    const all = table.querySelector("[data-check-all]");
    const boxes = () => [...table.querySelectorAll("[data-check]")];
    const counter = bar.querySelector("[data-bulk-count]");
    let last = null;

    const show = () => {
      const checked = boxes().filter((box) => box.checked);
      bar.hidden = !checked.length;
      if (counter) counter.textContent = (counter.dataset.text || "%d").replace("%d", checked.length);
      boxes().forEach((box) => box.closest("tr").classList.toggle("is-checked", box.checked));
      if (all) {
        all.checked = checked.length > 0 && checked.length === boxes().length;
        all.indeterminate = checked.length > 0 && !all.checked;
      }
    };

    const range = (box) => {
      const list = boxes();
      const [from, to] = [list.indexOf(last), list.indexOf(box)].sort((a, b) => a - b);
      list.slice(from, to + 1).forEach((one) => (one.checked = box.checked));
    };

    table.addEventListener("click", (event) => {
      const box = event.target.closest("[data-check]");
      if (!box) return;
      if (event.shiftKey && last) range(box);
      last = box;
      show();
    });
    all?.addEventListener("change", () => {
      boxes().forEach((box) => (box.checked = all.checked));
      show();
    });
    bar.querySelector("[data-bulk-clear]")?.addEventListener("click", () => {
      boxes().forEach((box) => (box.checked = false));
      show();
    });
    bar.addEventListener("formdata", (event) => {
      boxes().filter((box) => box.checked).forEach((box) => event.formData.append(box.name || "ids", box.value));
    });
    show();
  };

  document.querySelectorAll("[data-bulk]").forEach(setUp);

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
  });
})();
