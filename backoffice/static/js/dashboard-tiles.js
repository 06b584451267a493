/* The tiles of a start page: added, removed, and put in order by dragging or by buttons. */
(function () {
  "use strict";
  const rows = document.querySelector("[data-tile-rows]");
  const form = rows.closest("form");
  const changed = () => {
    document.querySelector("[data-no-tiles]").hidden = rows.children.length > 0;
    rows.dispatchEvent(new Event("change", { bubbles: true }));
  };

  document.querySelector("[data-tile-add]").addEventListener("click", () => {
    const choice = document.getElementById("tile-choice");
    if (!choice.value) return;
    const row = document.querySelector("[data-tile-template]").content.firstElementChild.cloneNode(true);
    row.querySelector("[name=what]").value = choice.value;
    const text = row.querySelector(".tile-row-text");
    text.firstChild.textContent = `${choice.selectedOptions[0].textContent} `;
    text.querySelector(".mono").textContent = choice.value;
    rows.append(row);
    row.querySelector("select").focus();
    changed();
  });

  rows.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const row = button?.closest("[data-tile-row]");
    if (!row) return;
    if ("tileRemove" in button.dataset) (row.nextElementSibling ?? form).querySelector?.("select")?.focus();
    if ("tileRemove" in button.dataset) row.remove();
    else if ("tileUp" in button.dataset) row.previousElementSibling?.before(row);
    else if ("tileDown" in button.dataset) row.nextElementSibling?.after(row);
    if (row.isConnected) button.focus();
    changed();
  });

  window.Sortable?.create(rows, { animation: 120, handle: "[data-grip]", onEnd: changed });
})();
