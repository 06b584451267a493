/* The workflow designer's pieces: properties of states, steps and clocks, pickers, people, conditions, rows. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, data, property, select, typed, iconButton, textButton, icon } = Editor;
  const about = data.procedure;
  const W = (Editor.workflow = { about, refreshers: new Set() });

  W.flow = () => Editor.doc.workflow;
  W.clocks = () => (Editor.doc.clocks = Editor.doc.clocks || []);
  W.nameOf = (part) => Editor.text(part.label) || part.key;
  W.pairs = (choices) => Object.entries(choices);
  W.caption = (name) => about.properties[name] || name;
  W.called = (list) => (list || []).map((one) => [one.key, W.nameOf(one)]);
  W.states = () => W.called(W.flow()?.states);
  W.steps = (by) => W.called((W.flow()?.transitions || []).filter((one) => !by || (one.by || "person") === by));
  W.tables = () => W.called(W.flow()?.routing);
  W.clockChoices = () => W.called(Editor.doc.clocks);

  const holdsValue = (field) => !["section", "help"].includes(field.type);
  W.fields = (...types) => Editor.doc.fields.filter((field) => holdsValue(field) && (!types.length || types.includes(field.type))).map((field) => [field.key, Editor.nameOf(field)]);
  W.columns = (tableKey) => (Editor.fieldByKey(tableKey)?.fields || []).map((column) => [`${tableKey}.${column.key}`, `${Editor.nameOf(Editor.fieldByKey(tableKey))} › ${Editor.nameOf(column)}`]);
  W.sources = (...names) => names.map((name) => [name, about.sources[name]]);

  const isBlank = (value) =>
    value === "" || value === null || value === undefined || (Array.isArray(value) && !value.length);

  /* Sets a property, or leaves it out where it is what it would be anyway. */
  W.set = function (owner, name, value, normal = "") {
    if (isBlank(value) || value === normal) delete owner[name];
    else owner[name] = value;
    Editor.changed();
  };

  const boxed = (path, name, more, ...inputs) =>
    property({ path: `${path}.${name}`, label: more.caption || W.caption(name), help: more.help || "", width: more.width || 4, group: Boolean(more.group) }, ...inputs);

  /* A text in both languages; it stays there even where it is empty. */
  W.label = function (owner, name, path, more = {}) {
    const one = (language, caption) =>
      typed(owner[name]?.[language], (text) => {
        owner[name] = { ...(owner[name] || {}), [language]: text };
        if (!text) delete owner[name][language];
        more.entered?.(language, text);
        Editor.changed();
      }, { "aria-label": `${more.caption || W.caption(name)} (${caption})`, placeholder: caption, lang: language === "zh" ? "zh-CN" : "en", ...(more.rows ? { rows: more.rows } : {}) });
    return boxed(path, name, { width: 6, group: true, ...more }, h("div", { class: "bilingual" }, one("zh", t("chinese")), one("en", t("english"))));
  };

  W.choice = (owner, name, path, choices, more = {}) =>
    boxed(path, name, more, select(choices, owner[name] ?? more.normal ?? "", (value) => {
      W.set(owner, name, value, more.normal ?? "");
      more.chosen?.(value);
    }));

  W.text = (owner, name, path, more = {}) =>
    boxed(path, name, more, typed(owner[name] ?? "", (text) => W.set(owner, name, text.trim()), more.input || {}));

  W.whole = (owner, name, path, more = {}) =>
    boxed(path, name, { width: 3, ...more }, typed(owner[name] ?? more.normal ?? "", (text) => W.set(owner, name, /^\d+$/.test(text.trim()) ? Number(text) : text.trim(), more.normal), { inputmode: "numeric" }));

  W.flag = function (owner, name, path, more = {}) {
    const normal = Boolean(more.normal);
    const box = h("input", { type: "checkbox", role: "switch", checked: owner[name] ?? normal, onchange: () => {
      W.set(owner, name, box.checked, normal);
      more.chosen?.(box.checked);
    } });
    return property({ path: `${path}.${name}`, label: "", width: 4, group: true, ...more, help: more.help || "" }, h("label", { class: "switch" }, box, h("span", {}, more.caption || W.caption(name))));
  };

  /* Chosen things as chips, and one list to choose more from. */
  W.picker = function (groups, caption) {
    const box = h("div", { class: "wf-picker" });
    const chipOf = (group, key) => {
      const name = Object.fromEntries(group.choices())[key] || key;
      const text = group.prefix ? `${group.prefix}${name}` : name;
      return h("span", { class: "wf-chip" }, h("span", {}, text),
        h("button", { type: "button", "aria-label": `${t("remove")}: ${text}`, title: t("remove"), onclick: () => change(group, group.get().filter((one) => one !== key)) }, icon("x")));
    };
    const change = (group, list) => {
      group.set(list);
      draw();
      box.querySelector("select")?.focus();
    };
    const draw = () => {
      const chips = groups.flatMap((group) => group.get().map((key) => chipOf(group, key)));
      const add = h("select", { class: "form-control form-control-small", "aria-label": `${t("add")}: ${caption}`, onchange: () => {
        const [index, ...rest] = add.value.split(":");
        const group = groups[Number(index)];
        if (add.value) change(group, [...group.get(), rest.join(":")]);
      } }, h("option", { value: "" }, `${t("add")}…`));
      groups.forEach((group, index) => {
        const left = group.choices().filter(([key]) => !group.get().includes(key));
        const options = left.map(([key, label]) => h("option", { value: `${index}:${key}` }, label));
        if (groups.length === 1) add.append(...options);
        else if (left.length) add.append(h("optgroup", { label: group.label }, options));
      });
      box.replaceChildren(...chips, add);
    };
    draw();
    return box;
  };

  const listOf = (owner, name, choices, more = {}) => ({
    choices,
    get: () => owner[name] || [],
    set: (list) => W.set(owner, name, list),
    ...more,
  });
  W.listOf = listOf;

  /* Several keys of one kind. */
  W.keys = (owner, name, path, choices, more = {}) =>
    boxed(path, name, { width: 6, group: true, ...more }, W.picker([listOf(owner, name, choices)], more.caption || W.caption(name)));

  /* People by description: roles, names, heads, members, and what the record says. */
  W.who = function (owner, name, path, more = {}) {
    const who = (owner[name] = owner[name] || {});
    const departments = () => about.departments;
    const within = h("div", { class: "wf-within" });
    const drawWithin = () => {
      within.replaceChildren(...(who.roles?.length ? [h("label", {}, h("span", {}, t("within")),
        select([["", t("everywhere")], ["@department", about.sources["@department"]], ...W.fields("department"), ...departments()], who.within || "", (value) => W.set(who, "within", value), { class: "form-control form-control-small" }))] : []));
    };
    const people = W.sources("@owner", "@created_by", "@assignees");
    const groups = [
      listOf(who, "roles", () => about.roles, { label: t("who_roles"), set: (list) => { if (!list.length) delete who.within; W.set(who, "roles", list); drawWithin(); } }),
      listOf(who, "fields", () => [...people, ...W.fields("person")], { label: t("who_fields") }),
      listOf(who, "heads_of", () => [...W.sources("@department"), ...W.fields("department")], { label: t("who_heads_of"), prefix: t("head_of") }),
      listOf(who, "members_of", () => [...W.sources("@department"), ...W.fields("department")], { label: t("who_members_of"), prefix: t("members_of") }),
      listOf(who, "heads", departments, { label: t("who_heads"), prefix: t("head_of") }),
      listOf(who, "members", departments, { label: t("who_members"), prefix: t("members_of") }),
      listOf(who, "people", () => about.users, { label: t("who_people") }),
    ];
    drawWithin();
    return boxed(path, name, { width: 6, group: true, ...more }, W.picker(groups, more.caption || W.caption(name)), within);
  };

  /* A condition of a form's rule, in the editor's own rule builder. */
  W.rule = (owner, name, path, more = {}) => boxed(path, name, { width: 12, group: true, ...more }, Editor.ruleEditor(owner, name));

  Editor.systemSources = () => {
    const states = (W.flow()?.states || []).map((state) => ({ key: state.key, label: state.label }));
    const system = [["@state", { type: "choice", options: states }], ["@owner", { type: "person" }], ["@created_by", { type: "person" }], ["@department", { type: "department" }], ["@created_at", { type: "datetime" }], ["@updated_at", { type: "datetime" }]];
    return system.map(([name, field]) => ({ name, label: data.systemColumns[name.slice(1)], field: { key: name, ...field } }));
  };

  /* When a clock starts, stands still or stops. */
  W.when = function (owner, name, path) {
    const when = (owner[name] = owner[name] || {});
    const here = `${path}.${name}`;
    const groups = [
      listOf(when, "states", W.states, { label: t("in_state"), prefix: t("in_state_prefix") }),
      listOf(when, "transitions", () => W.steps(), { label: t("by_step"), prefix: t("by_step_prefix") }),
    ];
    return property({ path: here, label: W.caption(name), width: 12, group: true },
      W.picker(groups, W.caption(name)),
      h("div", { class: "wf-rule", "data-path": `${here}.rule` }, Editor.ruleEditor(when, "rule"), W.errorLine()));
  };

  W.errorLine = () => h("p", { class: "field-error", "data-error": "", hidden: true }, icon("exclamation-circle"), h("span"));

  /* An amount of units, or what a field says. */
  W.length = function (owner, name, path, more = {}) {
    const length = (owner[name] = owner[name] || {});
    const amount = typed(length.amount ?? "", (text) => W.set(length, "amount", text.trim()), { inputmode: "decimal", "aria-label": t("amount"), class: "form-control wf-amount" });
    const unit = select(W.pairs(about.units), length.unit || "hours", (value) => W.set(length, "unit", value, "hours"), { "aria-label": t("unit") });
    const field = more.fields && select([["", t("no_field")], ...W.fields("date", "datetime", "duration", "integer", "decimal", "computed")], length.field || "", (value) => W.set(length, "field", value), { "aria-label": t("or_field") });
    return boxed(path, name, { width: more.fields ? 8 : 4, group: true, ...more }, h("div", { class: "wf-length" }, amount, unit, field || null));
  };

  // -- rows ----------------------------------------------------------------------------------------------

  const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[0-9_]+|_+$/g, "").slice(0, 60);

  /* A key that no other part has, nor any of which `isNamed(key)` says that something is called so. */
  W.freeKey = function (list, wanted, but, isNamed = () => false) {
    const taken = new Set(list.filter((one) => one !== but).map((one) => one.key));
    let key = wanted;
    for (let number = 2; taken.has(key) || isNamed(key); number += 1) key = `${wanted}_${number}`;
    return key;
  };

  /* What names a state, step, clock or table: in lists, and one by one. */
  const NAMING = {
    states: { one: ["initial", "to", "back_to"], many: ["sources", "states"] },
    transitions: { one: ["approved", "rejected", "withdrawn", "transition"], many: ["transitions"] },
    clocks: { one: ["clock"], many: ["clocks"] },
    routing: { one: ["table"], many: [] },
  };
  const FREE = new Set(["values", "mapped", "label", "text", "help", "task"]);

  /* Visits everything that names a part; `found(owner, name, index)`. */
  const visit = function (node, kind, key, found) {
    if (!node || typeof node !== "object") return;
    if (kind === "states" && node.field === "@state") {
      if (node.value === key) found(node, "value");
      else if (Array.isArray(node.value)) node.value.forEach((one, index) => one === key && found(node.value, index));
    }
    for (const [name, value] of Object.entries(node)) {
      if (FREE.has(name)) continue;
      if (NAMING[kind]?.one.includes(name) && value === key) found(node, name);
      else if (NAMING[kind]?.many.includes(name) && Array.isArray(value)) value.forEach((one, index) => one === key && found(value, index));
      if (typeof value === "object") visit(value, kind, key, found);
    }
  };

  const everywhere = (kind, key, found) => [Editor.doc.workflow, Editor.doc.clocks].forEach((part) => visit(part, kind, key, found));

  W.uses = (kind, key) => {
    let count = 0;
    everywhere(kind, key, () => { count += 1; });
    return count;
  };

  const fresh = new WeakSet();
  const open = new WeakSet();

  /* An ordered list of parts that open and close. `kind` names what refers to them; elsewhere than in a procedure
     `renamed(before, after)` follows a new key, and `uses(key)` counts what names it. `named()` gives all parts that
     may not share a key, where they are more than the list. */
  W.rows = function ({ list, named = list, path, kind, renamed, uses, meta, body, make, addLabel, emptyText, max = 200, nameOf = W.nameOf }) {
    const place = h("ol", { class: "field-rows wf-rows" });
    const box = h("div", {}, place);
    const nodes = new Map();
    const published = new Set(about.published[kind] || []);

    const countUses = (key) => (kind ? W.uses(kind, key) : uses?.(key) ?? 0);

    /* What the program calls a part by itself takes over no reference that was left behind. */
    const freshKey = (wanted, item) => W.freeKey(named(), wanted, item, (key) => key !== item.key && countUses(key));

    const rename = (item, key) => {
      const before = item.key;
      if (!key || key === before) return;
      item.key = key;
      if (!named().some((one) => one.key === before)) {
        if (kind) everywhere(kind, before, (owner, name) => { owner[name] = key; });
        renamed?.(before, key);
      }
      const from = `${path}.${before}`;
      const row = nodes.get(item).element;
      for (const element of [row, ...row.querySelectorAll("[data-path]")]) {
        const here = element.dataset.path;
        if (here === from || here.startsWith(`${from}.`)) element.dataset.path = `${path}.${key}${here.slice(from.length)}`;
      }
      const input = row.querySelector("[data-key]");
      if (input) input.value = key;
      Editor.changed();
    };

    /* A key is taken when it is written to its end: on the way there it may be another's. */
    const keyInput = (item) => {
      const input = typed(item.key, Editor.changed, { class: "form-control mono", readOnly: published.has(item.key), "data-key": "", spellcheck: "false", maxlength: 60, onchange: () => {
        const wanted = input.value.trim() || item.key;
        const key = W.freeKey(named(), wanted, item);
        if (key !== wanted) window.Backoffice.toast(t("key_taken", { wanted, key }), "warning");
        fresh.delete(item);
        rename(item, key);
        input.value = key;
      } });
      return boxed(`${path}.${item.key}`, "key", { width: 3 }, input);
    };

    const suggest = (item, wanted) => { if (wanted && fresh.has(item)) rename(item, freshKey(wanted, item)); };

    const context = {
      keyInput,
      label: (item, more = {}) => W.label(item, "label", `${path}.${item.key}`, { ...more, entered: (language, text) => {
        if (language === "en") suggest(item, slug(text));
      } }),
      suggest,
      redraw: (item) => nodes.get(item).redraw(),
    };

    const row = (item) => {
      const title = h("span", { class: "field-row-name" });
      const notes = h("span", { class: "wf-meta" });
      const toggle = h("button", { type: "button", class: "field-row-toggle", onclick: () => setOpen(!open.has(item)) }, icon("chevron-right"), title, notes);
      const inner = h("div", { class: "field-row-body" });
      const element = h("li", { class: "field-row", "data-path": `${path}.${item.key}` },
        h("div", { class: "field-row-head" },
          h("span", { class: "field-row-handle", title: t("drag"), "aria-hidden": "true" }, icon("grip-vertical")), toggle,
          h("span", { class: "field-row-tools" },
            iconButton(t("move_up"), "arrow-up", () => move(item, -1), { "data-up": "" }),
            iconButton(t("move_down"), "arrow-down", () => move(item, 1), { "data-down": "" }),
            iconButton(t("duplicate"), "copy", () => duplicate(item)),
            iconButton(t("delete"), "trash", () => remove(item)))),
        h("p", { class: "field-error field-row-error", "data-error": "", hidden: true }, icon("exclamation-circle"), h("span")),
        inner);
      const redraw = () => {
        Editor.redraw(inner, () => inner.replaceChildren(...(open.has(item) ? [h("div", { class: "form-grid" }, body(item, context, `${path}.${item.key}`))] : [])));
      };
      const setOpen = (yes) => {
        if (yes) open.add(item);
        else open.delete(item);
        element.classList.toggle("is-open", yes);
        inner.hidden = !yes;
        toggle.setAttribute("aria-expanded", String(yes));
        redraw();
        W.opened?.(kind, yes ? item : null);
      };
      const refresh = () => {
        title.textContent = nameOf(item);
        notes.replaceChildren(...meta(item).filter(Boolean));
        const at = list().indexOf(item);
        element.querySelector("[data-up]").disabled = at === 0;
        element.querySelector("[data-down]").disabled = at === list().length - 1;
      };
      const node = { element, refresh, redraw, setOpen };
      nodes.set(item, node);
      element.classList.toggle("is-open", open.has(item));
      inner.hidden = !open.has(item);
      toggle.setAttribute("aria-expanded", String(open.has(item)));
      if (open.has(item)) inner.append(h("div", { class: "form-grid" }, body(item, context, `${path}.${item.key}`)));
      refresh();
      return element;
    };

    const draw = () => {
      nodes.clear();
      place.replaceChildren(...list().map(row));
      place.hidden = !list().length;
      note.hidden = Boolean(list().length);
      add.disabled = list().length >= max;
      Editor.showProblems();
    };

    const reorder = () => {
      draw();
      Editor.changed();
    };

    const move = (item, by) => {
      const items = list();
      const at = items.indexOf(item);
      items.splice(at, 1);
      items.splice(at + by, 0, item);
      reorder();
      nodes.get(item).element.querySelector(by < 0 ? "[data-up]" : "[data-down]").focus();
      Editor.say(t("moved", { name: nameOf(item), place: at + by + 1, count: items.length }));
    };

    const put = (item, at) => {
      fresh.add(item);
      open.add(item);
      list().splice(at, 0, item);
      reorder();
      nodes.get(item).element.querySelector(".field-row-body input")?.focus();
    };

    const duplicate = (item) => {
      const twin = JSON.parse(JSON.stringify(item));
      twin.key = W.freeKey(named(), item.key, null, countUses);
      put(twin, list().indexOf(item) + 1);
    };

    const remove = async (item) => {
      const count = countUses(item.key);
      if (count && !(await window.Backoffice.confirm({ title: t("delete_part_title", { name: nameOf(item) }), text: t("delete_part", { count }), button: t("delete"), kind: "danger" }))) return;
      list().splice(list().indexOf(item), 1);
      reorder();
      Editor.say(t("deleted", { name: nameOf(item) }));
      add.focus();
    };

    const add = textButton(addLabel, "plus-lg", () => {
      const item = make();
      item.key = W.freeKey(named(), item.key, null, countUses);
      put(item, list().length);
    }, "secondary");
    const note = h("p", { class: "muted" }, emptyText || "");
    box.append(note, h("div", { class: "button-line" }, add));
    draw();
    W.refreshers.add(() => nodes.forEach((node) => node.refresh()));
    if (window.Sortable) {
      window.Sortable.create(place, { handle: ".field-row-handle", draggable: ".field-row", animation: window.Backoffice.glideMs, forceFallback: true, onEnd: ({ oldIndex, newIndex }) => {
        if (oldIndex === newIndex) return;
        const items = list();
        items.splice(newIndex, 0, ...items.splice(oldIndex, 1));
        reorder();
      } });
    }
    return { element: box, draw, openAt: (key) => {
      const item = list().find((one) => one.key === key);
      if (item && !open.has(item)) nodes.get(item).setOpen(true);
      return item && nodes.get(item).element;
    } };
  };

  Editor.onChange(() => W.refreshers.forEach((run) => run()));

  W.tag = (text, color = "gray") => h("span", { class: `tag tag-${color}` }, text);
  W.quiet = (text) => (text ? h("span", { class: "field-row-meta" }, text) : null);
  W.heading = (text) => h("h3", { class: "prop-title span-12" }, text);
})();
