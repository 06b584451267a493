/* The form editor's inputs: one for each way in which a property is entered. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, put, property, data } = Editor;

  const typed = (value, change, more = {}) => {
    const input = h(more.rows ? "textarea" : "input", {
      class: "form-control",
      value: value ?? "",
      autocomplete: "off",
      oninput: () => change(input.value),
      ...more,
    });
    return input;
  };
  Editor.typed = typed;

  /* A text in both languages, side by side. */
  const bilingual = (owner, name, rows = 0) => {
    const both = { zh: "", en: "", ...(owner[name] || {}) };
    const one = (language, caption) => {
      const more = { "aria-label": caption, placeholder: caption, lang: language === "zh" ? "zh-CN" : "en" };
      return typed(both[language], (text) => {
        both[language] = text;
        put(owner, name, { ...both });
      }, rows ? { ...more, rows } : more);
    };
    return h("div", { class: "bilingual" }, one("zh", t("chinese")), one("en", t("english")));
  };
  Editor.bilingual = bilingual;

  const numeric = (owner, name) =>
    typed(owner[name], (text) => put(owner, name, /^\d+$/.test(text.trim()) ? Number(text) : text.trim()), {
      inputmode: "numeric",
    });

  const switchFor = (owner, name, label) => {
    const box = h("input", { type: "checkbox", role: "switch", checked: Boolean(owner[name]), onchange: () => put(owner, name, box.checked) });
    return h("label", { class: "switch" }, box, h("span", {}, label));
  };

  /* A key is taken when it is written to its end: on the way there it may be another's. */
  const keyInput = (field, context) => {
    const fixed = context.isPublished(field);
    const input = typed(field.key, Editor.changed, {
      onchange: () => { input.value = context.rename(field, input.value); },
      readOnly: fixed,
      spellcheck: "false",
      autocapitalize: "none",
      class: "form-control mono",
      maxlength: 60,
    });
    return input;
  };

  const boundType = { date: "date", datetime: "datetime-local" };

  const bound = (field, name) =>
    typed(field[name], (text) => put(field, name, text.trim()), {
      type: boundType[field.type] || "text",
      inputmode: boundType[field.type] ? false : "decimal",
    });

  const optionChoices = (field) => (field.options || []).map((option) => [option.key, Editor.text(option.label) || option.key]);

  const toggleIn = (list, key, on) => (on ? [...list, key] : list.filter((one) => one !== key));

  const defaultInput = (field) => {
    const set = (value) => put(field, "default", value);
    if (field.type === "choice") return Editor.select([["", t("none")], ...optionChoices(field)], field.default ?? "", set);
    if (field.type === "multi_choice") {
      return h("div", { class: "checks" }, optionChoices(field).map(([key, label]) => {
        const box = h("input", {
          type: "checkbox",
          checked: (field.default || []).includes(key),
          onchange: () => set(toggleIn(field.default || [], key, box.checked)),
        });
        return h("label", { class: "check" }, box, h("span", {}, label));
      }));
    }
    if (field.type === "boolean") return yesNo(field.default, (value) => { field.default = value; if (value === null) delete field.default; Editor.changed(); });
    if (field.type === "person") return Editor.select([["", t("none")], ...data.people.map((one) => [one.id, one.label])], field.default ?? "", set);
    if (field.type === "department") return Editor.select([["", t("none")], ...data.departments.map((one) => [one.id, one.label])], field.default ?? "", set);
    if (field.type === "long_text") return typed(field.default, set, { rows: 3 });
    const money = field.type === "money" && typeof field.default === "object" && field.default;
    return typed(money ? field.default.amount : field.default, set, { type: boundType[field.type] || "text" });
  };

  const yesNo = (value, change) =>
    Editor.select(
      [["", t("none")], ["true", t("yes")], ["false", t("no")]],
      value === undefined || value === null ? "" : String(value),
      (chosen) => change(chosen === "" ? null : chosen === "true"),
    );
  Editor.yesNo = yesNo;

  const currencyInput = (field) =>
    typed(field.currency || "CNY", (text) => put(field, "currency", text.trim().toUpperCase()), { maxlength: 3 });

  const listInput = (field, name) =>
    typed((field[name] || []).join(", "), (text) =>
      put(field, name, text.toUpperCase().split(/[\s,，、;；]+/).filter(Boolean)));

  const kindsInput = (field, name) =>
    h("div", { class: "checks" }, Object.entries(data.fileKinds).map(([key, label]) => {
      const box = h("input", {
        type: "checkbox",
        checked: (field[name] || []).includes(key),
        onchange: () => put(field, name, toggleIn(field[name] || [], key, box.checked)),
      });
      return h("label", { class: "check" }, box, h("span", {}, label));
    }));

  const widths = ["3", "4", "6", "8", "9", "12"];

  const formulaInput = (field, context) => {
    const area = typed(field.formula, (text) => put(field, "formula", text), { rows: 3, class: "form-control mono", spellcheck: "false" });
    const insert = (text) => {
      const at = area.selectionStart ?? area.value.length;
      area.setRangeText(text, at, area.selectionEnd ?? at, "end");
      area.focus();
      put(field, "formula", area.value);
    };
    const names = context.siblings(field).filter((one) => !["section", "help", "table"].includes(one.type)).map((one) => [one.key, Editor.nameOf(one)]);
    const functions = ["sum(table, \"column\")", "count(table)", "round(x, 2)", "min(a, b)", "max(a, b)", "abs(x)", "if_(condition, a, b)",
      "days_between(a, b)", "add_days(date, 1)", "year(date)", "month(date)", "concat(a, b)", "coalesce(a, b)"];
    const picker = (caption, choices) => {
      const select = h("select", { class: "form-control form-control-small", "aria-label": caption, onchange: () => { if (select.value) insert(select.value); select.value = ""; } },
        h("option", { value: "" }, caption), choices.map(([key, label]) => h("option", { value: key }, label)));
      return select;
    };
    const tools = h("div", { class: "formula-tools" },
      picker(t("formula_fields"), names.map(([key, label]) => [key, `${label} (${key})`])),
      picker(t("formula_functions"), functions.map((one) => [one, one])));
    return [area, tools, h("p", { class: "field-help", "data-formula": "" })];
  };

  const example = () => h("p", { class: "field-help", "data-example": "" });

  /* The inputs by the way a property is entered; each returns one element or several. */
  const inputs = {
    key: keyInput,
    label: (field, _context, name) => bilingual(field, name),
    long_label: (field, _context, name) => bilingual(field, name, 2),
    text: (field, _context, name) => typed(field[name], (text) => put(field, name, text), { spellcheck: "false" }),
    number: (field, _context, name) => numeric(field, name),
    bound: (field, _context, name) => bound(field, name),
    currency: currencyInput,
    list: (field, _context, name) => listInput(field, name),
    kinds: (field, _context, name) => kindsInput(field, name),
    default: defaultInput,
    default_from: (field) =>
      Editor.select(
        [["", t("fixed_value")], ...Editor.types[field.type].defaultSources.map((one) => [one, t(one)])],
        field.default_from || "",
        (value) => put(field, "default_from", value),
      ),
    form: (field, context) =>
      Editor.select([["", t("choose")], ...data.forms.map((one) => [one.key, one.label])], field.form || "",
        (value) => put(field, "form", value), { disabled: context.isPublished(field) }),
    result: (field, context) =>
      Editor.select(Object.keys(data.resultKinds).map((one) => [one, t(`result_${one}`)]), field.result || "decimal",
        (value) => put(field, "result", value), { disabled: context.isPublished(field) }),
    width: (field) => Editor.select(widths.map((one) => [one, t(`width_${one}`)]), String(field.width || 6), (value) => put(field, "width", Number(value))),
    pattern: (field, _context, name) => [
      typed(field[name], (text) => put(field, name, text.trim()), { class: "form-control mono", spellcheck: "false" }),
      example(),
    ],
    formula: formulaInput,
    options: (field, context) => Editor.optionsEditor(field, context),
    columns: (field) => Editor.columnsEditor(field),
    rule: (field, _context, name) => Editor.ruleEditor(field, name),
  };

  const WIDE = new Set(["options", "columns", "formula", "rule", "label", "long_label", "kinds"]);
  const GROUPED = new Set(["label", "long_label", "options", "columns", "rule", "kinds"]);
  const LABEL_WIDTH = { help: 12, options: 12, columns: 12, formula: 12, rule: 12, kinds: 12 };

  /* One property of a field, labelled. */
  Editor.propertyOf = function (field, name, context) {
    const about = data.properties[name];
    const path = `${context.path(field)}.${name}`;
    if (about.input === "switch") {
      const fixed = name === "many" && context.isPublished(field);
      const control = switchFor(field, name, about.label);
      control.querySelector("input").disabled = fixed;
      return property({ path, label: "", help: about.help, width: 4, group: true }, control);
    }
    const wide = WIDE.has(about.input);
    return property(
      { path, label: about.label, help: about.help, width: LABEL_WIDTH[name] || LABEL_WIDTH[about.input] || (wide ? 6 : 3), group: GROUPED.has(about.input) || (name === "default" && field.type === "multi_choice") },
      inputs[about.input](field, context, name),
    );
  };
})();
