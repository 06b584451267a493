/* Import: dropping and sending the file, and matching its columns. The pages work without it. */
(function () {
  "use strict";

  /* -- the file ----------------------------------------------------------------------------------- */

  const language = document.documentElement.lang;
  const KILO = 1024;

  const sizeText = (bytes) => {
    const [value, unit] = bytes < KILO ? [bytes, "byte"] : bytes < KILO * KILO ? [bytes / KILO, "kilobyte"] : [bytes / KILO / KILO, "megabyte"];
    return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
  };

  const setUpFile = (form) => {
    const zone = form.querySelector("[data-drop]");
    const input = zone.querySelector("input");
    const next = form.querySelector("[data-next]");
    const chosen = zone.querySelector("[data-drop-file]");
    const sending = form.querySelector("[data-sending]");
    const refusal = form.querySelector("[data-refusal]");

    const refuse = (text) => {
      refusal.hidden = !text;
      refusal.querySelector("[data-refusal-text]").textContent = text;
      if (text) refusal.scrollIntoView({ block: "nearest" });
    };

    const problemOf = (file) => {
      const kinds = form.dataset.extensions.split(" ");
      if (!kinds.some((kind) => file.name.toLowerCase().endsWith(kind))) return form.dataset.wrongKind;
      return file.size > Number(form.dataset.maxBytes) ? form.dataset.tooLarge : "";
    };

    const show = () => {
      const [file] = input.files;
      const problem = file ? problemOf(file) : "";
      refuse(problem);
      chosen.hidden = !file;
      zone.classList.toggle("has-file", Boolean(file));
      zone.classList.toggle("is-wrong", Boolean(problem));
      next.disabled = !file || Boolean(problem);
      if (!file) return;
      zone.querySelector("[data-drop-name]").textContent = file.name;
      zone.querySelector("[data-drop-size]").textContent = sizeText(file.size);
    };

    const busy = (on) => {
      sending.hidden = !on;
      input.disabled = on;
      next.disabled = on;
      zone.classList.toggle("is-busy", on);
    };

    const send = () => {
      const request = new XMLHttpRequest();
      const bar = sending.querySelector("progress");
      const text = sending.querySelector("[data-sending-text]");
      const body = new FormData(form); // before the input is disabled, or the file would stay behind
      request.open("POST", form.action);
      request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
      request.responseType = "json";
      request.upload.onprogress = (event) => {
        if (!event.lengthComputable) return;
        bar.value = (100 * event.loaded) / event.total;
        text.textContent = `${sizeText(event.loaded)} / ${sizeText(event.total)}`;
      };
      request.upload.onload = () => {
        bar.removeAttribute("value");
        text.textContent = text.dataset.reading;
      };
      const failed = () => {
        busy(false);
        refuse(request.response?.error?.message || form.dataset.lost);
        zone.classList.add("is-wrong");
      };
      request.onerror = failed;
      request.onload = () => {
        if (request.status === 200 && request.response?.next) window.location.assign(request.response.next);
        else failed();
      };
      bar.value = 0;
      text.textContent = "";
      refuse("");
      busy(true);
      request.send(body);
    };

    zone.classList.add("is-live");
    input.addEventListener("change", show);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (input.files.length) send();
    });

    /* A file that misses the zone must not replace the page. */
    let depth = 0;
    const over = (by) => {
      depth = by ? Math.max(0, depth + by) : 0;
      zone.classList.toggle("is-over", depth > 0);
    };
    document.addEventListener("dragenter", () => over(1));
    document.addEventListener("dragleave", () => over(-1));
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      over(0);
      if (input.disabled || !event.dataTransfer?.files.length) return;
      const only = new DataTransfer();
      only.items.add(event.dataTransfer.files[0]);
      input.files = only.files;
      show();
      next.focus();
    });
    /* Going back from the next page, browsers restore the choice but fire no event. */
    window.addEventListener("pageshow", () => {
      busy(false);
      if (input.files.length) show();
      else next.disabled = true;
    });
  };

  /* -- the columns -------------------------------------------------------------------------------- */

  const setUpMapping = (form) => {
    const count = form.querySelector("[data-map-count]");
    const key = form.querySelector("[data-key]");
    const needed = form.querySelector("[data-needed]");
    const [main] = form.querySelectorAll("[data-map]");

    const markTwice = (table) => {
      const selects = [...table.querySelectorAll("[data-target]")];
      const seen = selects.map((select) => select.value).filter(Boolean);
      selects.forEach((select) => {
        const twice = select.value && seen.indexOf(select.value) !== seen.lastIndexOf(select.value);
        const error = select.parentElement.querySelector("[data-map-error]");
        error.hidden = !twice;
        error.querySelector("span").textContent = twice ? form.dataset.twice : "";
        if (twice) select.setAttribute("aria-invalid", "true");
        else select.removeAttribute("aria-invalid");
        select.closest("tr").toggleAttribute("data-mapped", Boolean(select.value));
      });
      return new Set(seen);
    };

    const refresh = () => {
      const all = form.querySelectorAll("[data-target]");
      const mapped = [...all].filter((select) => select.value).length;
      count.textContent = count.dataset.text.replace("{mapped}", mapped).replace("{count}", all.length);
      form.querySelectorAll("[data-map]").forEach((table) => markTwice(table));
      const filled = new Set([...main.querySelectorAll("[data-target]")].map((select) => select.value));
      [...key.options].forEach((option) => {
        if (!option.value) return;
        const missing = !filled.has(option.value);
        option.disabled = missing && !option.selected;
        option.textContent = missing ? `${option.dataset.label} (${form.dataset.noColumn})` : option.dataset.label;
      });
      if (!needed) return;
      const gaps = [...needed.querySelectorAll("[data-needs]")];
      gaps.forEach((gap) => { gap.hidden = filled.has(gap.dataset.needs); });
      needed.hidden = gaps.every((gap) => gap.hidden);
    };

    const filter = form.querySelector("[data-map-show]");
    const none = form.querySelector("[data-map-none]");
    filter.hidden = false;
    filter.addEventListener("click", (event) => {
      const button = event.target.closest("[data-show]");
      if (!button) return;
      filter.querySelectorAll("[data-show]").forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
      const open = button.dataset.show === "open";
      const rows = [...main.querySelectorAll("[data-map-row]")];
      rows.forEach((row) => { row.hidden = open && "mapped" in row.dataset; });
      none.hidden = rows.some((row) => !row.hidden);
    });

    form.addEventListener("change", refresh);
    refresh();
  };

  document.querySelectorAll("[data-import]").forEach(setUpFile);
  document.querySelectorAll("[data-mapping]").forEach(setUpMapping);
})();
