/* The list of a form: filter panel, column order, editing a cell in place, setting a field of many records. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;

  /* -- the filter panel, fetched once --------------------------------------------------------------- */

  const showInputs = (row) => {
    const operator = row.querySelector("[data-filter-op]").value;
    row.querySelectorAll("[data-for]").forEach((input) => {
      const wanted = {
        period: operator === "period",
        value: operator !== "period" && !["empty", "not_empty"].includes(operator),
        to: operator === "between",
      }[input.dataset.for];
      input.hidden = !wanted;
      input.disabled = !wanted;
      if (input.dataset.for === "value" && "many" in input.dataset) {
        input.multiple = ["in", "not_in"].includes(operator);
        const none = input.querySelector('option[value=""]');
        if (none) none.hidden = input.multiple;
      }
    });
  };

  const setUpPanel = (panel) => {
    panel.querySelectorAll("[data-filter-row]").forEach((row) => {
      row.querySelector("[data-filter-op]").addEventListener("change", () => showInputs(row));
      showInputs(row);
    });
    Backoffice.setUpInputs(panel);
    panel.querySelector("form").addEventListener("formdata", (event) => {
      /* a row without a value is no filter */
      panel.querySelectorAll("[data-filter-row]").forEach((row) => {
        const operator = row.querySelector("[data-filter-op]");
        const filled = [...row.querySelectorAll("[data-for]:not([disabled])")].some((input) => input.value);
        const bare = ["empty", "not_empty"].includes(operator.value);
        if (filled || bare) return;
        [operator, ...row.querySelectorAll("[data-for]")].forEach((input) => event.formData.delete(input.name));
      });
    });
  };

  Backoffice.onClick("[data-filter-panel]", async (button) => {
    const panel = document.getElementById("filter-panel");
    if (!panel.firstElementChild) {
      const answer = await Backoffice.fetch(button.dataset.filterPanel);
      if (!answer.ok) return;
      panel.innerHTML = await answer.text();
      setUpPanel(panel);
    }
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) panel.querySelector("select, input:not([type=hidden])")?.focus();
  });

  /* -- which columns, in which order ------------------------------------------------------------------ */

  document.querySelectorAll("[data-columns]").forEach((form) => {
    const list = form.querySelector("[data-sortable]");
    if (window.Sortable) window.Sortable.create(list, { animation: Backoffice.glideMs, forceFallback: true });
    list.addEventListener("keydown", (event) => Backoffice.moveByKey(event, event.target.closest("label")));
    form.addEventListener("formdata", (event) => {
      const chosen = [...form.querySelectorAll("[data-column]")].filter((box) => box.checked).map((box) => box.value);
      event.formData.set("columns", chosen.join(","));
    });
  });

  /* -- one cell in place: double click or F2, Enter keeps, Escape leaves ------------------------------ */

  const table = document.querySelector("[data-cell-url]");

  const errorText = (answer) => Object.values(answer.error?.errors || {}).flat().join(" ") || answer.error?.message || "";

  const paint = (cell, answer) => {
    cell.textContent = answer.text;
    answer.tags.forEach(([text, color]) => {
      const tag = document.createElement("span");
      tag.className = `tag tag-${color}`;
      tag.textContent = text;
      cell.append(tag, " ");
    });
  };

  const valueOf = (cell) => {
    const name = `set-${cell.dataset.inline}`;
    const data = new FormData(cell.querySelector("form"));
    if (data.has(`${name}.amount`)) return { amount: data.get(`${name}.amount`), currency: data.get(`${name}.currency`) };
    const all = data.getAll(name);
    return cell.querySelector("[multiple], [type=checkbox]") ? all : (all[0] ?? null);
  };

  const save = async (cell, before) => {
    const row = cell.closest("tr");
    const answer = await Backoffice.fetch(`${table.dataset.cellUrl}${row.dataset.id}/cell`, {
      json: { field: cell.dataset.inline, value: valueOf(cell), revision: Number(row.dataset.revision) },
    });
    const result = await answer.json();
    if (!answer.ok) {
      Backoffice.toast(errorText(result), "danger");
      return;
    }
    row.dataset.revision = result.revision;
    cell.classList.remove("is-editing");
    paint(cell, result);
    before.remove?.();
  };

  const edit = async (cell) => {
    if (cell.classList.contains("is-editing")) return;
    const answer = await Backoffice.fetch(
      `${table.dataset.cellUrl}set-field?field=${encodeURIComponent(cell.dataset.inline)}&id=${cell.closest("tr").dataset.id}`,
    );
    if (!answer.ok) return;
    const before = document.createDocumentFragment();
    before.append(...cell.childNodes);
    const form = document.createElement("form");
    form.innerHTML = await answer.text();
    form.querySelector("label.field-label")?.classList.add("sr-only");
    cell.classList.add("is-editing");
    cell.append(form);
    Backoffice.setUpInputs(form);
    const input = form.querySelector("input:not([type=hidden]), select, textarea");
    input?.focus();
    const leave = () => {
      cell.classList.remove("is-editing");
      cell.replaceChildren(before);
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      save(cell, {});
    });
    form.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") leave();
      if (event.key === "Enter" && !event.isComposing) {
        event.preventDefault();
        save(cell, {});
      }
    });
    input?.matches("select") && input.addEventListener("input", () => save(cell, {}));
  };

  table?.addEventListener("dblclick", (event) => {
    const cell = event.target.closest("[data-inline]");
    if (cell) edit(cell);
  });
  table?.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr");
    if (event.key === "F2" && row) edit(row.querySelector("[data-inline]"));
  });

  /* -- one field of many records ----------------------------------------------------------------------- */

  document.querySelectorAll("[data-set-field]").forEach((place) => {
    place.querySelector("select").addEventListener("change", async (event) => {
      const target = place.querySelector("[data-set-input]");
      target.replaceChildren();
      if (!event.target.value) return;
      const answer = await Backoffice.fetch(`${place.dataset.setField}?field=${encodeURIComponent(event.target.value)}`);
      if (!answer.ok) return;
      target.innerHTML = await answer.text();
      Backoffice.setUpInputs(target);
    });
  });
})();
