/* The form editor's cards that make a form a ledger, a slip or a stock check: which field is what. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor?.data.ledgerParts) return;
  const { h, t, data, put, property, select, typed, iconButton, textButton, icon } = Editor;
  const about = data.ledgerParts;
  const doc = () => Editor.doc;
  const KINDS = ["ledger", "slip", "stock_check"];

  const name = (pair) => pair[1].toLowerCase();
  const byName = (pairs) => [...pairs].sort((a, b) => name(a).localeCompare(name(b)));
  const pairs = (list) => (list || []).map((one) => [one.key, Editor.text(one.label) || one.key]);
  const fits = (field, wanted) => wanted.types.includes(field.type) && (!wanted.many || field.many);

  // -- what names a field ----------------------------------------------------------------------------------

  /* Visits every property that names a field of the form, or a column of one of its tables. */
  const visit = function (found) {
    const of = (part, kind, table) => part && about.properties[kind].forEach((one) => {
      if (one.input === "field" || one.input === "column") found(part, one, one.input === "column" ? table : "");
    });
    of(doc().ledger, "ledger", "");
    of(doc().slip, "slip", doc().slip?.items);
    of(doc().slip?.returns, "returns", doc().slip?.returns?.table);
    of(doc().stock_check, "stock_check", "");
  };

  /* What uses a field, or a column of a table, in words. */
  Editor.ledgerUses = function (key, table = "") {
    const uses = [];
    visit((part, one, of) => part[one.name] === key && of === table && uses.push(one.label));
    const check = doc().stock_check;
    if (!table && key in (check?.matches || {})) uses.push(about.parts.stock_check.label);
    return uses;
  };

  Editor.renameInLedger = function (from, to, table = "") {
    visit((part, one, of) => { if (part[one.name] === from && of === table) part[one.name] = to; });
    const check = doc().stock_check;
    if (!table && check?.matches && from in check.matches) {
      check.matches = Object.fromEntries(Object.entries(check.matches).map(([key, value]) => [key === from ? to : key, value]));
    }
  };

  /* Whether only the program writes a field of the form. */
  Editor.isWritten = function (key) {
    let written = false;
    visit((part, one) => { if (one.written && one.input === "field" && part[one.name] === key) written = true; });
    return written;
  };

  /* What a path such as `ledger.quantity` or `slip.returns.item` leads to. */
  Editor.partName = function (path) {
    const [kind, ...rest] = path.split(".");
    if (!KINDS.includes(kind)) return "";
    const of = rest[0] === "returns" ? "returns" : kind;
    const one = about.properties[of].find((known) => known.name === rest[rest.length - 1]);
    return [about.parts[kind].label, of === "returns" && about.parts.returns.label, one?.label].filter(Boolean).join(" › ");
  };

  // -- making what is missing ------------------------------------------------------------------------------

  const freeKey = (wanted, list) => {
    const taken = new Set([...list.map((one) => one.key), ...data.reserved]);
    let key = wanted;
    for (let number = 2; taken.has(key); number += 1) key = `${wanted}_${number}`;
    return key;
  };

  const copyOf = (made, key) => ({ key, ...JSON.parse(JSON.stringify(made)), keyTouched: true });

  const keyOf = (one) => (one.name === "table" ? "returns" : one.name);

  /* A field that is there already, as long as its key and type say that it is meant. */
  const guess = (one, list, part) =>
    list.find((field) => field.key === keyOf(one) && fits(field, one) && !Object.values(part).includes(field.key));

  const makeField = (one, list) => {
    const field = copyOf(one.make, freeKey(keyOf(one), list));
    if (field.type === "reference") field.form = doc().slip?.ledger || "";
    list.push(field);
    return field.key;
  };

  const options = () => {
    const units = Editor.fieldByKey(doc().ledger.unit)?.options || [];
    const found = about.fractionalUnits.filter((key) => units.some((one) => one.key === key));
    if (found.length) doc().ledger.fractional_units = found;
  };

  /* A heading above the fields that follow, where they are made. */
  const makeHeading = (name) => {
    const list = doc().fields;
    if (about.headings[name] && list.length) list.push(copyOf(about.headings[name], freeKey(`${name}_section`, list)));
  };

  const fillIn = function (kind, part, list) {
    for (const one of about.properties[kind]) {
      if (!["field", "column"].includes(one.input) || part[one.name] || !one.make) continue;
      const fields = one.input === "column" ? (Editor.fieldByKey(part.items || part.table).fields ||= []) : list;
      part[one.name] = guess(one, fields, part)?.key;
      if (!part[one.name]) {
        if (one.input === "field") makeHeading(kind === "returns" ? "returns" : one.name);
        part[one.name] = makeField(one, fields);
      }
      if (["items", "table"].includes(one.name)) Editor.fieldByKey(part[one.name]).fields ||= [];
    }
  };

  const missing = (kind, part) => about.properties[kind].filter((one) => ["field", "column"].includes(one.input) && one.make && !part[one.name]).length;

  const MAKE = {
    ledger: () => {
      const part = (doc().ledger ||= {});
      if (!doc().fields.length) {
        doc().fields.push(copyOf(about.nameField, "name"));
        doc().title_fields = ["name"];
      }
      fillIn("ledger", part, doc().fields);
      if (!part.fractional_units) options();
    },
    slip: (ledger) => {
      const part = (doc().slip ||= {});
      if (ledger) part.ledger = ledger;
      fillIn("slip", part, doc().fields);
      fillIn("returns", (part.returns ||= {}), doc().fields);
    },
    stock_check: (ledger) => {
      const states = pairs(doc().workflow?.states);
      doc().stock_check = { ledger, counting: states.slice(0, 1).map(([key]) => key) };
    },
  };

  const make = (kind, ledger) => {
    const before = doc().fields.length;
    MAKE[kind](ledger);
    Editor.changed();
    Editor.redrawLedger();
    Editor.fieldsChanged?.();
    const made = doc().fields.length - before;
    if (made) window.Backoffice.toast(t("fields_made", { count: made }), "success");
  };

  // -- the cards ---------------------------------------------------------------------------------------------

  const tableOf = (kind) => Editor.fieldByKey(kind === "returns" ? doc().slip.returns.table : doc().slip?.items);
  const pathOf = (kind) => (kind === "returns" ? "slip.returns" : kind);

  const fieldChoices = (kind, one) => {
    const list = one.input === "column" ? tableOf(kind)?.fields || [] : doc().fields;
    return pairs(list.filter((field) => fits(field, one)));
  };

  const fieldInput = (kind, part, one) => {
    const chosen = select([["", t("none")], ...fieldChoices(kind, one)], part[one.name] || "", (value) => {
      put(part, one.name, value);
      Editor.redrawLedger();
    });
    const list = () => (one.input === "column" ? (tableOf(kind).fields ||= []) : doc().fields);
    const possible = one.make && !part[one.name] && (one.input !== "column" || tableOf(kind));
    return [chosen, possible && textButton(t("make_field"), "plus-lg", () => {
      part[one.name] = makeField(one, list());
      Editor.changed();
      Editor.redrawLedger();
      Editor.fieldsChanged?.();
    })];
  };

  const checks = (part, one, choices) => h("div", { class: "checks" }, choices.map(([key, label]) => {
    const box = h("input", { type: "checkbox", checked: (part[one.name] || []).includes(key), onchange: () => {
      const rest = (part[one.name] || []).filter((other) => other !== key);
      put(part, one.name, box.checked ? [...rest, key] : rest);
    } });
    return h("label", { class: "check" }, box, h("span", {}, label));
  }));

  /* A field of this form beside the field of the ledger that must have the same value. */
  const matchesInput = (part, one) => {
    const box = h("div", { class: "wf-map" });
    const theirs = () => about.ledgers.find((ledger) => ledger.key === part.ledger)?.fields || [];
    const ours = () => pairs(doc().fields.filter((field) => about.matched.includes(field.type)));
    const keep = (entries) => { put(part, one.name, Object.fromEntries(entries)); draw(); };
    const draw = () => {
      const entries = Object.entries(part[one.name] || {});
      const line = ([key, value], index) => h("div", { class: "wf-map-line" },
        select(ours(), key, (chosen) => keep(entries.map((entry, at) => (at === index ? [chosen, value] : entry))), { "aria-label": t("field") }),
        h("span", { "aria-hidden": "true" }, "="),
        select(theirs(), value, (chosen) => keep(entries.map((entry, at) => (at === index ? [key, chosen] : entry))), { "aria-label": t("field_of_ledger") }),
        iconButton(t("remove"), "x-lg", () => keep(entries.filter((_entry, at) => at !== index))));
      const left = ours().filter(([key]) => !entries.some(([other]) => other === key));
      box.replaceChildren(...entries.map(line), select([["", `${t("add")}…`], ...left], "", (key) => keep([...entries, [key, theirs()[0]?.[0] || key]]), { "aria-label": t("add") }));
    };
    draw();
    return box;
  };

  const INPUTS = {
    field: fieldInput,
    column: fieldInput,
    ledger: (_kind, part, one) => select([["", t("choose")], ...byName(about.ledgers.map((ledger) => [ledger.key, ledger.label]))], part[one.name] || "", (value) => {
      put(part, one.name, value);
      Editor.redrawLedger();
    }),
    step: (_kind, part, one) => select([["", t("none")], ...pairs(doc().workflow?.transitions)], part[one.name] || "", (value) => put(part, one.name, value)),
    states: (_kind, part, one) => checks(part, one, pairs(doc().workflow?.states)),
    options: (_kind, part, one) => checks(part, one, pairs(Editor.fieldByKey(part.unit)?.options)),
    number: (_kind, part, one) => typed(part[one.name] ?? "", (text) => put(part, one.name, /^\d+$/.test(text.trim()) ? Number(text) : text.trim()), { inputmode: "numeric", placeholder: "7" }),
    matches: (_kind, part, one) => matchesInput(part, one),
  };
  const GROUPED = new Set(["states", "options", "matches"]);

  const entry = (kind, part, one) => property(
    { path: `${pathOf(kind)}.${one.name}`, label: one.label, help: one.help, width: GROUPED.has(one.input) ? 12 : 4, group: GROUPED.has(one.input) },
    INPUTS[one.input](kind, part, one));

  const group = (kind, part, title, list) => list.length
    ? [h("h3", { class: "prop-title span-12" }, title), ...list.map((one) => entry(kind, part, one))]
    : [];

  const entries = (kind, part) => {
    const shown = about.properties[kind].filter((one) => one.input !== "options" || Editor.fieldByKey(part.unit));
    return [
      ...group(kind, part, t("ledger_entered"), shown.filter((one) => !one.written)),
      ...group(kind, part, t("ledger_written"), shown.filter((one) => one.written)),
    ];
  };

  const stop = async (kind) => {
    const answer = await window.Backoffice.confirm({ title: t("part_end_title", { name: about.parts[kind].label }), text: t("part_end_text"), button: t("remove"), kind: "danger" });
    if (!answer) return;
    delete doc()[kind];
    Editor.changed();
    Editor.redrawLedger();
  };

  const offer = (kind) => {
    const ledgers = byName(about.ledgers.map((one) => [one.key, one.label]));
    if (kind === "ledger") return textButton(about.parts.ledger.make, "box-seam", () => make("ledger"), "secondary");
    if (!ledgers.length) return h("p", { class: "muted" }, t("no_ledgers"));
    if (kind === "stock_check" && !doc().workflow) return h("p", { class: "muted" }, t("workflow_first"));
    const chosen = select(ledgers, ledgers[0][0], () => {}, { "aria-label": t("ledger_form") });
    return h("div", { class: "ledger-offer" }, chosen, textButton(about.parts[kind].make, "clipboard-check", () => make(kind, chosen.value), "secondary"));
  };

  const tools = (kind, part) => {
    const left = missing(kind, part) + (kind === "slip" && part.returns ? missing("returns", part.returns) : 0);
    return h("div", { class: "button-line span-12" },
      left ? textButton(t("make_missing", { count: left }), "plus-lg", () => make(kind), "secondary") : null,
      textButton(t("part_end", { name: about.parts[kind].label }), "x-lg", () => stop(kind)));
  };

  const returns = (part) => {
    if (!part.returns) {
      return [h("div", { class: "button-line span-12" }, textButton(t("make_returns"), "plus-lg", () => {
        part.returns = {};
        fillIn("returns", part.returns, doc().fields);
        Editor.changed();
        Editor.redrawLedger();
        Editor.fieldsChanged?.();
      }))];
    }
    return [
      h("h3", { class: "prop-title span-12" }, about.parts.returns.label),
      ...about.properties.returns.map((one) => entry("returns", part.returns, one)),
      h("div", { class: "button-line span-12" }, textButton(t("no_returns"), "x-lg", () => { delete part.returns; Editor.changed(); Editor.redrawLedger(); })),
    ];
  };

  const card = (kind) => {
    const part = doc()[kind];
    return h("section", { class: "form-section ledger-card", "data-path": kind, "data-part": kind },
      h("header", { class: "form-section-head" }, h("h2", {}, about.parts[kind].label), h("p", {}, about.parts[kind].about)),
      h("p", { class: "field-error", "data-error": "", hidden: true }, icon("exclamation-circle"), h("span")),
      h("div", { class: "form-grid" }, ...entries(kind, part), ...(kind === "slip" ? returns(part) : []), tools(kind, part)));
  };

  /* What a form could be that is none of these yet. */
  const offers = () => h("section", { class: "form-section ledger-card" },
    h("header", { class: "form-section-head" }, h("h2", {}, t("ledger_and_lending")), h("p", {}, t("ledger_offer"))),
    h("div", { class: "form-grid" }, KINDS.map((kind) => h("div", { class: "ledger-possible span-4", "data-part": kind },
      h("b", {}, about.parts[kind].label), h("p", { class: "field-help" }, about.parts[kind].about), offer(kind)))));

  const box = h("div", { class: "ledger-cards" });

  Editor.redrawLedger = () => {
    const focus = document.activeElement?.closest?.("[data-path]")?.dataset.path;
    const there = KINDS.filter((kind) => doc()[kind]);
    box.replaceChildren(...(there.length ? there.map(card) : [offers()]));
    Editor.showProblems();
    if (focus && !box.contains(document.activeElement)) box.querySelector(`[data-path="${focus}"] :is(select, input, button)`)?.focus();
  };

  Editor.ledgerSettings = () => {
    Editor.redrawLedger();
    return [box];
  };
})();
