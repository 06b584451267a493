/* The form editor put together: its pages, and where its problems are. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { t, data } = Editor;
  const PAGES = ["fields", "form", "list", "letters"];

  let rows = null;

  const panel = (name) => document.getElementById(`page-${name}`);

  const drawPage = (name) => {
    const place = panel(name).querySelector("[data-place]");
    if (name === "fields" && !rows) {
      rows = Editor.fieldList();
      place.replaceChildren(rows.element);
    } else if (name === "form") place.replaceChildren(...Editor.formSettings());
    else if (name === "list") place.replaceChildren(...Editor.listSettings());
    else if (name === "letters") place.replaceChildren(...Editor.letterList());
  };

  /* The rows of fields are drawn anew where fields came from another page. */
  Editor.fieldsChanged = () => { rows = null; };

  const show = (name) => {
    for (const page of PAGES) {
      panel(page).hidden = page !== name;
      document.querySelector(`[data-page="${page}"]`).setAttribute("aria-selected", String(page === name));
    }
    drawPage(name);
    Editor.showProblems();
    if (location.hash !== `#${name}`) history.replaceState(null, "", `#${name}`);
  };

  const isOfProcedure = (path) => ["workflow", "clocks"].includes(path.split(".")[0]);

  const pageOf = (path) => {
    if (["fields", "letters"].includes(path.split(".")[0])) return path.split(".")[0];
    return ["title_fields", "list_columns", "inline_columns", "sort", "business_key"].includes(path.split(".")[0]) ? "list" : "form";
  };

  Editor.page.placeName = (path) => {
    if (isOfProcedure(path)) return t("workflow");
    const [first, key, second, third] = path.split(".");
    if (first === "letters") return [data.formProperties.letters, Editor.letterName(key, second)].filter(Boolean).join(" › ");
    if (first !== "fields") return Editor.partName(path) || data.formProperties[first] || t("form");
    const field = Editor.fieldByKey(key);
    if (!field) return key || t("field");
    const column = (field.fields || []).find((one) => one.key === second);
    const name = data.properties[column ? third : second]?.label || "";
    return [Editor.nameOf(field), column && Editor.nameOf(column), name].filter(Boolean).join(" › ");
  };

  Editor.page.goTo = (path) => {
    if (isOfProcedure(path)) {
      document.querySelector("[data-workflow-tab]").click();
      return;
    }
    show(pageOf(path));
    if (path.startsWith("fields.")) rows.openAt(path.split(".")[1]);
    if (path.startsWith("letters.")) Editor.openLetter(path.split(".")[1]);
    Editor.focusOn(path);
  };

  Editor.wireTabs(show);
  document.querySelector("[data-expand-all]")?.addEventListener("click", () => rows.each((row) => row.setOpen(true)));
  document.querySelector("[data-collapse-all]")?.addEventListener("click", () => rows.each((row) => row.setOpen(false)));

  const wanted = location.hash.slice(1);
  show(PAGES.includes(wanted) ? wanted : "fields");
  Editor.showState();
})();
