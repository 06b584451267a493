/* The report editor's sources, figures, ratios and groupings. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, data, select, typed } = Editor;
  const { workflow: W, report: R } = Editor;
  const { about } = R;

  const emptyLabel = (item) => !item.label?.zh && !item.label?.en;
  const whole = (text) => (/^\d+$/.test(text.trim()) ? Number(text) : text.trim());

  // -- sources -------------------------------------------------------------------------------------------------

  const sourceBody = (item, context, path) => {
    const form = R.form(item.form);
    const chosen = () => {
      const next = R.form(item.form);
      item.date = next?.dates.some(([key]) => key === item.date) ? item.date : next?.dates[0]?.[0] || "";
      if (emptyLabel(item)) item.label = { ...next?.label };
      context.suggest(item, item.form);
      Editor.changed();
      context.redraw(item);
    };
    return [
      W.choice(item, "form", path, R.forms(), { chosen, width: 6 }),
      W.choice(item, "date", path, form?.dates || [], { width: 6 }),
      context.label(item),
      context.keyInput(item),
      W.flag(item, "with_void", path, { width: 3 }),
      R.rule(item, "where", path, item.form),
    ];
  };

  R.sources = () => W.rows({
    list: () => R.list("sources"),
    path: "sources",
    renamed: R.follow("sources"),
    uses: R.uses("sources"),
    meta: (item) => [W.quiet(Editor.text(R.form(item.form)?.label) || item.form)],
    body: sourceBody,
    make: () => ({ key: "source", form: "", date: "" }),
    addLabel: t("add_source"),
    emptyText: t("no_sources"),
    max: 20,
  });

  // -- figures -------------------------------------------------------------------------------------------------

  const kindOf = (item) => (item.kind === "average" && "until" in item ? "days" : item.kind || "count");

  const setKind = (item, kind) => {
    const plain = kind === "days" ? "average" : kind;
    if (kind === "days") item.until = item.until || "";
    else delete item.until;
    if (kind === "count") delete item.field;
    if (kind !== "sum") delete item.weights;
    if (plain === "average" && !item.decimals) item.decimals = 1;
    W.set(item, "kind", plain, "count");
  };

  const fieldsFor = (item, form) => {
    const kind = kindOf(item);
    if (!form) return [];
    if (kind === "days") return form.dates;
    if (kind === "distinct") return form.values;
    return kind === "sum" ? [...form.numbers, ...form.weighed] : form.numbers;
  };

  /* What each option of a choice counts for. */
  const weights = (item, path) => {
    const form = data.forms[R.source(item.source)?.form];
    const field = form?.fields.find((one) => one.key === item.field);
    if (kindOf(item) !== "sum" || !field?.options?.length) return null;
    const input = (option) => typed(item.weights?.[option.key], (text) => {
      const next = { ...item.weights, [option.key]: text.trim() };
      if (!text.trim()) delete next[option.key];
      item.weights = next;
      if (!Object.keys(next).length) delete item.weights;
      Editor.changed();
    }, { inputmode: "decimal", "aria-label": Editor.text(option.label) || option.key });
    return R.property(path, "weights", { width: 12, group: true, help: t("weights_help") },
      h("div", { class: "report-choice" }, field.options.flatMap((option) => [h("span", {}, Editor.text(option.label) || option.key), input(option)])));
  };

  const targetOf = (item) => R.list("targets").find((one) => one.measure === item.key);

  const target = (item) => {
    const put = () => {
      const found = targetOf(item);
      const rest = R.list("targets").filter((one) => one !== found);
      const said = { measure: item.key, value: value.value.trim(), better: better.value };
      Editor.doc.targets = said.value ? [...rest, said] : rest;
      Editor.changed();
    };
    const better = select(about.better, targetOf(item)?.better || "lower", put, { "aria-label": W.caption("better") });
    const value = typed(targetOf(item)?.value, put, { inputmode: "decimal", placeholder: t("no_target"), class: "form-control line-number" });
    return Editor.property({ path: `targets.${item.key}`, label: W.caption("value"), width: 6, group: true },
      h("div", { class: "line-row" }, value, h("span", { class: "muted" }, W.caption("better")), better));
  };

  const shape = (item, path) => [
    W.whole(item, "decimals", path, { width: 3, normal: item.per === undefined ? 0 : 2 }),
    W.label(item, "unit", path, { width: 6 }),
  ];

  const measureBody = (item, context, path) => {
    const kind = kindOf(item);
    const form = R.formOfSource(item.source);
    const again = () => context.redraw(item);
    const kinds = select(about.measures, kind, (value) => { setKind(item, value); again(); });
    return [
      R.words(),
      context.label(item),
      context.keyInput(item),
      W.choice(item, "source", path, R.named("sources"), { width: 4, chosen: again }),
      R.property(path, "kind", {}, kinds),
      kind === "count" ? null : W.choice(item, "field", path, fieldsFor(item, form), { width: 4, chosen: again, caption: kind === "days" ? t("from") : W.caption("field") }),
      kind === "days" ? W.choice(item, "until", path, form?.dates || [], { width: 4, chosen: () => { item.until = item.until ?? ""; } }) : null,
      weights(item, path),
      ...shape(item, path),
      target(item),
      R.rule(item, "where", path, R.source(item.source)?.form),
    ].filter(Boolean);
  };

  const ratioBody = (item, context, path) => [
    R.words(),
    context.label(item),
    context.keyInput(item),
    W.choice(item, "part", path, R.named("measures")),
    W.choice(item, "whole", path, R.named("measures")),
    R.property(path, "per", { width: 3 }, h("datalist", { id: `per-${item.key}` }, ["1", "100", "1000", "1000000"].map((value) => h("option", { value }))),
      typed(item.per ?? 1, (text) => W.set(item, "per", whole(text)), { inputmode: "decimal", list: `per-${item.key}` })),
    W.whole(item, "decimals", path, { width: 3, normal: 2 }),
    W.label(item, "unit", path, { width: 6 }),
    target(item),
  ];

  const unitOf = (item) => Editor.text(item.unit);

  const measures = () => W.rows({
    list: () => R.list("measures"),
    named: R.figureParts,
    path: "measures",
    renamed: R.follow("figures"),
    uses: R.uses("figures"),
    meta: (item) => [W.quiet(Object.fromEntries(about.measures)[kindOf(item)]), W.quiet(unitOf(item)), targetOf(item) && W.tag(`${W.caption("value")} ${targetOf(item).value}`, "blue")],
    body: measureBody,
    make: () => ({ key: "figure", label: {}, source: R.list("sources")[0]?.key || "" }),
    addLabel: t("add_measure"),
    emptyText: R.list("sources").length ? t("no_measures") : t("source_first"),
    max: about.max,
  });

  const ratios = () => W.rows({
    list: () => R.list("ratios"),
    named: R.figureParts,
    path: "ratios",
    renamed: R.follow("figures"),
    uses: R.uses("figures"),
    meta: (item) => [W.quiet(unitOf(item)), targetOf(item) && W.tag(`${W.caption("value")} ${targetOf(item).value}`, "blue")],
    body: ratioBody,
    make: () => ({ key: "ratio", label: {}, part: R.list("measures")[0]?.key || "", whole: R.list("measures")[1]?.key || "", per: 100 }),
    addLabel: t("add_ratio"),
    emptyText: t("no_ratios"),
    max: about.max,
  });

  R.figures = () => {
    const both = { measures: measures(), ratios: ratios() };
    return {
      elements: [both.measures.element, h("h2", { class: "report-part-title" }, t("ratios")), both.ratios.element],
      openAt: (key, section) => both[section === "ratios" ? "ratios" : "measures"].openAt(key) || both.ratios.openAt(key),
    };
  };

  // -- groupings -----------------------------------------------------------------------------------------------

  /* Fields of any source, each once; `@department` and its like are of every form. */
  const groupable = () => {
    const found = new Map();
    for (const source of R.list("sources")) for (const [key, label] of R.form(source.form)?.groups || []) if (!found.has(key)) found.set(key, label);
    return [...found];
  };

  const referredFields = (item) => {
    const fields = R.list("sources").flatMap((source) => data.forms[source.form]?.fields || []);
    const field = fields.find((one) => one.key === item.field && one.type === "reference");
    const referred = field && data.forms[field.form];
    return (referred?.fields || []).filter((one) => one.type === "reference" && one.form === field.form).map((one) => [one.key, Editor.nameOf(one)]);
  };

  const groupingBody = (item, context, path) => {
    const trees = referredFields(item);
    const chosen = (key) => {
      const label = R.list("sources").map((source) => data.forms[source.form]?.fields.find((one) => one.key === key)?.label).find(Boolean);
      if (emptyLabel(item) && label) item.label = { ...label };
      if (!key.startsWith("@")) context.suggest(item, key);
      delete item.tree;
      delete item.level;
      Editor.changed();
      context.redraw(item);
    };
    return [
      W.choice(item, "field", path, groupable(), { width: 6, chosen }),
      trees.length || item.tree ? W.choice(item, "tree", path, [["", t("no_tree")], ...trees], { width: 6 }) : null,
      item.tree ? W.whole(item, "level", path, { normal: 0, help: t("level_help") }) : null,
      context.label(item),
      context.keyInput(item),
      W.whole(item, "top", path, { normal: 0, help: t("top_help") }),
    ].filter(Boolean);
  };

  R.groupings = () => W.rows({
    list: () => R.list("groupings"),
    path: "groupings",
    renamed: R.follow("groupings"),
    uses: R.uses("groupings"),
    meta: (item) => [W.quiet(Object.fromEntries(groupable())[item.field] || item.field)],
    body: groupingBody,
    make: () => ({ key: "group", label: {}, field: "" }),
    addLabel: t("add_grouping"),
    emptyText: R.list("sources").length ? t("no_groupings") : t("source_first"),
    max: about.max,
  });
})();
