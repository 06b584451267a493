/* The form editor's table of options: key, label in both languages, colour, retired, order. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, data, put, iconButton, textButton } = Editor;

  const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 60);

  const freeKey = (options, wanted) => {
    const taken = new Set(options.map((option) => option.key));
    const base = wanted || "option";
    if (wanted && !taken.has(wanted)) return wanted;
    let number = wanted ? 2 : options.length + 1;
    while (taken.has(`${base}_${number}`)) number += 1;
    return `${base}_${number}`;
  };

  const parseLine = (line) => {
    const [zh = "", en = "", key = ""] = line.split(/[|\t｜]/).map((part) => part.trim());
    return { zh, en, key };
  };

  Editor.optionsEditor = function (field, context) {
    const published = new Set(context.publishedOptions(field));
    const options = [...(field.options || [])];
    const body = h("div", { class: "option-list" });

    const keep = () => put(field, "options", options);

    const move = (index, by) => {
      const [one] = options.splice(index, 1);
      options.splice(index + by, 0, one);
      keep();
      draw();
      body.children[index + by]?.querySelector(by < 0 ? "[data-up]" : "[data-down]")?.focus();
    };

    const label = (option, language, caption) =>
      Editor.typed(option.label?.[language], (text) => {
        option.label = { ...(option.label || {}), [language]: text };
        if (!text) delete option.label[language];
        if (language === "en" && !option.touched && !published.has(option.key) && slug(text)) {
          option.key = freeKey(options.filter((one) => one !== option), slug(text));
          rowOf(option).querySelector("[data-key]").value = option.key;
        }
        keep();
      }, { "aria-label": caption, placeholder: caption, class: "form-control form-control-small" });

    const rowOf = (option) => body.children[options.indexOf(option)];

    const row = (option, index) => {
      const fixed = published.has(option.key);
      const key = Editor.typed(option.key, (text) => {
        option.key = text.trim();
        Object.defineProperty(option, "touched", { value: true, enumerable: false, configurable: true });
        keep();
      }, { "aria-label": t("option_key"), readOnly: fixed, "data-key": "", class: "form-control form-control-small mono", maxlength: 60, spellcheck: "false" });
      const dot = h("span", { class: `dot dot-${option.color || "gray"}`, "aria-hidden": "true" });
      const color = Editor.select(Object.entries(data.colors), option.color || "", (value) => {
        if (value) option.color = value;
        else delete option.color;
        dot.className = `dot dot-${value || "gray"}`;
        keep();
      }, { "aria-label": t("option_color"), class: "form-control form-control-small" });
      const retired = h("input", { type: "checkbox", checked: Boolean(option.retired), onchange: () => {
        if (retired.checked) option.retired = true;
        else delete option.retired;
        keep();
      } });
      return h("div", { class: "option-row", "data-option": "" },
        label(option, "zh", t("chinese")),
        label(option, "en", t("english")),
        key,
        h("span", { class: "option-color" }, dot, color),
        h("label", { class: "check" }, retired, h("span", {}, t("option_retired"))),
        h("span", { class: "option-tools" },
          iconButton(t("move_up"), "arrow-up", () => move(index, -1), { disabled: index === 0, "data-up": "" }),
          iconButton(t("move_down"), "arrow-down", () => move(index, 1), { disabled: index === options.length - 1, "data-down": "" }),
          iconButton(t("delete"), "trash", () => { options.splice(index, 1); keep(); draw(); add.focus(); }, { disabled: fixed })));
    };

    const draw = () => body.replaceChildren(...options.map(row));

    const append = ({ zh, en, key }) => {
      if (options.length >= data.limits.options) return;
      const option = { key: freeKey(options, /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(key || "") ? key : slug(en || (/^[\x20-\x7e]+$/.test(zh || "") ? zh : ""))) };
      if (zh || en) option.label = { ...(zh ? { zh } : {}), ...(en ? { en } : {}) };
      options.push(option);
    };

    const add = textButton(t("add_option"), "plus-lg", () => {
      append({});
      keep();
      draw();
      body.lastElementChild?.querySelector("input").focus();
    });

    const area = h("textarea", { class: "form-control", rows: 5, "aria-label": t("add_options") });
    const many = h("div", { class: "option-many", hidden: true },
      h("p", { class: "field-help" }, t("add_options_help")),
      area,
      textButton(t("insert"), "", () => {
        area.value.split("\n").map((line) => line.trim()).filter(Boolean).forEach((line) => append(parseLine(line)));
        area.value = "";
        many.hidden = true;
        keep();
        draw();
      }, "secondary"));
    const addMany = textButton(t("add_options"), "list-ul", () => {
      many.hidden = !many.hidden;
      if (!many.hidden) area.focus();
    });

    draw();
    return h("div", { class: "options" }, body, h("div", { class: "button-line" }, add, addMany), many);
  };
})();
