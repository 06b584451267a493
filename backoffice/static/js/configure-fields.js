/* The form editor's rows: fields of the form and columns of a table, with everything about each. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, data, icon, iconButton, textButton } = Editor;
  const FLAGS = ["required", "unique", "readonly"];

  const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[0-9_]+|_+$/g, "").slice(0, 60);

  const reserved = new Set(data.reserved);

  const freeKey = (wanted, taken) => {
    let key = wanted;
    for (let number = 2; taken.has(key) || reserved.has(key); number += 1) key = `${wanted}_${number}`;
    return key;
  };

  const rulesOf = (field) => ["visible_if", "required_if", "readonly_if"].filter((name) => field[name]);

  const namesIn = (tree, found = new Set()) => {
    if (!tree || typeof tree !== "object") return found;
    if (typeof tree.field === "string") found.add(tree.field);
    [...(tree.all || []), ...(tree.any || []), tree.not].forEach((part) => namesIn(part, found));
    return found;
  };

  const inTree = (tree, key) => [...namesIn(tree)].some((name) => name === key || name.startsWith(`${key}.`));
  const inFormula = (formula, key) => new RegExp(`(^|[^A-Za-z0-9_])${key}([^A-Za-z0-9_]|$)`).test(formula || "");

  /* Everything that names a field, in words. */
  const usesOf = function (key) {
    const doc = Editor.doc;
    const uses = [];
    for (const field of doc.fields) {
      if (field.key === key) continue;
      if (rulesOf(field).some((name) => inTree(field[name], key))) uses.push(t("in_rule", { name: Editor.nameOf(field) }));
      if (inFormula(field.formula, key)) uses.push(t("in_formula", { name: Editor.nameOf(field) }));
    }
    if ((doc.title_fields || []).includes(key)) uses.push(t("in_title"));
    if ([...(doc.list_columns || []), ...(doc.inline_columns || [])].includes(key)) uses.push(t("in_columns"));
    if (doc.sort?.field === key) uses.push(t("in_sort"));
    if (doc.business_key === key) uses.push(t("in_business_key"));
    if (Editor.isInProcedure(key)) uses.push(t("in_workflow"));
    Editor.ledgerUses(key).forEach((name) => uses.push(t("in_ledger", { name })));
    Editor.letterUses(key).forEach((name) => uses.push(t("in_letter", { name })));
    (data.views[key] || []).forEach((name) => uses.push(t("in_view", { name })));
    return uses;
  };

  const renameInTree = (tree, from, to) => {
    if (!tree || typeof tree !== "object") return;
    if (tree.field === from) tree.field = to;
    else if (typeof tree.field === "string" && tree.field.startsWith(`${from}.`)) tree.field = to + tree.field.slice(from.length);
    [...(tree.all || []), ...(tree.any || []), tree.not].forEach((part) => renameInTree(part, from, to));
  };

  /* A new key for a field that was never published follows into everything that names it. */
  const renameEverywhere = (from, to) => {
    const doc = Editor.doc;
    const swap = (list) => list?.forEach((key, index) => key === from && (list[index] = to));
    [doc.title_fields, doc.list_columns, doc.inline_columns].forEach(swap);
    if (doc.sort?.field === from) doc.sort.field = to;
    if (doc.business_key === from) doc.business_key = to;
    Editor.renameInProcedure(from, to);
    Editor.renameInLedger(from, to);
    Editor.renameInLetters(from, to);
    for (const field of doc.fields) {
      rulesOf(field).forEach((name) => renameInTree(field[name], from, to));
      if (inFormula(field.formula, from)) {
        field.formula = field.formula.replace(new RegExp(`(^|[^A-Za-z0-9_])${from}(?![A-Za-z0-9_])`, "g"), `$1${to}`);
      }
    }
  };

  /* Where rows belong: the form itself, or one of its tables. */
  const formContext = {
    list: () => Editor.doc.fields,
    path: (field) => `fields.${field.key}`,
    isPublished: (field) => field.key in data.published,
    publishedOptions: (field) => data.publishedOptions[field.key] || [],
    properties: (type) => type.properties,
    siblings: (field) => Editor.doc.fields.filter((one) => one !== field),
    types: () => data.types,
    max: data.limits.fields,
    uses: usesOf,
    renamed: renameEverywhere,
  };

  const columnContext = (table) => ({
    list: () => (table.fields = table.fields || []),
    path: (field) => `fields.${table.key}.${field.key}`,
    isPublished: (field) => `${table.key}/${field.key}` in data.published,
    publishedOptions: (field) => data.publishedOptions[`${table.key}/${field.key}`] || [],
    properties: (type) => type.columnProperties,
    siblings: (field) => (table.fields || []).filter((one) => one !== field),
    types: () => data.types.filter((type) => type.column),
    max: 60,
    uses: (key) => [
      ...Editor.doc.fields
        .filter((field) => rulesOf(field).some((name) => namesIn(field[name]).has(`${table.key}.${key}`)) || inFormula(field.formula, key))
        .map((field) => t("in_rule", { name: Editor.nameOf(field) })),
      ...Editor.ledgerUses(key, table.key).map((name) => t("in_ledger", { name })),
      ...Editor.letterUses(key, table.key).map((name) => t("in_letter", { name })),
    ],
    renamed: (from, to) => {
      Editor.renameInLedger(from, to, table.key);
      Editor.renameInLetters(from, to, table.key);
    },
  });

  /* One list of rows with its toolbar. */
  Editor.rowList = function (context, { addLabel, emptyTitle, emptyText }) {
    const list = h("ol", { class: "field-rows" });
    const open = new WeakSet();
    const nodes = new WeakMap();

    /* Returns the key that the field has now: another one where the wanted one is taken. */
    context.rename = (field, typed) => {
      const before = field.key;
      const wanted = typed.trim() || before;
      field.key = freeKey(wanted, new Set(context.siblings(field).map((one) => one.key)));
      field.keyTouched = true;
      if (field.key !== wanted) window.Backoffice.toast(t("key_taken", { wanted, key: field.key }), "warning");
      context.renamed(before, field.key);
      nodes.get(field)?.refresh();
      Editor.changed();
      return field.key;
    };

    const row = (field) => {
      const type = Editor.types[field.type];
      const title = h("span", { class: "field-row-name" });
      const meta = h("span", { class: "field-row-meta" });
      const flags = h("span", { class: "field-row-flags" });
      const body = h("div", { class: "field-row-body", hidden: !open.has(field) });
      const chevron = icon("chevron-right");
      const toggle = h("button", { type: "button", class: "field-row-toggle", onclick: () => flip() }, chevron, h("span", { class: "field-row-icon", title: type.name }, icon(type.icon)), title, meta, flags);
      const index = () => context.list().indexOf(field);
      const tools = h("span", { class: "field-row-tools" },
        iconButton(t("move_up"), "arrow-up", () => move(field, -1), { "data-up": "" }),
        iconButton(t("move_down"), "arrow-down", () => move(field, 1), { "data-down": "" }),
        iconButton(t("duplicate"), "copy", () => duplicate(field)),
        iconButton(t("delete"), "trash", () => remove(field)));
      const item = h("li", { class: "field-row" },
        h("div", { class: "field-row-head" }, h("span", { class: "field-row-handle", title: t("drag"), "aria-hidden": "true" }, icon("grip-vertical")), toggle, tools),
        h("p", { class: "field-error field-row-error", "data-error": "", hidden: true }, icon("exclamation-circle"), h("span")),
        body);

      const refresh = () => {
        item.dataset.path = context.path(field);
        title.textContent = Editor.nameOf(field);
        title.classList.toggle("is-unnamed", !Editor.text(field.label));
        meta.textContent = `${field.key} · ${type.name}`;
        flags.replaceChildren(...FLAGS.filter((name) => field[name]).map((name) => h("span", { class: "tag" }, t(`flag_${name}`))),
          ...(rulesOf(field).length ? [h("span", { class: "tag tag-blue" }, t("flag_rules"))] : []));
        toggle.setAttribute("aria-expanded", String(open.has(field)));
        toggle.setAttribute("aria-label", `${Editor.nameOf(field)}, ${type.name}`);
        item.classList.toggle("is-open", open.has(field));
        const at = index();
        tools.querySelector("[data-up]").disabled = at <= 0;
        tools.querySelector("[data-down]").disabled = at === context.list().length - 1;
        body.querySelectorAll("[data-name]").forEach((one) => {
          if (one.closest(".field-row") === item) one.dataset.path = `${context.path(field)}.${one.dataset.name}`;
        });
        body.querySelectorAll(".field-row").forEach((inner) => inner.refresh());
      };

      const fill = () => {
        const groups = {};
        for (const name of context.properties(type)) {
          if (!(name in data.properties)) continue;
          if (name === "default_from" && !type.defaultSources.length) continue;
          (groups[data.properties[name].group] ||= []).push(name);
        }
        const parts = Object.keys(data.groups).filter((group) => groups[group]).map((group) => {
          const inputs = groups[group].map((name) => {
            const element = Editor.propertyOf(field, name, context);
            element.dataset.name = name;
            return element;
          });
          const heading = h("h3", { class: "prop-title" }, data.groups[group]);
          return h("section", { class: `prop-group prop-${group}` }, heading, h("div", { class: "form-grid form-grid-bare" }, inputs));
        });
        body.replaceChildren(h("p", { class: "field-row-about" }, `${type.name}：${type.description} ${t("type_fixed")}`), ...parts);
      };

      const setOpen = (wanted) => {
        if (wanted) {
          open.add(field);
          if (!body.childElementCount) fill();
        } else open.delete(field);
        body.hidden = !wanted;
        refresh();
        if (wanted) Editor.showProblems();
      };
      const flip = () => setOpen(!open.has(field));

      /* While a new field has no hand-made key, its key follows the English label. */
      item.addEventListener("input", (event) => {
        if (event.target.lang === "en" && event.target.closest("[data-name]")?.dataset.name === "label" && !field.keyTouched && !context.isPublished(field)) {
          const wanted = slug(field.label?.en || "");
          if (wanted) {
            const before = field.key;
            field.key = freeKey(wanted, new Set(context.siblings(field).map((one) => one.key)));
            context.renamed(before, field.key);
            const input = body.querySelector('[data-name="key"] input');
            if (input) input.value = field.key;
          }
        }
        refresh();
      });
      item.addEventListener("change", refresh);

      item.refresh = refresh;
      nodes.set(field, { item, refresh, setOpen });
      if (open.has(field)) fill();
      refresh();
      return item;
    };

    const draw = () => {
      const fields = context.list();
      const items = fields.map((field) => nodes.get(field)?.item || row(field));
      list.replaceChildren(...items);
      fields.forEach((field) => nodes.get(field).refresh());
      empty.hidden = fields.length > 0;
      list.hidden = !fields.length;
    };

    const move = (field, by) => {
      const fields = context.list();
      const at = fields.indexOf(field);
      if (at + by < 0 || at + by >= fields.length) return;
      fields.splice(at, 1);
      fields.splice(at + by, 0, field);
      draw();
      Editor.changed();
      const buttons = nodes.get(field).item.querySelectorAll(by < 0 ? "[data-up], [data-down]" : "[data-down], [data-up]");
      [...buttons].find((button) => !button.disabled && (by < 0 ? "up" : "down") in button.dataset)?.focus();
      Editor.say(t("moved", { name: Editor.nameOf(field), place: at + by + 1, count: fields.length }));
    };

    const insert = (field, at) => {
      const fields = context.list();
      if (fields.length >= context.max) {
        window.Backoffice.toast(t("too_many", { max: context.max }), "warning");
        return;
      }
      fields.splice(at, 0, field);
      draw();
      nodes.get(field).setOpen(true);
      Editor.changed();
      const { item } = nodes.get(field);
      item.scrollIntoView({ block: "nearest" });
      item.querySelector(".field-row-body input[lang]")?.focus();
    };

    const duplicate = (field) => {
      const copy = JSON.parse(JSON.stringify(field));
      copy.key = freeKey(`${field.key}_2`.slice(0, 60), new Set(context.list().map((one) => one.key)));
      if (copy.label?.zh) copy.label.zh = `${copy.label.zh} ${t("copy")}`;
      if (copy.label?.en) copy.label.en = `${copy.label.en} ${t("copy")}`;
      insert(copy, context.list().indexOf(field) + 1);
    };

    const remove = async (field) => {
      const uses = context.uses(field.key);
      if (uses.length) {
        window.Backoffice.toast(t("delete_blocked", { places: uses.join("、") }), "warning");
        return;
      }
      if (context.isPublished(field)) {
        const answer = await window.Backoffice.confirm({ title: t("delete_title"), text: `${Editor.nameOf(field)}：${t("delete_published")}`, button: t("delete"), kind: "danger" });
        if (!answer) return;
      }
      const fields = context.list();
      const at = fields.indexOf(field);
      fields.splice(at, 1);
      draw();
      Editor.changed();
      Editor.say(t("deleted", { name: Editor.nameOf(field) }));
      (nodes.get(fields[Math.min(at, fields.length - 1)])?.item.querySelector(".field-row-toggle") || add).focus();
    };

    const add = textButton(addLabel, "plus-lg", async () => {
      const type = await Editor.chooseType(context.types());
      if (!type) return;
      const taken = new Set(context.list().map((one) => one.key));
      const field = { key: freeKey(type.key, taken), type: type.key };
      if (type.key === "table") field.width = 12;
      insert(field, context.list().length);
    }, "secondary");

    const empty = h("div", { class: "empty empty-small" }, icon("ui-checks-grid"), h("p", { class: "empty-title" }, emptyTitle), emptyText && h("p", { class: "empty-text" }, emptyText));
    draw();

    if (window.Sortable) {
      window.Sortable.create(list, {
        handle: ".field-row-handle",
        animation: window.Backoffice.glideMs,
        onEnd: (event) => {
          if (event.oldIndex === event.newIndex) return;
          const fields = context.list();
          const [moved] = fields.splice(event.oldIndex, 1);
          fields.splice(event.newIndex, 0, moved);
          draw();
          Editor.changed();
        },
      });
    }

    return {
      element: h("div", { class: "field-list" }, list, empty, h("div", { class: "button-line" }, add)),
      each: (run) => context.list().forEach((field) => run(nodes.get(field), field)),
      openAt: (key) => context.list().filter((field) => field.key === key).forEach((field) => nodes.get(field).setOpen(true)),
    };
  };

  /* The palette: every type with what it is for; resolves to a type or null. */
  const palette = document.getElementById("type-palette");

  Editor.chooseType = function (types) {
    const grid = palette.querySelector("[data-types]");
    const search = palette.querySelector("input");
    const draw = () => {
      const words = search.value.trim().toLowerCase();
      const fitting = types.filter((type) => `${type.name} ${type.description} ${type.key}`.toLowerCase().includes(words));
      grid.replaceChildren(...fitting.map((type) =>
        h("button", { type: "button", class: "type-card", onclick: () => palette.close(type.key) },
          h("span", { class: "type-card-icon" }, icon(type.icon)), h("span", { class: "type-card-name" }, type.name), h("span", { class: "type-card-text" }, type.description))));
    };
    search.value = "";
    search.oninput = draw;
    search.onkeydown = (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      grid.querySelector("button")?.click();
    };
    draw();
    palette.returnValue = "";
    palette.showModal();
    search.focus();
    return new Promise((resolve) => {
      palette.addEventListener("close", () => resolve(types.find((type) => type.key === palette.returnValue) || null), { once: true });
    });
  };

  Editor.columnsEditor = (table) =>
    Editor.rowList(columnContext(table), { addLabel: t("add_column"), emptyTitle: t("no_columns") }).element;

  Editor.fieldList = () =>
    Editor.rowList(formContext, { addLabel: t("add_field"), emptyTitle: t("no_fields"), emptyText: t("no_fields_text") });
})();
