/* The form editor's rule builder: groups, conditions, values of the right kind; JSON for what is deeper. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, data, put, iconButton, textButton, select, typed } = Editor;
  const EASY_DEPTH = 3;

  const kindOf = (field) => (field.type === "computed" ? data.resultKinds[field.result || "decimal"] : Editor.types[field.type]?.kind || "opaque");
  const holdsMany = (field) => field.type === "multi_choice" || (["person", "reference"].includes(field.type) && field.many);

  /* What a condition on this field can name: other fields and columns of tables. */
  const sourcesFor = (owner) => {
    const found = [];
    for (const field of Editor.doc.fields) {
      if (field === owner || ["section", "help"].includes(field.type)) continue;
      found.push({ name: field.key, label: Editor.nameOf(field), field });
      for (const column of field.fields || []) {
        found.push({ name: `${field.key}.${column.key}`, label: `${Editor.nameOf(field)} › ${Editor.nameOf(column)}`, field: column });
      }
    }
    return [...found, ...(Editor.systemSources?.() || [])];
  };

  const operatorsOf = (field) => {
    const kind = kindOf(field);
    const operators = data.kinds[kind] || [];
    return holdsMany(field) && ["key", "id"].includes(kind) ? ["contains", ...operators] : operators;
  };

  const operatorLabel = (operator, field) => {
    const about = data.operators[operator];
    return ["date", "datetime"].includes(kindOf(field)) ? about.dated : about.label;
  };

  const numberOf = (text) => (/^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text.trim());

  const choicesOf = (field) => {
    if (field.type === "choice" || field.type === "multi_choice") return (field.options || []).map((one) => [one.key, Editor.text(one.label) || one.key]);
    if (field.type === "department") return data.departments.map((one) => [one.id, one.label]);
    if (field.type === "person" || field.type === "signature") return data.people.map((one) => [one.id, one.label]);
    return null;
  };

  const special = { person: { me: true }, department: { my_department: true } };

  const idInput = (field, value, change, caption) => {
    const choices = choicesOf(field);
    if (!choices) return typed(typeof value === "string" ? value : "", (text) => change(text.trim()), { "aria-label": t("record_id"), placeholder: t("record_id"), class: "form-control mono" });
    const own = special[field.type];
    const all = own ? [["@own", t(field.type === "person" ? "me" : "my_department")], ...choices] : choices;
    const chosen = own && typeof value === "object" && value ? "@own" : value || "";
    return select(all, chosen, (key) => change(key === "@own" ? own : key), { "aria-label": caption });
  };

  const dateInput = (field, value, change, caption) => {
    const modes = [["fixed", t("fixed_date")], ["today", t("today")], ["period", t("period")], ["ago", t("days_ago")], ["ahead", t("days_ahead")]];
    const days = value?.relative?.days;
    const start = typeof value !== "object" || !value ? "fixed" : value.today ? "today" : value.period ? "period" : days > 0 ? "ahead" : "ago";
    const place = h("span", { class: "rule-date" });
    const step = (sign) => typed(String(Math.abs(days ?? 7)), (text) => change({ relative: { days: sign * (Number(text) || 0) } }), { inputmode: "numeric", "aria-label": t("value"), class: "form-control rule-days" });
    const shapes = {
      fixed: () => typed(typeof value === "string" ? value : "", change, { type: kindOf(field) === "datetime" && typeof value === "string" && value.includes("T") ? "datetime-local" : "date", "aria-label": caption }),
      today: () => null,
      period: () => select(Object.entries(data.periods), value?.period || "this_month", (key) => change({ period: key }), { "aria-label": t("period") }),
      ago: () => step(-1),
      ahead: () => step(1),
    };
    const first = { fixed: () => "", today: () => ({ today: true }), period: () => ({ period: "this_month" }), ago: () => ({ relative: { days: -7 } }), ahead: () => ({ relative: { days: 7 } }) };
    const show = (mode) => place.replaceChildren(...[shapes[mode]()].filter(Boolean));
    const mode = select(modes, start, (chosen) => { value = first[chosen](); change(value); show(chosen); }, { "aria-label": t("value") });
    show(start);
    return h("span", { class: "rule-dates" }, mode, place);
  };

  const one = (field, value, change, caption = t("value")) => {
    const kind = kindOf(field);
    if (kind === "boolean") return select([["true", t("yes")], ["false", t("no")]], String(value ?? true), (text) => change(text === "true"), { "aria-label": caption });
    if (kind === "key") return select(choicesOf(field) || [], value ?? "", change, { "aria-label": caption });
    if (kind === "id") return idInput(field, value, change, caption);
    if (kind === "date" || kind === "datetime") return dateInput(field, value, change, caption);
    const number = kind === "number";
    return typed(value, (text) => change(number ? numberOf(text) : text), { inputmode: number ? "decimal" : false, "aria-label": caption });
  };

  const many = (field, value, change) => {
    const chosen = Array.isArray(value) ? value : [];
    const choices = ["key", "id"].includes(kindOf(field)) ? choicesOf(field) : null;
    if (!choices) {
      const read = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean).map((line) => (kindOf(field) === "number" ? numberOf(line) : line));
      return typed(chosen.join("\n"), (text) => change(read(text)), { rows: 3, "aria-label": t("one_per_line"), placeholder: t("one_per_line") });
    }
    return h("span", { class: "checks" }, choices.slice(0, 100).map(([key, label]) => {
      const box = h("input", { type: "checkbox", checked: chosen.includes(key), onchange: () => {
        if (box.checked) chosen.push(key);
        else chosen.splice(chosen.indexOf(key), 1);
        change([...chosen]);
      } });
      return h("label", { class: "check" }, box, h("span", {}, label));
    }));
  };

  const two = (field, value, change) => {
    const pair = Array.isArray(value) && value.length === 2 ? [...value] : ["", ""];
    const side = (index, caption) => one(field, pair[index], (inner) => { pair[index] = inner; change([...pair]); }, caption);
    return h("span", { class: "rule-pair" }, side(0, t("from")), h("span", { "aria-hidden": "true" }, "–"), side(1, t("to")));
  };

  const startValue = (field, arity) => {
    if (arity === "many") return [];
    if (arity === "two") return ["", ""];
    if (kindOf(field) === "boolean") return true;
    if (kindOf(field) === "key") return choicesOf(field)?.[0]?.[0] ?? "";
    return "";
  };

  const valueInput = (leaf, field, changed) => {
    const { arity } = data.operators[leaf.op] || { arity: "one" };
    const set = (value) => { leaf.value = value; changed(); };
    if (arity === "none") return null;
    return { one, two, many }[arity](field, leaf.value, set);
  };

  const condition = (leaf, sources, changed, remove) => {
    const line = h("div", { class: "rule-line" });
    const restart = () => {
      const { arity } = data.operators[leaf.op];
      if (arity === "none") delete leaf.value;
      else leaf.value = startValue(sourceOf().field, arity);
      changed();
      draw();
    };
    const sourceOf = () => sources.find((source) => source.name === leaf.field);
    const draw = () => {
      const source = sourceOf();
      const field = select(sources.map((each) => [each.name, each.label]), leaf.field, (name) => {
        leaf.field = name;
        const allowed = operatorsOf(sourceOf().field);
        if (!allowed.includes(leaf.op)) leaf.op = allowed[0];
        restart();
      }, { "aria-label": t("field") });
      const operator = source && select(operatorsOf(source.field).map((key) => [key, operatorLabel(key, source.field)]), leaf.op, (key) => {
        const before = data.operators[leaf.op]?.arity;
        leaf.op = key;
        if (before === data.operators[key].arity) changed();
        else restart();
      }, { "aria-label": t("operator") });
      line.replaceChildren(...[field, operator, source && h("span", { class: "rule-value" }, valueInput(leaf, source.field, changed)),
        iconButton(t("remove_condition"), "x-lg", remove)].filter(Boolean));
    };
    draw();
    return line;
  };

  const unwrap = (tree) => (tree.not ? { node: tree.not, negated: true } : { node: tree, negated: false });
  const branchOf = (node) => (Array.isArray(node.all) ? "all" : Array.isArray(node.any) ? "any" : "");

  /* A group of conditions; `replace` hands a new tree to whoever holds this one. */
  const group = (tree, sources, depth, replace, remove) => {
    let { node, negated } = unwrap(tree);
    if (!branchOf(node)) node = { all: [node] };
    const branch = branchOf(node);
    const parts = node[branch];
    const keep = () => replace(negated ? { not: node } : node);
    const box = h("fieldset", { class: "rule-group" });

    const draw = () => {
      const how = select([["all", t("rule_all")], ["any", t("rule_any")]], branchOf(node), (key) => {
        const all = node[branchOf(node)];
        node = { [key]: all };
        keep();
      }, { "aria-label": t("rule_all") });
      const not = h("input", { type: "checkbox", checked: negated, onchange: () => { negated = not.checked; keep(); } });
      const lines = parts.map((part, index) => {
        const drop = () => {
          parts.splice(index, 1);
          if (parts.length) { keep(); draw(); } else remove();
        };
        const inner = unwrap(part).node;
        if (branchOf(inner) || part.not) return group(part, sources, depth + 1, (next) => { parts[index] = next; keep(); }, drop);
        return condition(part, sources, keep, drop);
      });
      const add = textButton(t("add_condition"), "plus-lg", () => { parts.push(firstLeaf(sources)); keep(); draw(); });
      const nest = depth < EASY_DEPTH && textButton(t("add_group"), "node-plus", () => { parts.push({ all: [firstLeaf(sources)] }); keep(); draw(); });
      box.replaceChildren(h("div", { class: "rule-head" }, how, h("label", { class: "check" }, not, h("span", {}, t("rule_not"))),
        iconButton(depth === 1 ? t("remove_rule") : t("remove_group"), "trash", remove)), ...lines, h("div", { class: "button-line" }, ...[add, nest].filter(Boolean)));
    };
    draw();
    return box;
  };

  const firstLeaf = (sources) => {
    const { name, field } = sources[0];
    const op = operatorsOf(field)[0];
    const { arity } = data.operators[op];
    return arity === "none" ? { field: name, op } : { field: name, op, value: startValue(field, arity) };
  };

  const depthOf = (tree) => {
    if (!tree || typeof tree !== "object") return 99;
    const parts = tree.all || tree.any || (tree.not ? [tree.not] : null);
    if (!parts) return typeof tree.field === "string" ? 0 : 99;
    return Array.isArray(parts) && parts.length ? 1 + Math.max(...parts.map(depthOf)) : 99;
  };

  /* A rule the builder cannot show without losing something. */
  const isHard = (tree, sources) => {
    const names = new Set(sources.map((source) => source.name));
    const leaves = (node) => (node.field ? [node] : (node.all || node.any || [node.not]).flatMap(leaves));
    if (depthOf(tree) > EASY_DEPTH) return true;
    return leaves(tree).some((leaf) => {
      const steps = [leaf.value].flat().filter((value) => value && typeof value === "object" && value.relative);
      return !names.has(leaf.field) || !data.operators[leaf.op] || steps.some((value) => !("days" in value.relative));
    });
  };

  Editor.ruleEditor = function (field, name) {
    const sources = sourcesFor(field);
    const words = h("p", { class: "rule-words", "data-words": "" });
    const place = h("div", { class: "rule-place" });
    const box = h("div", { class: "rule" }, words, place);
    const set = (tree) => put(field, name, tree);
    const clear = () => { set(null); show(); place.querySelector("button")?.focus(); };

    const showJson = () => {
      const note = h("p", { class: "field-error", hidden: true }, t("bad_json"));
      const area = typed(field[name] ? JSON.stringify(field[name], null, 2) : "", (text) => {
        let tree = null;
        try {
          tree = text.trim() ? JSON.parse(text) : null;
          note.hidden = !(tree !== null && (typeof tree !== "object" || Array.isArray(tree)));
        } catch {
          note.hidden = false;
        }
        if (note.hidden) set(tree);
      }, { rows: 8, class: "form-control mono", spellcheck: "false", "aria-label": t("edit_json") });
      const back = textButton(t("edit_builder"), "list-nested", () => show());
      const drop = textButton(t("remove_rule"), "trash", clear);
      place.replaceChildren(area, note, h("div", { class: "button-line" }, back, drop));
    };

    const show = () => {
      if (!field[name]) {
        const add = textButton(t("add_rule"), "plus-lg", () => { set({ all: [firstLeaf(sources)] }); show(); place.querySelector("select")?.focus(); });
        add.disabled = !sources.length;
        place.replaceChildren(h("div", { class: "button-line" }, add, textButton(t("edit_json"), "code", showJson)));
      } else if (isHard(field[name], sources)) {
        showJson();
        place.querySelector("button")?.remove();
      } else {
        place.replaceChildren(group(field[name], sources, 1, set, clear), h("div", { class: "button-line" }, textButton(t("edit_json"), "code", showJson)));
      }
    };
    show();
    return box;
  };
})();
