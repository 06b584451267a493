/* The workflow designer's effects: what happens by itself at a step, a reminder, or when a record begins. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, data, property, select, typed, iconButton } = Editor;
  const W = Editor.workflow;
  const { about } = W;

  /* Values that are no plain text are shown, and read again, as JSON. */
  const shownValue = (value) => (value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value));
  const readValue = (text, before) => {
    if (typeof before === "string" || before === undefined || before === null) return text;
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  };

  const valueInput = function (field, value, change) {
    const caption = t("value");
    if (field?.type === "choice") return select([["", t("none")], ...(field.options || []).map((one) => [one.key, Editor.text(one.label) || one.key])], value ?? "", change, { "aria-label": caption });
    if (field?.type === "boolean") return Editor.yesNo(value, change);
    if (field?.type === "multi_choice") {
      const choices = () => (field.options || []).map((one) => [one.key, Editor.text(one.label) || one.key]);
      let list = Array.isArray(value) ? value : [];
      return W.picker([{ choices, get: () => list, set: (next) => { list = next; change(next); } }], caption);
    }
    return typed(shownValue(value), (text) => change(readValue(text, value)), { "aria-label": caption });
  };

  const keep = function (owner, name, value) {
    if (value === "" || value === null || value === undefined) delete owner[name];
    else owner[name] = value;
    Editor.changed();
  };

  const NOW = ["@now", "@today", "@me", "@my_department"];

  const setField = function (effect, path, redraw) {
    const field = Editor.fieldByKey(effect.field);
    const fixed = !effect.source;
    return [
      W.choice(effect, "field", path, W.fields(), { caption: t("field"), width: 4, chosen: redraw }),
      property({ path: `${path}.source`, label: t("value_from"), width: 4 },
        select([["", t("fixed_value")], ...W.sources(...NOW), ...W.fields()], effect.source || "", (value) => {
          if (value) delete effect.value;
          keep(effect, "source", value);
          redraw();
        })),
      fixed && property({ path: `${path}.value`, label: t("value"), width: 4, group: true }, valueInput(field, effect.value, (value) => keep(effect, "value", value))),
      W.flag(effect, "only_if_empty", path, { caption: t("only_if_empty"), width: 12 }),
    ];
  };

  const RECORD = ["@id", "@number", "@title", "@department", "@me", "@now", "@today"];

  /* Where each field of the new record comes from: a field of this one, or a fixed value. */
  const mapping = function (effect, path) {
    const box = h("div", { class: "wf-map" });
    const targets = () => about.fieldsOf[effect.form] || (effect.form === data.key ? W.fields() : []);
    const referenced = () => W.fields("reference").flatMap(([key, label]) =>
      (about.fieldsOf[Editor.fieldByKey(key)?.form] || []).map(([inner, name]) => [`${key}.${inner}`, `${label} → ${name}`]));
    const sources = () => [...W.fields(), ...(effect.each ? W.columns(effect.each) : []), ...referenced(), ...W.sources(...RECORD), ["=", t("fixed_value")]];
    const entries = () => [
      ...Object.entries(effect.mapped || {}).map(([key, source]) => ({ key, source, of: "mapped" })),
      ...Object.entries(effect.values || {}).map(([key, value]) => ({ key, source: "=", value, of: "values" })),
    ];
    const put = (entry, key, of, value) => {
      delete effect[entry.of]?.[entry.key];
      if (key) (effect[of] = effect[of] || {})[key] = value;
      for (const name of ["mapped", "values"]) if (effect[name] && !Object.keys(effect[name]).length) delete effect[name];
      Editor.changed();
    };
    const line = (entry) => h("div", { class: "wf-map-line" },
      select(targets(), entry.key, (key) => { put(entry, key, entry.of, entry.of === "mapped" ? entry.source : entry.value); draw(); }, { "aria-label": t("field_of_new") }),
      h("span", { "aria-hidden": "true" }, "←"),
      select(sources(), entry.source, (source) => { put(entry, entry.key, source === "=" ? "values" : "mapped", source === "=" ? "" : source); draw(); }, { "aria-label": t("value_from") }),
      entry.source === "=" && typed(shownValue(entry.value), (text) => { effect.values[entry.key] = readValue(text, entry.value); Editor.changed(); }, { "aria-label": t("value") }),
      iconButton(t("remove"), "x-lg", () => { put(entry, ""); draw(); }));
    const draw = () => {
      const used = new Set(entries().map((entry) => entry.key));
      const left = targets().filter(([key]) => !used.has(key));
      const add = select([["", `${t("add")}…`], ...left], "", (key) => {
        (effect.mapped = effect.mapped || {})[key] = W.fields()[0]?.[0] || "@id";
        Editor.changed();
        draw();
      }, { "aria-label": t("add_mapping"), class: "form-control form-control-small" });
      box.replaceChildren(...entries().map(line), add);
    };
    draw();
    return property({ path: `${path}.mapped`, label: t("mapping"), width: 12, group: true }, box);
  };

  const createRecord = (effect, path, redraw) => [
    W.choice(effect, "form", path, data.forms.map((one) => [one.key, one.label]), { caption: t("form"), width: 4, chosen: redraw }),
    W.choice(effect, "each", path, [["", t("one_record")], ...W.fields("table")], { caption: t("each"), width: 4, chosen: redraw }),
    W.choice(effect, "back", path, [["", t("none")], ...W.fields("reference")], { caption: t("back"), width: 4 }),
    mapping(effect, path),
  ];

  const SHAPES = {
    set: { make: () => ({ field: W.fields()[0]?.[0] || "" }), draw: setField },
    create: { make: () => ({ form: data.forms[0]?.key || "" }), draw: createRecord },
    notify: {
      make: () => ({ who: {}, text: {} }),
      draw: (effect, path) => [
        W.who(effect, "who", path, { width: 8 }),
        W.choice(effect, "level", path, W.pairs(about.levels), { normal: "info" }),
        W.label(effect, "text", path, { width: 12, rows: 2, help: t("text_help") }),
      ],
    },
    file: {
      make: () => ({ department: about.departments[0]?.[0] || "" }),
      draw: (effect, path) => [W.choice(effect, "department", path, about.departments), W.label(effect, "text", path, { width: 8 })],
    },
    assign: { make: () => ({ who: {} }), draw: (effect, path) => [W.who(effect, "who", path, { width: 12 })] },
    route: { make: () => ({ table: W.tables()[0]?.[0] || "" }), draw: (effect, path) => [W.choice(effect, "table", path, W.tables(), { caption: t("routing_table") })] },
    clock: {
      make: () => ({ clock: W.clockChoices()[0]?.[0] || "", action: "start" }),
      draw: (effect, path) => [
        W.choice(effect, "clock", path, W.clockChoices(), { caption: t("clock"), width: 6 }),
        W.choice(effect, "action", path, W.pairs(about.clockActions), { caption: t("action"), width: 6 }),
      ],
    },
    transition: {
      make: () => ({ transition: W.steps("clock")[0]?.[0] || "" }),
      draw: (effect, path) => [W.choice(effect, "transition", path, W.steps("clock"), { caption: t("step"), width: 6 })],
    },
  };

  const stepsOf = (form) => (form === data.key ? W.steps() : about.stepsOf[form] || []);
  SHAPES.linked = {
    make: () => ({ form: Object.keys(about.stepsOf)[0] || data.key, transition: Object.values(about.stepsOf)[0]?.[0]?.[0] || "" }),
    draw: (effect, path, redraw) => [
      W.choice(effect, "form", path, data.forms.filter((one) => stepsOf(one.key).length).map((one) => [one.key, one.label]), { caption: t("form"), width: 6, chosen: () => {
        effect.transition = stepsOf(effect.form)[0]?.[0] || "";
        redraw();
      } }),
      W.choice(effect, "transition", path, stepsOf(effect.form), { caption: t("step"), width: 6 }),
    ],
  };

  // -- what is booked in a ledger ------------------------------------------------------------------------

  const { booking } = about;
  const NUMBERS = ["integer", "decimal"];
  /* Which parameters an action has besides the item: their names, and the types of fields that fit. */
  const PARAMETERS = {
    quantity: NUMBERS, slip: ["reference"], department: ["department"], person: ["person"], place: ["text"], until: ["date"], note: ["text", "long_text"],
  };
  const OF_ACTION = {
    extend: ["until"], pass_on: ["person", "department", "note"], reserve: [], queue: [], release: [], lend: ["note"], take_back: ["note"],
    hand_over: ["quantity", "note"], transfer: ["quantity", "department", "place", "note"], relocate: ["quantity", "place", "note"],
    find: ["quantity", "department", "place", "note"], repair: ["quantity", "slip", "place", "note"], repaired: ["quantity", "department", "place", "note"],
  };
  const OTHERS = ["quantity", "slip", "note"];

  const bookingActions = (chosen) => {
    const { slip } = Editor.doc;
    const groups = [[t("of_slip"), booking.slipActions, slip || chosen in booking.slipActions], [t("of_item"), booking.itemActions, true]];
    return groups.filter(([, , shown]) => shown).map(([label, actions]) => h("optgroup", { label }, W.pairs(actions).map(([key, text]) => h("option", { value: key }, text))));
  };

  const book = function (effect, path, redraw) {
    const ofSlip = effect.action in booking.slipActions;
    const action = h("select", { class: "form-control", onchange: () => {
      effect.action = action.value;
      const kept = [...(OF_ACTION[effect.action] || OTHERS), ...(effect.action in booking.slipActions ? [] : ["item"])];
      Object.keys(PARAMETERS).concat("item").forEach((name) => { if (!kept.includes(name)) delete effect[name]; });
      Editor.changed();
      redraw();
    } }, bookingActions(effect.action));
    action.value = effect.action;
    const parameter = (name, types, none) => W.choice(effect, name, path, [["", none], ...W.fields(...types)], { caption: booking.properties[name], width: 4 });
    const nothing = { quantity: Editor.doc.ledger && !effect.item ? t("all_free") : t("none") };
    return [
      property({ path: `${path}.action`, label: booking.properties.action, width: ofSlip ? 8 : 4 }, action),
      ofSlip ? null : parameter("item", ["reference"], Editor.doc.ledger ? t("this_item") : t("choose")),
      (OF_ACTION[effect.action] || OTHERS).map((name) => parameter(name, PARAMETERS[name], nothing[name] || t("none"))),
    ];
  };

  SHAPES.ledger = { make: () => ({ action: Editor.doc.slip ? "reserve" : "relocate" }), draw: book };
  SHAPES.stock_check = {
    make: () => ({ action: "snapshot" }),
    draw: (effect, path) => [W.choice(effect, "action", path, W.pairs(booking.checkActions), { caption: booking.properties.action, width: 6 })],
  };
  const fitting = (kind) => ({ ledger: data.ledgerParts.ledgers.length || Editor.doc.ledger || Editor.doc.slip, stock_check: Editor.doc.stock_check })[kind] ?? true;

  /* An ordered list of effects; a reminder may also take a step. */
  W.effects = function (owner, name, path, { ofClock = false, caption } = {}) {
    const here = `${path}.${name}`;
    const box = h("div", { class: "wf-effects" });
    const list = () => owner[name] || [];
    const kinds = W.pairs(about.effects).filter(([key]) => (ofClock || key !== "transition") && fitting(key));

    const keepList = (effects) => {
      if (effects.length) owner[name] = effects;
      else delete owner[name];
      Editor.changed();
      draw();
    };
    const move = (index, by) => {
      const effects = [...list()];
      effects.splice(index + by, 0, ...effects.splice(index, 1));
      keepList(effects);
      box.children[index + by]?.querySelector(by < 0 ? "[data-up]" : "[data-down]")?.focus();
    };
    const card = (effect, index) => {
      const place = `${here}.${index}`;
      const body = h("div", { class: "form-grid" });
      const redraw = () => {
        Editor.redraw(body, () => body.replaceChildren(...(SHAPES[effect.do]?.draw(effect, place, redraw) || []).flat(3).filter(Boolean)));
      };
      body.replaceChildren(...(SHAPES[effect.do]?.draw(effect, place, redraw) || []).flat(3).filter(Boolean));
      return h("div", { class: "wf-effect", "data-path": place },
        h("div", { class: "wf-effect-head" }, h("b", {}, about.effects[effect.do] || effect.do),
          iconButton(t("move_up"), "arrow-up", () => move(index, -1), { disabled: index === 0, "data-up": "" }),
          iconButton(t("move_down"), "arrow-down", () => move(index, 1), { disabled: index === list().length - 1, "data-down": "" }),
          iconButton(t("delete"), "trash", () => keepList(list().filter((one) => one !== effect)))),
        W.errorLine(), body);
    };
    const draw = () => {
      const add = select([["", t("add_effect")], ...kinds], "", (kind) => {
        keepList([...list(), { do: kind, ...SHAPES[kind].make() }]);
        box.querySelector(".wf-effect:last-of-type select, .wf-effect:last-of-type input")?.focus();
      }, { "aria-label": t("add_effect"), class: "form-control form-control-small wf-add" });
      box.replaceChildren(...list().map(card), add);
      Editor.showProblems();
    };
    const element = property({ path: here, label: caption || W.caption(name), width: 12, group: true }, box);
    draw();
    return element;
  };

})();
