/* The report editor's ground: what parts name each other, fields of forms, rules over one form, short lists. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, data, property, select, typed, iconButton, textButton } = Editor;
  const W = Editor.workflow;
  const about = data.report;
  const R = (Editor.report = { about });
  const SYSTEM = { state: "choice", owner: "person", created_by: "person", department: "department", created_at: "datetime", updated_at: "datetime", number: "text" };
  let states = [];

  /* The rule builder takes its fields from the document; here they are those of the form a rule is about. */
  delete Editor.doc.fields;
  Object.defineProperty(Editor.doc, "fields", { value: [], writable: true, enumerable: false });

  Editor.systemSources = () =>
    Object.entries(SYSTEM).map(([name, type]) => ({
      name: `@${name}`,
      label: data.systemColumns[name],
      field: { key: `@${name}`, type, ...(name === "state" ? { options: states } : {}) },
    }));

  R.list = (name) => (Editor.doc[name] = Editor.doc[name] || []);
  R.figureParts = () => [...R.list("measures"), ...R.list("ratios")];
  R.named = (...names) => names.flatMap((name) => W.called(R.list(name)));
  R.form = (key) => about.forms.find((form) => form.key === key);
  R.source = (key) => R.list("sources").find((source) => source.key === key);
  R.formOfSource = (key) => R.form(R.source(key)?.form);
  R.formOfMeasure = (key) => {
    const ratio = R.list("ratios").find((one) => one.key === key);
    const measure = R.list("measures").find((one) => one.key === (ratio ? ratio.part : key));
    return R.formOfSource(measure?.source);
  };

  R.rule = (owner, name, path, formKey) => {
    const form = data.forms[formKey] || { fields: [], states: [] };
    Editor.doc.fields = form.fields;
    states = form.states;
    return W.rule(owner, name, path);
  };

  // -- what names what ---------------------------------------------------------------------------------------

  const entries = (parts, name) => R.list(parts).flatMap((owner) =>
    Array.isArray(owner[name]) ? owner[name].map((_key, index) => [owner[name], index]) : [[owner, name]]);
  const NAMED_BY = {
    sources: () => entries("measures", "source"),
    figures: () => [...entries("ratios", "part"), ...entries("ratios", "whole"), ...entries("analyses", "measures")],
    groupings: () => entries("analyses", "by"),
    analyses: () => [],
  };
  const BESIDE = { figures: ["targets", "measure"], analyses: ["plans", "analysis"] };
  const places = (kind, key) => NAMED_BY[kind]().filter(([owner, name]) => owner[name] === key);

  R.uses = (kind) => (key) => places(kind, key).length;

  R.follow = (kind) => (before, after) => {
    places(kind, before).forEach(([owner, name]) => { owner[name] = after; });
    const [section, name] = BESIDE[kind] || [];
    if (!section) return;
    R.list(section).filter((one) => one[name] === before).forEach((one) => { one[name] = after; });
    for (const one of Editor.root.querySelectorAll(`[data-path^="${section}.${before}"]`)) {
      const rest = one.dataset.path.slice(`${section}.${before}`.length);
      if (!rest || rest.startsWith(".")) one.dataset.path = `${section}.${after}${rest}`;
    }
  };

  /* Targets and plans belong to a figure or an analysis, and go with it. */
  Editor.onChange(() => {
    const keys = (...sections) => new Set(sections.flatMap((section) => R.list(section).map((one) => one.key)));
    const keep = (section, name, known) => { Editor.doc[section] = R.list(section).filter((one) => known.has(one[name])); };
    keep("targets", "measure", keys("measures", "ratios"));
    keep("plans", "analysis", keys("analyses"));
  });

  // -- pieces of pages ---------------------------------------------------------------------------------------

  R.section = (title, ...parts) =>
    h("section", { class: "form-section" }, h("header", { class: "form-section-head" }, h("h2", {}, title)), h("div", { class: "form-grid" }, parts));

  R.words = () => h("p", { class: "rule-words span-12", "data-words": "" });

  R.checks = (choices, chosen, change) =>
    h("div", { class: "checks" }, choices.map(([key, label]) => {
      const box = h("input", { type: "checkbox", checked: chosen().includes(key), onchange: () => {
        const rest = chosen().filter((one) => one !== key);
        change(choices.map(([one]) => one).filter((one) => (one === key ? box.checked : rest.includes(one))));
      } });
      return h("label", { class: "check" }, box, h("span", {}, label));
    }));

  /* A short list without keys, one line each. */
  R.lines = function ({ list, path, line, make, add, empty = "", max = 10, changed }) {
    const box = h("div", { class: "line-list" });
    const keep = (items) => {
      changed(items);
      draw();
    };
    const adder = textButton(add, "plus-lg", () => {
      keep([...list(), make()]);
      box.querySelector(":scope > [data-path]:nth-last-child(2)").querySelector("input, select").focus();
    });
    const remove = (item) => {
      keep(list().filter((one) => one !== item));
      adder.focus();
    };
    const draw = () => {
      const items = list();
      box.replaceChildren(
        ...items.map((item, at) => h("div", { "data-path": `${path}.${at}` },
          h("div", { class: "line-row" }, line(item), iconButton(t("remove"), "x-lg", () => remove(item))),
          W.errorLine())),
        ...(items.length || !empty ? [] : [h("p", { class: "muted" }, empty)]),
        h("div", { class: "button-line" }, adder));
      adder.hidden = items.length >= max;
      Editor.showProblems();
    };
    draw();
    return box;
  };

  const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

  /* What a new record of a form begins with: a raw value for each of some fields. */
  R.values = function (owner, path, formKey) {
    const pairs = Object.entries(owner.values || {}).map(([field, value]) => ({ field, value }));
    const keep = () => {
      owner.values = Object.fromEntries(pairs.filter((one) => one.field).map((one) => [one.field, one.value]));
      if (!Object.keys(owner.values).length) delete owner.values;
      Editor.changed();
    };
    return R.property(path, "values", { width: 12, group: true, help: t("values_help") }, R.lines({
      list: () => pairs,
      path: `${path}.values`,
      changed: (items) => {
        pairs.splice(0, pairs.length, ...items);
        keep();
      },
      make: () => ({ field: "", value: "" }),
      add: t("add_value"),
      max: 40,
      line: (pair) => [
        select([["", t("choose")], ...(R.form(formKey)?.values || [])], pair.field, (key) => { pair.field = key; keep(); }, { "aria-label": t("field") }),
        typed(asText(pair.value), (text) => { pair.value = text; keep(); }, { "aria-label": t("value"), class: "form-control line-value" }),
      ],
    }));
  };

  /* Such values as far as another form has their fields too. */
  R.valuesFor = (owner, formKey) => {
    const known = (key) => R.form(formKey)?.values.some(([one]) => one === key);
    const kept = Object.entries(owner?.values || {}).filter(([key]) => known(key));
    return kept.length ? { values: Object.fromEntries(kept) } : {};
  };

  R.forms = () => about.forms.map((one) => [one.key, Editor.text(one.label) || one.key]);

  R.property = (path, name, more, ...inputs) => property({ path: `${path}.${name}`, label: W.caption(name), width: 4, ...more }, ...inputs);
})();
