/* The inputs of a record form: pickers, uploads, signatures, sums, live rules and computed fields. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const DELAY_MS = 350;

  const debounce = (run, wait = DELAY_MS) => {
    let timer;
    return (...values) => {
      clearTimeout(timer);
      timer = setTimeout(() => run(...values), wait);
    };
  };
  Backoffice.debounce = debounce;

  /* -- pickers: people, departments and records, looked up on the server ------------------------------ */

  const line = (option, escape) =>
    `<div>${escape(option.text)}${option.note && option.note !== option.text ? ` <span class="muted">${escape(option.note)}</span>` : ""}</div>`;

  const setUpPicker = (select) => {
    if (select.tomselect || !window.TomSelect) return;
    const ask = async (query, page) => {
      const address = new URL(select.dataset.picker, window.location.href);
      address.searchParams.set("q", query);
      address.searchParams.set("page", page);
      const answer = await Backoffice.fetch(address);
      return answer.ok ? answer.json() : { results: [], more: false };
    };
    const pages = {};
    const picker = new window.TomSelect(select, {
      plugins: {
        ...(select.multiple ? { remove_button: { title: "×" } } : { clear_button: { title: "×" } }),
        virtual_scroll: {},
      },
      valueField: "id",
      labelField: "text",
      searchField: [],
      maxOptions: null,
      preload: "focus",
      loadThrottle: DELAY_MS,
      placeholder: select.dataset.placeholder || "",
      dropdownParent: select.closest("dialog") ? null : "body",
      firstUrl: (query) => `${query}\n1`,
      render: {
        option: line,
        no_results: () => `<div class="no-results">${document.body.dataset.nothingFound || "—"}</div>`,
        no_more_results: null,
        loading_more: null,
      },
      async load(query, done) {
        const [, page = "1"] = this.getUrl(query).split("\n");
        const answer = await ask(query, Number(page));
        if (answer.more) this.setNextUrl(query, `${query}\n${Number(page) + 1}`);
        pages[query] = page;
        done(answer.results);
      },
    });
    picker.on("change", () => select.dispatchEvent(new Event("input", { bubbles: true })));
  };

  /* -- uploads ---------------------------------------------------------------------------------------- */

  const size = (bytes) => {
    if (bytes < 1e3) return `${bytes} B`;
    return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  };

  const send = async (url, field, file, name) => {
    const body = new FormData();
    body.append("field", field);
    body.append("file", file, name);
    const answer = await Backoffice.fetch(url, { method: "POST", body });
    const result = await answer.json();
    if (!answer.ok) {
      const messages = Object.values(result.error?.errors || {}).flat();
      throw new Error(messages.join(" ") || result.error?.message || answer.statusText);
    }
    return result;
  };

  const uploadRow = (place, file) => {
    const row = document.createElement("li");
    const text = document.createElement("span");
    const note = document.createElement("span");
    const input = document.createElement("input");
    const remove = document.createElement("button");
    row.className = "file-row";
    text.className = "row-text";
    note.className = "row-note";
    text.textContent = file.name;
    note.textContent = size(file.size);
    input.type = "hidden";
    input.name = place.dataset.name;
    input.value = file.file;
    remove.type = "button";
    remove.className = "btn btn-icon btn-quiet btn-small";
    remove.dataset.uploadRemove = "";
    remove.textContent = "×";
    if (file.thumbnail) {
      const picture = document.createElement("img");
      picture.className = "row-picture";
      picture.src = file.thumbnail;
      picture.alt = "";
      row.append(picture);
    }
    row.append(text, note, input, remove);
    return row;
  };

  const upload = async (place, files) => {
    const list = place.querySelector("[data-upload-list]");
    const note = place.querySelector("[data-upload-error]");
    const allowed = Math.max(0, Number(place.dataset.max) - list.children.length);
    const refused = files.length > allowed ? [place.dataset.tooMany] : [];
    note.hidden = true;
    place.classList.add("is-busy");
    for (const file of [...files].slice(0, allowed)) {
      try {
        if (file.size > Number(place.dataset.megabytes) * 1024 * 1024) throw new Error(place.dataset.tooLarge);
        list.append(uploadRow(place, await send(place.dataset.upload, place.dataset.fieldPath, file, file.name)));
        place.dispatchEvent(new Event("input", { bubbles: true }));
      } catch (error) {
        refused.push(error.message.includes(file.name) ? error.message : `${file.name}: ${error.message}`);
      }
    }
    place.classList.remove("is-busy");
    note.textContent = refused.join(" ");
    note.hidden = !refused.length;
  };

  const setUpUpload = (place) => {
    const input = place.querySelector("[data-upload-input]");
    input.addEventListener("change", async () => {
      await upload(place, input.files);
      input.value = "";
    });
    place.addEventListener("dragover", (event) => {
      event.preventDefault();
      place.classList.add("is-over");
    });
    place.addEventListener("dragleave", () => place.classList.remove("is-over"));
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      place.classList.remove("is-over");
      upload(place, event.dataTransfer.files);
    });
  };

  Backoffice.onClick("[data-upload-remove]", (button) => {
    const place = button.closest("[data-upload]");
    button.closest("li").remove();
    place.dispatchEvent(new Event("input", { bubbles: true }));
  });

  /* -- signatures ------------------------------------------------------------------------------------- */

  const setUpSignature = (place) => {
    const canvas = place.querySelector("canvas");
    const input = place.querySelector('input[type="hidden"]');
    const done = place.querySelector("[data-signature-done]");
    const Pad = window.SignaturePad;
    if (!Pad) return;
    const pad = new Pad(canvas, { penColor: "#14213d", backgroundColor: "#ffffff" });
    const fit = () => {
      const ratio = Math.max(window.devicePixelRatio || 1, 1);
      canvas.width = canvas.offsetWidth * ratio;
      canvas.height = canvas.offsetHeight * ratio;
      canvas.getContext("2d").scale(ratio, ratio);
      pad.clear();
    };
    if (!canvas.hidden) fit();
    const keep = async () => {
      const picture = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
      try {
        const stored = await send(place.dataset.signature, place.dataset.fieldPath, picture, "signature.png");
        input.value = stored.file;
        place.dispatchEvent(new Event("input", { bubbles: true }));
      } catch (error) {
        Backoffice.toast(error.message, "danger");
      }
    };
    pad.addEventListener("endStroke", debounce(keep, 600));
    place.querySelector("[data-signature-clear]").addEventListener("click", () => {
      input.value = "";
      done.hidden = true;
      canvas.hidden = false;
      fit();
      place.dispatchEvent(new Event("input", { bubbles: true }));
    });
  };

  const setUpGrowing = (area) => {
    const grow = () => {
      area.style.height = "auto";
      area.style.height = `${Math.min(area.scrollHeight + 2, 480)}px`;
    };
    area.addEventListener("input", grow);
    if (area.value) grow();
  };

  const setUp = (root) => {
    root.querySelectorAll("select[data-picker]").forEach((select) => select.closest("template") || setUpPicker(select));
    root.querySelectorAll("[data-upload]").forEach(setUpUpload);
    root.querySelectorAll("[data-signature]").forEach(setUpSignature);
    root.querySelectorAll("textarea[data-grow]").forEach(setUpGrowing);
  };
  Backoffice.setUpInputs = setUp;
  setUp(document);
  document.addEventListener("rows:added", (event) => setUp(event.target));

  /* -- values of the form, as the rules read them ------------------------------------------------------ */

  const form = document.querySelector("[data-record-form]");
  if (!form) return;

  const read = (id) => JSON.parse(document.getElementById(id)?.textContent || "{}");
  const rules = read("record-rules");
  const fields = read("record-fields");
  const system = read("record-system");
  const NUMBERS = new Set(["integer", "decimal", "percent", "rating"]);

  const number = (text) => {
    const plain = text.normalize("NFKC").replace(/[,\s]/g, "");
    return /^[+-]?\d+(\.\d+)?$/.test(plain) ? plain : null;
  };

  const READERS = {
    boolean: (data, name) => ({ true: true, false: false })[data.get(name)] ?? null,
    money: (data, name) => {
      const amount = number(data.get(`${name}.amount`) || "");
      return amount === null ? null : { amount, currency: data.get(`${name}.currency`) || "" };
    },
    multi_choice: (data, name) => data.getAll(name).filter(Boolean),
    attachment: (data, name) => data.getAll(name).filter(Boolean),
    image: (data, name) => data.getAll(name).filter(Boolean),
    datetime: (data, name) => {
      const text = data.get(name);
      return text ? new Date(text).toISOString() : null;
    },
  };

  const readOne = (data, name, type, many) => {
    if (READERS[type]) return READERS[type](data, name);
    if (many) return data.getAll(name).filter(Boolean);
    const text = (data.get(name) || "").trim();
    return NUMBERS.has(type) ? number(text) : text || null;
  };

  const readTable = (data, key, columns) => {
    const found = new Set();
    for (const name of data.keys()) {
      const match = name.startsWith(`${key}-`) && /^(\d+)-/.exec(name.slice(key.length + 1));
      if (match) found.add(match[1]);
    }
    return [...found].map((index) => {
      const row = {};
      Object.entries(columns).forEach(([column, type]) => {
        const value = readOne(data, `${key}-${index}-${column}`, type, false);
        if (value !== null) row[column] = value;
      });
      return row;
    });
  };

  const values = (hidden) => {
    const data = new FormData(form);
    const found = { ...system };
    Object.entries(fields).forEach(([key, field]) => {
      if (hidden.has(key)) return;
      const value = field.type === "table" ? readTable(data, key, field.columns) : readOne(data, key, field.type, field.many);
      if (value !== null && !(Array.isArray(value) && !value.length)) found[key] = value;
    });
    return found;
  };

  /* -- rules: what is hidden decides what else is hidden, so they are asked until nothing changes ------ */

  const holds = (key, name, current) => window.Rules.evaluate(rules[key][name], current);

  const hiddenFields = () => {
    let hidden = new Set();
    for (let round = 0; round < 10; round += 1) {
      const current = values(hidden);
      const next = new Set(Object.keys(rules).filter((key) => rules[key].visible_if && !holds(key, "visible_if", current)));
      form.querySelectorAll(".form-section[data-field]").forEach((section) => {
        if (!next.has(section.dataset.field)) return;
        section.querySelectorAll(".field[data-field]").forEach((frame) => next.add(frame.dataset.field));
      });
      if (next.size === hidden.size && [...next].every((key) => hidden.has(key))) break;
      hidden = next;
    }
    return hidden;
  };

  const setLocked = (frame, locked) => {
    frame.classList.toggle("is-locked", locked);
    frame.querySelectorAll("input:not([type=hidden]), textarea").forEach((input) => (input.readOnly = locked));
    frame.inert = locked;
  };

  const apply = () => {
    const hidden = hiddenFields();
    const current = values(hidden);
    Object.keys(fields).forEach((key) => {
      const frame = document.getElementById(`frame-${key}`);
      if (!frame) return;
      const rule = rules[key] || {};
      frame.hidden = hidden.has(key);
      const needed = fields[key].required || Boolean(rule.required_if && holds(key, "required_if", current));
      const mark = frame.querySelector("[data-required]");
      if (mark) mark.hidden = !needed;
      setLocked(frame, fields[key].readonly || Boolean(rule.readonly_if && holds(key, "readonly_if", current)));
    });
    document.querySelectorAll(".form-section").forEach((section) => {
      if (section.dataset.field) return;
      const frames = [...section.querySelectorAll(".field")];
      section.hidden = frames.length > 0 && frames.every((frame) => frame.hidden);
    });
  };

  const addUp = () => {
    form.querySelectorAll("[data-rows-editor]").forEach((editor) => {
      editor.querySelectorAll("[data-sum]").forEach((cell) => {
        if (!cell.dataset.sum) return;
        const inputs = editor.querySelectorAll(`tbody [data-column="${cell.dataset.sum}"] :is(input:not([type=hidden]), input[data-written])`);
        const numbers = [...inputs].map((input) => number(input.value)).filter((one) => one !== null);
        const places = Math.max(0, ...numbers.map((one) => (one.split(".")[1] || "").length));
        cell.textContent = numbers.length ? numbers.reduce((sum, one) => sum + Number(one), 0).toFixed(places) : "";
      });
    });
  };

  const computed = form.querySelectorAll("[data-computed]");
  let asked = 0;
  const compute = debounce(async () => {
    if (!computed.length) return;
    asked += 1;
    const mine = asked;
    try {
      const answer = await Backoffice.fetch(form.dataset.computeUrl, { method: "POST", body: new FormData(form) });
      if (!answer.ok || mine !== asked) return;
      const texts = await answer.json();
      computed.forEach((output) => (output.textContent = texts[output.dataset.computed] ?? ""));
    } catch {
      /* computed again by the server when the record is saved */
    }
  });

  const update = () => {
    apply();
    addUp();
    compute();
  };

  form.addEventListener("input", update);
  form.addEventListener("change", update);
  form.addEventListener("rows:change", update);
  apply();
  addUp();
})();
