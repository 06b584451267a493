/* The editor of a table field: add, remove and move rows. An index is never used twice. */
(function () {
  "use strict";

  const changed = (editor) => editor.dispatchEvent(new CustomEvent("rows:change", { bubbles: true }));

  const Backoffice = window.Backoffice;

  /* Alt and an arrow key move what a mouse would drag; tells whether it moved. */
  Backoffice.moveByKey = function (event, what) {
    const neighbour = { ArrowUp: what?.previousElementSibling, ArrowDown: what?.nextElementSibling }[event.key];
    if (!event.altKey || !neighbour) return false;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "ArrowUp") neighbour.before(what);
    else neighbour.after(what);
    event.target.focus();
    return true;
  };

  const setUp = (editor) => {
    const body = editor.querySelector("tbody");
    const template = editor.querySelector("template");
    const limit = Number(editor.dataset.max || 2000);
    const addButton = editor.querySelector("[data-row-add]");
    let next = body.rows.length;

    const number = () => {
      [...body.rows].forEach((row, index) => {
        const place = row.querySelector("[data-row-number]");
        if (place) place.textContent = index + 1;
      });
      if (addButton) addButton.disabled = body.rows.length >= limit;
    };

    const fresh = () => {
      const part = template.content.cloneNode(true);
      part.querySelectorAll("*").forEach((element) => {
        for (const attribute of [...element.attributes]) {
          if (attribute.value.includes("__index__")) {
            element.setAttribute(attribute.name, attribute.value.replaceAll("__index__", next));
          }
        }
      });
      next += 1;
      return part;
    };

    const add = () => {
      if (body.rows.length >= limit) return;
      body.append(fresh());
      const row = body.rows[body.rows.length - 1];
      number();
      changed(editor);
      row.dispatchEvent(new CustomEvent("rows:added", { bubbles: true }));
      row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    };

    const remove = (row) => {
      const neighbour = row.nextElementSibling || row.previousElementSibling;
      row.remove();
      number();
      changed(editor);
      (neighbour?.querySelector("input, select") || addButton)?.focus();
    };

    addButton?.addEventListener("click", add);
    editor.addEventListener("click", (event) => {
      const button = event.target.closest("[data-row-remove]");
      if (button) remove(button.closest("[data-row]"));
    });
    body.addEventListener("keydown", (event) => {
      if (!Backoffice.moveByKey(event, event.target.closest("[data-row]"))) return;
      number();
      changed(editor);
    });
    /* Enter in the last row adds one, as people who type many rows expect. */
    body.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || event.target.matches("textarea, button")) return;
      event.preventDefault();
      const row = event.target.closest("[data-row]");
      if (row === body.rows[body.rows.length - 1]) add();
      else row.nextElementSibling.querySelector("input, select")?.focus();
    });
    if (window.Sortable && template.content.querySelector(".rows-handle")) {
      window.Sortable.create(body, {
        handle: ".rows-handle",
        animation: Backoffice.glideMs,
        forceFallback: true,
        onEnd: () => {
          number();
          changed(editor);
        },
      });
    }
    number();
  };

  /* Sortable is among the scripts of the page, which come after this one. */
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-rows-editor]").forEach(setUp));
})();
