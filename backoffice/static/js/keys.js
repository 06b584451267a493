/* Keys: / ? n e j k x Enter, and Ctrl+S in forms. The help dialog lists them. */
(function () {
  "use strict";

  const TYPING = "input, textarea, select, [contenteditable], .select2-container";
  const table = document.querySelector("table[data-rows]");
  const rows = () => (table ? [...table.tBodies[0].rows].filter((row) => row.dataset.href) : []);

  const current = () => table?.querySelector("tr.is-current");

  const choose = (row) => {
    current()?.classList.remove("is-current");
    row.classList.add("is-current");
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };

  const move = (offset) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    choose(all[at < 0 ? (offset > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + offset, 0), all.length - 1)]);
  };

  const openRow = () => current() && window.location.assign(current().dataset.href);
  const follow = (selector) => document.querySelector(selector)?.click();

  const ACTIONS = {
    "/": () => document.querySelector("[data-search]")?.focus(),
    "?": () => document.getElementById("help-keys")?.showModal(),
    n: () => follow("[data-new]"),
    e: () => follow("[data-edit]"),
    j: () => move(1),
    k: () => move(-1),
    x: () => current()?.querySelector("[data-check]")?.click(),
    Enter: openRow,
  };

  const busy = (event) =>
    event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey ||
    document.querySelector("dialog[open], .modal.show") || event.target.closest(TYPING);

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      const save = document.querySelector("[data-save]");
      if (!save) return;
      event.preventDefault();
      save.click();
      return;
    }
    if (busy(event) || !Object.hasOwn(ACTIONS, event.key)) return;
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    if (event.key === "Enter" && !current()) return;
    event.preventDefault();
    ACTIONS[event.key]();
  });

  document.querySelector("[data-search]")?.addEventListener("keydown", (event) => {
    if (event.key === "Escape") event.target.blur();
  });

  table?.addEventListener("dblclick", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (row && !event.target.closest("a, button, input, [data-inline]")) window.location.assign(row.dataset.href);
  });

  /* On a phone the whole card opens the record. */
  table?.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    const phone = window.matchMedia("(max-width: 600px)").matches;
    if (row && phone && !event.target.closest("a, button, input, label")) window.location.assign(row.dataset.href);
  });
})();
