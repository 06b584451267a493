/* The report editor's analyses: their kind, figures, groupings, and the options that a kind has. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, data, select, typed, property } = Editor;
  const { workflow: W, report: R } = Editor;
  const { about } = R;

  const kindOf = (item) => about.kinds.find((kind) => kind.key === item.kind);
  const sameLabel = (one, other) => Boolean(one && other) && one.zh === other.zh && one.en === other.en;
  const isNumber = (text) => /^-?\d+$/.test(text);

  const plainFigures = (kind) => (kind?.plain ? R.named("measures") : R.named("measures", "ratios"));

  // -- options -------------------------------------------------------------------------------------------------

  const whole = (owner, name) =>
    typed(owner[name], (text) => W.set(owner, name, isNumber(text.trim()) ? Number(text) : text.trim()), { inputmode: "numeric", placeholder: t("usual") });

  const number = (owner, name) =>
    typed(owner[name], (text) => W.set(owner, name, text.trim()), { inputmode: "decimal", placeholder: t("usual") });

  const wholes = (owner, name) =>
    typed((owner[name] || []).join(", "), (text) =>
      W.set(owner, name, text.split(/[\s,，、;；]+/).filter(Boolean).map((one) => (isNumber(one) ? Number(one) : one))), { placeholder: t("usual") });

  const nelson = (owner, name) =>
    R.checks(about.nelson, () => (owner[name] || []).map(String), (chosen) => W.set(owner, name, chosen.map(Number)));

  const choice = (owner, name) =>
    select([["", t("usual")], ...about.charts], owner[name] || "", (value) => W.set(owner, name, value));

  const picked = (choices) => (owner, name, item) =>
    W.picker([W.listOf(owner, name, () => choices(R.formOfMeasure(item.measures?.[0])))], t("options"));

  const scores = (owner, name, item) => {
    const grouping = R.list("groupings").find((one) => one.key === item.by?.[0]);
    const form = data.forms[R.formOfMeasure(item.measures?.[0])?.key];
    const options = form?.fields.find((one) => one.key === grouping?.field)?.options || [];
    if (!options.length) return json(owner, name);
    const input = (option) => typed(owner[name]?.[option.key], (text) => {
      const next = { ...owner[name], [option.key]: text.trim() };
      if (!text.trim()) delete next[option.key];
      if (Object.keys(next).length) owner[name] = next;
      else delete owner[name];
      Editor.changed();
    }, { inputmode: "decimal", "aria-label": Editor.text(option.label) || option.key });
    return h("div", { class: "report-choice" }, options.flatMap((option) => [h("span", {}, Editor.text(option.label) || option.key), input(option)]));
  };

  const labelOf = (limit) => {
    const box = Editor.bilingual(limit, "label");
    box.addEventListener("input", () => { limit.label = limit.label || {}; });
    return box;
  };

  const limits = (owner, name, _item, path) => R.lines({
    list: () => owner[name] || [],
    path: `${path}.${name}`,
    changed: (items) => W.set(owner, name, items),
    make: () => ({ value: "", per: 1000, label: {} }),
    add: t("add_limit"),
    line: (limit) => [
      h("span", { class: "muted" }, t("limit_value")),
      typed(limit.value, (text) => { limit.value = text.trim(); Editor.changed(); }, { inputmode: "decimal", "aria-label": t("limit_value"), class: "form-control line-number" }),
      h("span", { class: "muted" }, t("limit_per")),
      typed(limit.per, (text) => { limit.per = isNumber(text.trim()) ? Number(text) : text.trim(); Editor.changed(); }, { inputmode: "numeric", "aria-label": t("limit_per"), class: "form-control line-number" }),
      labelOf(limit),
      typed(limit.key, (text) => { W.set(limit, "key", text.trim()); }, { "aria-label": W.caption("key"), placeholder: W.caption("key"), class: "form-control mono line-number", spellcheck: "false" }),
    ],
  });

  /* An option that nobody described: as it is written. */
  const json = (owner, name) => {
    const note = h("p", { class: "field-error", hidden: true }, t("bad_json"));
    const area = typed(owner[name] === undefined ? "" : JSON.stringify(owner[name]), (text) => {
      note.hidden = true;
      try {
        if (text.trim()) owner[name] = JSON.parse(text);
        else delete owner[name];
        Editor.changed();
      } catch {
        note.hidden = false;
      }
    }, { rows: 3, class: "form-control mono", spellcheck: "false" });
    return [area, note];
  };

  const INPUTS = { whole, number, wholes, nelson, choice, limits, scores, json, clocks: picked((form) => form?.clocks || []), fields: picked((form) => form?.columns || []) };
  const WIDE = new Set(["nelson", "limits", "scores", "json", "clocks", "fields"]);

  const options = (item, path) => {
    const known = kindOf(item)?.options || [];
    item.options = item.options || {};
    const strange = Object.keys(item.options).filter((name) => !known.some((one) => one.name === name));
    const all = [...known, ...strange.map((name) => ({ name, label: name, help: "", input: "json" }))];
    if (!all.length) return [];
    return [W.heading(t("options")), ...all.map((one) => property(
      { path: `${path}.options.${one.name}`, label: one.label, help: one.help, width: WIDE.has(one.input) ? 12 : 4, group: WIDE.has(one.input) },
      INPUTS[one.input](item.options, one.name, item, `${path}.options`)))];
  };

  /* The record that is begun when the analysis finds something. */
  const planOf = (item) => R.list("plans").find((one) => one.analysis === item.key);

  const plan = (item, redraw) => {
    const when = kindOf(item)?.finds;
    if (!when && !planOf(item)) return [];
    const path = `plans.${item.key}`;
    const found = planOf(item);
    const choose = select([["", t("no_plan")], ...R.forms()], found?.form || "", (form) => {
      const rest = R.list("plans").filter((one) => one !== found);
      const { values: _former, ...kept } = found || { label: {} };
      Editor.doc.plans = form ? [...rest, { ...kept, analysis: item.key, when: when || found.when, form, ...R.valuesFor(found, form) }] : rest;
      Editor.changed();
      redraw();
    });
    return [h("div", { class: "form-grid form-grid-bare span-12", "data-path": path },
      W.heading(t(when === "over" ? "plan_over" : "plan_abnormal")),
      R.property(path, "form", { width: 6, label: t("plan_form") }, choose),
      found ? [W.label(found, "label", path, { width: 6, caption: t("plan_label") }), R.values(found, path, found.form)] : [],
      W.errorLine())];
  };

  // -- analyses ------------------------------------------------------------------------------------------------

  /* What a kind needs at least is chosen at once, as far as there is any. */
  const fill = (item) => {
    const kind = kindOf(item);
    const top = (name, choices, least) => {
      const chosen = (item[name] || []).filter((key) => choices.some(([one]) => one === key));
      const left = choices.map(([key]) => key).filter((key) => !chosen.includes(key));
      item[name] = [...chosen, ...left.slice(0, Math.max(0, least - chosen.length))];
      if (!item[name].length) delete item[name];
    };
    top("measures", plainFigures(kind), kind.measures);
    top("by", R.named("groupings"), kind.groupings);
  };

  const body = (item, context, path) => {
    const kind = kindOf(item);
    const place = h("div", { class: "form-grid span-12 form-grid-bare" });
    const drawOptions = () => Editor.redraw(place, () =>
      place.replaceChildren(...options(item, `analyses.${item.key}`), ...plan(item, drawOptions)));
    const keys = (name, choices, help, more = {}) => R.property(path, name, { width: 6, group: true, help, ...more },
      W.picker([W.listOf(item, name, choices, { set: (list) => { W.set(item, name, list); drawOptions(); } })], W.caption(name)));
    const least = (count) => (count ? t("measures_help", { count }) : "");
    const choose = select(about.kinds.map((one) => [one.key, Editor.text(one.label)]), item.kind, (value) => {
      if (!item.label?.zh && !item.label?.en || sameLabel(item.label, kind?.label)) item.label = { ...about.kinds.find((one) => one.key === value).label };
      item.kind = value;
      item.options = {};
      fill(item);
      context.suggest(item, value);
      Editor.changed();
      context.redraw(item);
    });
    drawOptions();
    return [
      R.property(path, "kind", { width: 6, help: kind?.about || "" }, choose),
      context.label(item),
      keys("measures", () => plainFigures(kindOf(item)), kind?.measures ? least(kind.measures) : t("measures_any")),
      keys("by", () => R.named("groupings"), least(kind?.groupings)),
      place,
      W.label(item, "note", path, { width: 9, rows: 2 }),
      context.keyInput(item),
    ];
  };

  R.analyses = () => W.rows({
    list: () => R.list("analyses"),
    path: "analyses",
    renamed: R.follow("analyses"),
    meta: (item) => [W.quiet(Editor.text(kindOf(item)?.label) || item.kind)],
    body,
    make: () => {
      const item = { key: "breakdown", kind: "breakdown", label: { ...about.kinds.find((one) => one.key === "breakdown").label } };
      fill(item);
      return item;
    },
    addLabel: t("add_analysis"),
    emptyText: t("no_analyses"),
    max: about.max,
  });
})();
