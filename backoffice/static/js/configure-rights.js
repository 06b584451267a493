/* The screens of rights: rules of scopes in the rule builder, each over the fields of its own form. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor?.ruleEditor) return;
  const { data } = Editor;
  const SYSTEM = { state: "choice", owner: "person", created_by: "person", department: "department", created_at: "datetime", updated_at: "datetime", assignees: "person", invited: "person", number: "text" };
  const mounted = [];
  let states = [];

  Editor.systemSources = () =>
    Object.entries(SYSTEM).map(([name, type]) => ({
      name: `@${name}`,
      label: data.systemColumns[name],
      field: { key: `@${name}`, type, ...(name === "state" ? { options: states } : {}) },
    }));

  const read = (text) => {
    if (!text.trim()) return null;
    const tree = JSON.parse(text);
    return tree && typeof tree === "object" && !Array.isArray(tree) && Object.keys(tree).length ? tree : null;
  };

  /* The text area stays what is sent; the builder writes into it. */
  const mount = (row) => {
    const area = row.querySelector("textarea");
    if (!area || area.hidden) return;
    const holder = {};
    try {
      holder.rule = read(area.value) ?? undefined;
    } catch {
      return;
    }
    const form = data.forms[area.dataset.ruleForm] || { fields: [], states: [] };
    Editor.doc = { fields: form.fields };
    states = form.states;
    mounted.push({ holder, area });
    row.querySelector("[data-rule-place]").replaceChildren(Editor.ruleEditor(holder, "rule"));
    area.hidden = true;
  };

  Editor.onChange(() => {
    for (const { holder, area } of mounted) {
      const text = holder.rule ? JSON.stringify(holder.rule) : "";
      if (text === area.value) continue;
      area.value = text;
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });

  const show = (row) => {
    const chosen = row.querySelector("[data-grant-scope]").value === "rule";
    const below = row.nextElementSibling;
    below.hidden = !chosen;
    if (chosen) mount(below);
  };

  document.querySelectorAll("[data-grant]").forEach((row) => {
    row.querySelector("[data-grant-scope]").addEventListener("change", () => show(row));
    row.querySelector("[data-grant-deny]").addEventListener("change", (event) => row.classList.toggle("is-denied", event.target.value === "1"));
    show(row);
  });

  /* What was chosen stays in sight when a list of fields or states is closed. */
  document.querySelectorAll(".pick-list").forEach((list) => {
    const words = list.querySelector("summary span");
    list.addEventListener("change", () => {
      const chosen = [...list.querySelectorAll("input:checked")].map((box) => box.parentElement.textContent.trim());
      words.textContent = chosen.join(", ") || "—";
    });
  });
})();
