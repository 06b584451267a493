/* The form editor's second and third page: what the form is called, and how its list looks. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, data, put, property, select, typed, iconButton, icon } = Editor;
  const FILES = new Set(["attachment", "image", "signature", "table"]);

  const doc = () => Editor.doc;
  const section = (title, ...parts) =>
    h("section", { class: "form-section" }, h("header", { class: "form-section-head" }, h("h2", {}, title)), h("div", { class: "form-grid" }, parts));

  const plain = (name, help = "", more = {}) =>
    property({ path: name, label: t(name), help, width: more.width || 4 },
      typed(doc()[name], (text) => put(doc(), name, text.trim()), { maxlength: more.max || 100, class: more.mono ? "form-control mono" : "form-control" }), more.after);

  const iconPicker = () => {
    const current = doc().icon || "file-text";
    const box = h("div", { class: "icon-picker", role: "radiogroup" });
    box.append(...data.icons.map((name) => {
      const radio = h("input", { type: "radio", name: "form-icon", value: name, checked: name === current, "aria-label": name, onchange: () => put(doc(), "icon", name) });
      return h("label", { title: name }, radio, icon(name));
    }));
    return box;
  };

  Editor.formSettings = () => [
    section(t("form_names"),
      property({ path: "label", label: data.formProperties.label, width: 12, group: true }, Editor.bilingual(doc(), "label")),
      property({ path: "description", label: data.formProperties.description, width: 12, group: true }, Editor.bilingual(doc(), "description", 3)),
      property({ path: "group", label: t("group"), width: 4 }, select(Object.entries(data.formGroups), doc().group || "quality", (value) => put(doc(), "group", value))),
      property({ path: "icon", label: t("icon"), width: 12, group: true }, iconPicker())),
    section(t("form_identity"),
      plain("numbering", t("numbering_help"), { width: 12, mono: true, after: h("p", { class: "field-example", "data-example": "" }) }),
      plain("form_number", t("form_number_help"), { max: 60, width: 6 }),
      plain("form_revision", "", { max: 20, width: 6 })),
    ...Editor.ledgerSettings(),
  ];

  const listable = () => doc().fields.filter((field) => !["section", "help"].includes(field.type));
  const fieldChoices = (fits = () => true) => listable().filter(fits).map((field) => [field.key, Editor.nameOf(field)]);
  const systemChoices = () => Object.entries(data.systemColumns);

  /* An ordered list of keys with add, move and remove. */
  const orderedKeys = (name, choices) => {
    const box = h("div", { class: "ordered" });
    const labels = () => Object.fromEntries(choices());
    const keys = () => [...(doc()[name] || [])];
    const keep = (list) => { put(doc(), name, list); draw(); };
    const move = (index, by) => {
      const list = keys();
      const [one] = list.splice(index, 1);
      list.splice(index + by, 0, one);
      keep(list);
      box.querySelectorAll("[data-entry]")[index + by]?.querySelector(by < 0 ? "[data-up]" : "[data-down]")?.focus();
    };
    const draw = () => {
      const names = labels();
      const list = keys();
      const rows = list.map((key, index) => h("li", { class: "ordered-row", "data-entry": "" },
        h("span", { class: "ordered-name" }, names[key] || key),
        iconButton(t("move_up"), "arrow-up", () => move(index, -1), { disabled: index === 0, "data-up": "" }),
        iconButton(t("move_down"), "arrow-down", () => move(index, 1), { disabled: index === list.length - 1, "data-down": "" }),
        iconButton(t("remove"), "x-lg", () => keep(list.filter((_one, at) => at !== index)))));
      const left = choices().filter(([key]) => !list.includes(key));
      const picker = h("select", { class: "form-control", "aria-label": t("add"), onchange: () => picker.value && keep([...keys(), picker.value]) },
        h("option", { value: "" }, `${t("add")}…`), left.map(([key, label]) => h("option", { value: key }, label)));
      box.replaceChildren(h("ol", { class: "ordered-list", hidden: !list.length }, rows), left.length ? picker : "");
    };
    draw();
    return box;
  };

  const sortInputs = () => {
    const current = () => doc().sort || { field: "" };
    const set = (change) => {
      const next = { ...current(), ...change };
      if (!next.descending) delete next.descending;
      put(doc(), "sort", next.field ? next : null);
    };
    const chosen = select([["", t("sort_newest")], ...systemChoices(), ...fieldChoices((field) => !FILES.has(field.type))], current().field, (field) => set({ field }));
    const box = h("input", { type: "checkbox", checked: Boolean(current().descending), onchange: () => set({ descending: box.checked }) });
    return [chosen, h("label", { class: "check" }, box, h("span", {}, t("descending")))];
  };

  Editor.listSettings = () => [
    section(t("list_columns"),
      property({ path: "title_fields", label: t("title_fields"), help: t("title_help"), group: true }, orderedKeys("title_fields", () => fieldChoices((field) => !FILES.has(field.type)))),
      property({ path: "list_columns", label: t("list_columns"), help: t("list_help"), group: true }, orderedKeys("list_columns", () => [...systemChoices(), ...fieldChoices()])),
      property({ path: "inline_columns", label: t("inline_columns"), help: t("inline_help"), group: true },
        orderedKeys("inline_columns", () => fieldChoices((field) => !FILES.has(field.type) && !["computed", "serial"].includes(field.type) && !field.readonly && !Editor.isWritten(field.key)))),
      property({ path: "sort", label: t("sort") }, ...sortInputs()),
      property({ path: "business_key", label: t("business_key"), help: t("business_help") },
        select([["", t("none")], ...fieldChoices((field) => !FILES.has(field.type))], doc().business_key || "", (value) => put(doc(), "business_key", value)))),
  ];
})();
