/* Forms: warn before unsaved changes are lost, send once, lead to the first mistake. */
(function () {
  "use strict";

  const mark = (form, dirty) => {
    if (dirty) form.dataset.dirty = "1";
    else delete form.dataset.dirty;
    const note = form.querySelector("[data-guard-note]");
    if (!note) return;
    if (note.dataset.cleanText === undefined) note.dataset.cleanText = note.textContent;
    note.textContent = dirty ? note.dataset.dirtyText : note.dataset.cleanText;
  };

  const anyDirty = () => document.querySelector("form[data-guard][data-dirty]:not([data-sending])");

  ["input", "change", "rows:change"].forEach((name) => {
    document.addEventListener(name, (event) => {
      const form = event.target.closest?.("form[data-guard]");
      if (form && !event.target.closest("[data-no-guard]")) mark(form, true);
    });
  });

  window.addEventListener("beforeunload", (event) => {
    if (anyDirty()) event.preventDefault();
  });

  /* A form is sent once; a page that comes back from the browser's memory can send again. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    setTimeout(() => {
      if (event.defaultPrevented || form.method === "dialog" || form.target) return;
      form.dataset.sending = "1";
      if (form.method === "post") form.querySelectorAll("[data-save]").forEach((button) => (button.disabled = true));
    });
  });

  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sending]").forEach((form) => {
      delete form.dataset.sending;
      form.querySelectorAll("[data-save]").forEach((button) => (button.disabled = false));
    });
  });

  const summary = document.querySelector("[data-focus]");
  summary?.focus();
  summary?.closest("form")?.hasAttribute("data-guard") && mark(summary.closest("form"), true);

  /* A link of the summary goes to the input, also inside a composed field. */
  summary?.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#field-"]');
    if (!link) return;
    const key = link.hash.slice(7);
    const frame = document.getElementById(`frame-${key}`);
    const input = document.getElementById(`field-${key}`) || frame;
    const target = input?.matches("input, select, textarea, button") ? input : input?.querySelector("input, select, textarea");
    if (!target) return;
    event.preventDefault();
    (frame || target).scrollIntoView({ block: "center" });
    target.focus({ preventScroll: true });
  });

  /* Shows or clears the message beside a field. */
  window.Backoffice.fieldError = function (key, text) {
    const frame = document.getElementById(`frame-${key}`);
    const place = document.getElementById(`error-${key}`);
    if (!frame || !place) return;
    frame.classList.toggle("has-error", Boolean(text));
    place.hidden = !text;
    place.querySelector("span").textContent = text || "";
    const input = document.getElementById(`field-${key}`);
    if (text) input?.setAttribute("aria-invalid", "true");
    else input?.removeAttribute("aria-invalid");
  };

  /* Whoever or whatever is chosen is shown at once. */
  document.querySelectorAll("[data-submit-on-choice]").forEach((form) => {
    form.addEventListener("change", (event) => {
      if (event.target.matches("select") && (event.target.value || form.elements.length > 1)) form.submit();
    });
  });
})();
