/* The form editor's letters: names, templates in both languages, and how one looks on a sample record. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor?.data.letterParts) return;
  const { h, t, data, put, property, select, typed, iconButton, textButton, icon } = Editor;
  const about = data.letterParts;
  const LANGUAGES = [["zh", "chinese", "zh-CN"], ["en", "english", "en"]];
  const letters = () => Editor.doc.letters || [];
  const nameOf = (letter) => Editor.text(letter.label) || letter.key;

  // -- what names a field ----------------------------------------------------------------------------------

  const TAGS = /(\{\{|\{%)([\s\S]*?)(\}\}|%\})/g;
  const word = (key) => new RegExp(`(^|[^A-Za-z0-9_.])${key}(?![A-Za-z0-9_])`, "g");
  const part = (key) => new RegExp(`\\.${key}(?![A-Za-z0-9_])`, "g");

  const templates = (letter) => ["subject", "body"].flatMap((name) => LANGUAGES.map(([language]) => ({
    text: letter[name]?.[language] || "",
    set: (text) => { letter[name][language] = text; },
  })));
  const tags = (text) => (text.match(TAGS) || []).join(" ");
  const repeats = (text, table) => new RegExp(`\\bin\\s+${table}(?![A-Za-z0-9_])`).test(tags(text));
  const first = (source) => (source || "").split(".")[0];

  const names = (letter, key, table) => {
    if (table) return templates(letter).some(({ text }) => repeats(text, table) && part(key).test(tags(text)));
    return [first(letter.recipient), first(letter.address), letter.written_on].includes(key) || templates(letter).some(({ text }) => word(key).test(tags(text)));
  };

  Editor.letterUses = (key, table = "") => letters().filter((letter) => names(letter, key, table)).map(nameOf);

  Editor.renameInLetters = function (from, to, table = "") {
    const inTags = (text, pattern, next) => text.replace(TAGS, (tag) => tag.replace(pattern, next));
    for (const letter of letters()) {
      for (const { text, set } of templates(letter)) {
        if (table && repeats(text, table)) set(inTags(text, part(from), `.${to}`));
        else if (!table && text) set(inTags(text, word(from), `$1${to}`));
      }
      if (table) continue;
      for (const name of ["recipient", "address"]) {
        if (first(letter[name]) === from) letter[name] = to + letter[name].slice(from.length);
      }
      if (letter.written_on === from) letter.written_on = to;
    }
  };

  // -- what can be named -----------------------------------------------------------------------------------

  const valued = () => Editor.doc.fields.filter((field) => !["section", "help"].includes(field.type));
  const things = (fields, prefix) => fields.filter((field) => field.type === "reference" && !field.many).flatMap((field) =>
    (about.fieldsOf[field.form] || []).map(([key, label]) => [`${prefix}${field.key}.${key}`, `${Editor.nameOf(field)} › ${label}`]));
  const plain = () => valued().filter((field) => !["table", "attachment", "image", "signature"].includes(field.type)).map((field) => [field.key, Editor.nameOf(field)]);
  const tables = () => valued().filter((field) => field.type === "table").map((field) => [field.key, Editor.nameOf(field)]);

  const repetition = (key) => {
    const columns = (Editor.fieldByKey(key).fields || []).slice(0, 3).map((column) => `{{ row.${column.key} }}`).join(" ");
    return `{% for row in ${key} %}\n${columns}\n{% endfor %}`;
  };

  const inserter = (areas) => {
    const groups = [
      [t("fields"), plain().map(([key, label]) => [`{{ ${key} }}`, label])],
      [t("referred"), things(valued(), "").map(([key, label]) => [`{{ ${key} }}`, label])],
      [t("tables"), tables().flatMap(([key, label]) => [[`{{ ${key} }}`, label], [repetition(key), t("each_row", { name: label })]])],
      [t("other_names"), Object.entries(about.names).map(([key, label]) => [`{{ ${key} }}`, label])],
      [t("conditions"), plain().slice(0, 1).map(([key]) => [`{% if ${key} %}…{% else %}…{% endif %}`, t("if_filled")])],
    ];
    let last = null;
    areas.forEach((area) => area.addEventListener("focus", () => { last = area; }));
    const picker = h("select", { class: "form-control form-control-small letter-insert", "aria-label": t("insert_name"), onchange: () => {
      const area = last || areas.find((one) => one.matches("textarea"));
      area.setRangeText(picker.value, area.selectionStart ?? area.value.length, area.selectionEnd ?? area.value.length, "end");
      area.dispatchEvent(new Event("input"));
      area.focus();
      picker.value = "";
    } }, h("option", { value: "" }, `${t("insert_name")}…`),
    groups.filter(([, choices]) => choices.length).map(([label, choices]) => h("optgroup", { label }, choices.map(([text, name]) => h("option", { value: text }, name)))));
    return picker;
  };

  // -- one letter --------------------------------------------------------------------------------------------

  const inLanguages = (letter, path, name, caption, rows) => {
    const areas = [];
    const box = property({ path: `${path}.${name}`, label: caption, width: 12, group: true }, h("div", { class: "form-grid form-grid-bare" }, LANGUAGES.map(([language, said, lang]) => {
      const area = typed(letter[name]?.[language], (text) => {
        letter[name] = { ...(letter[name] || {}), [language]: text };
        if (!text) delete letter[name][language];
        Editor.changed();
      }, { lang, spellcheck: "false", ...(rows ? { rows, class: "form-control letter-template" } : { maxlength: 250 }) });
      areas.push(area);
      return property({ path: `${path}.${name}.${language}`, label: t(said), width: 6 }, area);
    })));
    return { box, areas };
  };

  const sources = () => [["", t("none")], ...plain(), ...things(valued(), "")];

  const states = (letter) => h("div", { class: "checks" }, (Editor.doc.workflow?.states || []).map((state) => {
    const check = h("input", { type: "checkbox", checked: (letter.states || []).includes(state.key), onchange: () => {
      const rest = (letter.states || []).filter((key) => key !== state.key);
      put(letter, "states", check.checked ? [...rest, state.key] : rest);
    } });
    return h("label", { class: "check" }, check, h("span", {}, Editor.text(state.label) || state.key));
  }));

  const sheet = (answer) => {
    const lines = (text) => h("div", { class: "letter-to" }, text);
    const block = (one) => one.rows.length
      ? h("table", {}, h("thead", {}, h("tr", {}, one.rows[0].map((cell) => h("th", { scope: "col" }, cell)))),
        h("tbody", {}, one.rows.slice(1).map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell))))))
      : h("p", {}, one.lines.join("\n"));
    const to = [answer.recipient, answer.address].filter(Boolean).join("\n");
    return h("article", { class: "sheet letter-preview" }, h("div", { class: "letter", lang: answer.language === "en" ? "en" : "zh-CN" },
      h("div", { class: "letter-head" }, h("div", { class: "letter-company" }, answer.company), h("div", { class: "letter-facts" }, answer.number)),
      to ? lines(to) : null, h("h1", {}, answer.subject), answer.blocks.map(block)));
  };

  const preview = (letter, path) => {
    const place = h("div", { class: "letter-shown", "aria-live": "polite" });
    const sample = select([["", t("empty_sample")], ...about.samples.map((one) => [one.id, one.label])], about.samples[0]?.id || "", () => {}, { "aria-label": t("sample") });
    const language = select(LANGUAGES.map(([key, said]) => [key, t(said)]), data.language, () => {}, { "aria-label": t("language") });
    const show = async () => {
      const response = await window.Backoffice.fetch(Editor.root.dataset.letterPreview, { json: { definition: Editor.outgoing(), letter: letter.key, record: sample.value, language: language.value } }).catch(() => null);
      const answer = response ? await response.json().catch(() => ({})) : {};
      if (response?.ok) place.replaceChildren(sheet(answer));
      else place.replaceChildren(h("p", { class: "field-error" }, icon("exclamation-circle"), h("span", {}, Object.values(answer.error?.errors || {}).flat().join(" ") || answer.error?.message || t("save_failed"))));
    };
    return h("div", { class: "span-12 letter-trial", "data-letter": path },
      h("div", { class: "button-line" }, sample, language, textButton(t("preview"), "eye", show, "secondary")), place);
  };

  const open = new WeakSet();
  const fresh = new WeakSet();
  const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[0-9_]+|_+$/g, "").slice(0, 60);
  const freeKey = (wanted, but) => {
    const taken = new Set(letters().filter((one) => one !== but).map((one) => one.key));
    let key = wanted;
    for (let number = 2; taken.has(key); number += 1) key = `${wanted}_${number}`;
    return key;
  };

  const body = (letter, path) => {
    const subject = inLanguages(letter, path, "subject", t("letter_subject"), 0);
    const text = inLanguages(letter, path, "body", t("letter_body"), 14);
    const published = about.published.includes(letter.key);
    const label = property({ path: `${path}.label`, label: t("letter_label"), width: 9, group: true }, Editor.bilingual(letter, "label"));
    label.addEventListener("input", (event) => {
      const key = event.target.lang === "en" && fresh.has(letter) && slug(event.target.value);
      if (key) {
        letter.key = freeKey(key, letter);
        Editor.changed();
      }
    });
    label.addEventListener("change", () => redraw());
    return [
      label,
      property({ path: `${path}.key`, label: data.properties.key.label, width: 3 }, typed(letter.key, (value) => { fresh.delete(letter); letter.key = value.trim(); Editor.changed(); },
        { class: "form-control mono", readOnly: published, spellcheck: "false", maxlength: 60 })),
      property({ path: `${path}.recipient`, label: t("letter_recipient"), width: 4 }, select(sources(), letter.recipient || "", (value) => put(letter, "recipient", value))),
      property({ path: `${path}.address`, label: t("letter_address"), width: 4 }, select(sources(), letter.address || "", (value) => put(letter, "address", value))),
      property({ path: `${path}.written_on`, label: t("letter_written_on"), help: t("letter_written_on_help"), width: 4 },
        select([["", t("none")], ...valued().filter((field) => field.type === "date").map((field) => [field.key, Editor.nameOf(field)])], letter.written_on || "", (value) => put(letter, "written_on", value))),
      property({ path: `${path}.numbering`, label: t("letter_numbering"), help: t("letter_numbering_help"), width: 6 },
        typed(letter.numbering, (value) => put(letter, "numbering", value.trim()), { class: "form-control mono", spellcheck: "false", maxlength: 100 }), h("p", { class: "field-example", "data-example": "" })),
      Editor.doc.workflow ? property({ path: `${path}.states`, label: t("letter_states"), help: t("letter_states_help"), width: 12, group: true }, states(letter)) : null,
      subject.box,
      text.box,
      h("div", { class: "span-12" }, inserter([...subject.areas, ...text.areas]), h("p", { class: "field-help" }, t("letter_help"))),
      preview(letter, path),
    ];
  };

  const move = (letter, by) => {
    const list = letters();
    const at = list.indexOf(letter);
    list.splice(at, 1);
    list.splice(at + by, 0, letter);
    Editor.changed();
    redraw();
    box.querySelectorAll(".field-row")[at + by]?.querySelector(by < 0 ? "[data-up]" : "[data-down]")?.focus();
  };

  const remove = async (letter) => {
    const answer = await window.Backoffice.confirm({ title: t("delete_part_title", { name: nameOf(letter) }), text: t("letter_delete"), button: t("delete"), kind: "danger" });
    if (!answer) return;
    put(Editor.doc, "letters", letters().filter((one) => one !== letter));
    redraw();
  };

  const row = (letter, at) => {
    const path = `letters.${letter.key}`;
    const shown = open.has(letter);
    const flip = () => {
      if (open.has(letter)) open.delete(letter);
      else open.add(letter);
      redraw();
      box.querySelectorAll(".field-row-toggle")[at]?.focus();
    };
    const toggle = h("button", { type: "button", class: "field-row-toggle", "aria-expanded": String(shown), onclick: flip },
      icon("chevron-right"), h("span", { class: "field-row-icon" }, icon("envelope-paper")), h("span", { class: "field-row-name" }, nameOf(letter)), h("span", { class: "field-row-meta" }, letter.key));
    return h("li", { class: `field-row${shown ? " is-open" : ""}`, "data-path": path },
      h("div", { class: "field-row-head" }, toggle, h("span", { class: "field-row-tools" },
        iconButton(t("move_up"), "arrow-up", () => move(letter, -1), { disabled: at === 0, "data-up": "" }),
        iconButton(t("move_down"), "arrow-down", () => move(letter, 1), { disabled: at === letters().length - 1, "data-down": "" }),
        iconButton(t("delete"), "trash", () => remove(letter)))),
      h("p", { class: "field-error field-row-error", "data-error": "", hidden: true }, icon("exclamation-circle"), h("span")),
      shown && h("div", { class: "field-row-body" }, h("div", { class: "form-grid" }, body(letter, path))));
  };

  const add = () => {
    const letter = { key: freeKey("letter"), label: {}, subject: {}, body: {} };
    Editor.doc.letters = [...letters(), letter];
    fresh.add(letter);
    open.add(letter);
    Editor.changed();
    redraw();
    box.querySelector(".field-row:last-child .field-row-body input")?.focus();
  };

  const box = h("div", {});

  const redraw = () => {
    const list = letters();
    box.replaceChildren(
      list.length ? h("ol", { class: "field-rows" }, list.map(row)) : h("div", { class: "empty empty-small" }, icon("envelope-paper"), h("p", { class: "empty-title" }, t("no_letters")), h("p", { class: "empty-text" }, t("no_letters_text"))),
      h("div", { class: "button-line" }, list.length < about.max ? textButton(t("add_letter"), "plus-lg", add, "secondary") : null));
    Editor.showProblems();
  };

  Editor.letterList = () => {
    redraw();
    return [box];
  };

  /* What a letter, and a property of it, is called. */
  Editor.letterName = (key, name) => {
    const letter = letters().find((one) => one.key === key);
    return [letter ? nameOf(letter) : key, name && (data.texts[`letter_${name}`] || "")].filter(Boolean).join(" › ");
  };

  Editor.openLetter = (key) => {
    const letter = letters().find((one) => one.key === key);
    if (letter) open.add(letter);
    redraw();
  };
})();
