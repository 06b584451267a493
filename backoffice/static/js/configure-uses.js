/* Which fields a procedure names: so that a field is not deleted under it, and a new key is followed. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const ONE = new Set(["field", "source", "back", "each", "department_field", "person_field", "department", "person", "start_at", "within", "item", "quantity", "slip", "place", "until", "note"]);
  const MANY = new Set(["fields", "required", "readonly_fields", "editable_fields", "heads_of", "members_of", "done_by"]);
  const TEXTS = new Set(["text", "task", "help", "label"]);

  const follows = (name, key) => name === key || (typeof name === "string" && name.startsWith(`${key}.`));

  /* Visits every place that names a field; `swap` gives the new name, or nothing to leave it. */
  const visit = function (node, key, swap) {
    if (!node || typeof node !== "object") return;
    for (const [name, value] of Object.entries(node)) {
      if (ONE.has(name) && follows(value, key)) node[name] = swap(value);
      else if (MANY.has(name) && Array.isArray(value)) value.forEach((one, index) => follows(one, key) && (value[index] = swap(one)));
      else if (name === "mapped") Object.entries(value).forEach(([target, source]) => follows(source, key) && (value[target] = swap(source)));
      else if (TEXTS.has(name)) {
        for (const [language, text] of Object.entries(value || {})) {
          if (typeof text === "string" && text.includes(`{${key}}`)) value[language] = text.replaceAll(`{${key}}`, `{${swap(key)}}`);
        }
      } else if (name !== "values") visit(value, key, swap);
    }
  };

  const everywhere = (key, swap) => [Editor.doc.workflow, Editor.doc.clocks].forEach((part) => visit(part, key, swap));

  Editor.isInProcedure = function (key) {
    let found = false;
    everywhere(key, (name) => {
      found = true;
      return name;
    });
    return found;
  };

  Editor.renameInProcedure = (from, to) => everywhere(from, (name) => to + name.slice(from.length));
})();
