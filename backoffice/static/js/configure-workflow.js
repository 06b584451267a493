/* The workflow designer put together: its pages, the picture, warnings, and where its problems are. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, data, root, icon, textButton } = Editor;
  const W = Editor.workflow;
  const PAGES = ["states", "steps", "clocks", "routing", "try"];
  const LEGIBLE = 0.7; // smaller than that, a picture rather scrolls
  const KINDS = { states: "states", transitions: "steps", routing: "routing" };

  const picture = root.querySelector("[data-diagram]");
  const card = root.querySelector("[data-diagram-card]");
  const warned = root.querySelector("[data-warnings]");
  const rows = {};
  let current = "states";
  let diagram = null;

  const panel = (name) => document.getElementById(`page-${name}`);
  const needsFlow = (name) => name !== "clocks";

  // -- beginning -----------------------------------------------------------------------------------------

  const SIMPLE = () => ({
    initial: "received",
    states: [
      { key: "received", label: { zh: "已接收", en: "Received" }, color: "gray", task: { zh: "开始处理", en: "Begin work" }, who: { fields: ["@owner"] } },
      { key: "in_progress", label: { zh: "处理中", en: "In progress" }, task: { zh: "完成处理", en: "Finish the work" }, who: { fields: ["@owner"] } },
      { key: "done", label: { zh: "已完成", en: "Done" }, category: "done", readonly: true },
    ],
    transitions: [
      { key: "begin", label: { zh: "开始处理", en: "Begin" }, sources: ["received"], to: "in_progress", kind: "primary" },
      { key: "finish", label: { zh: "完成", en: "Finish" }, sources: ["in_progress"], to: "done", kind: "primary" },
    ],
  });
  const EMPTY = () => ({ initial: "new", states: [{ key: "new", label: { zh: "新建", en: "New" } }], transitions: [] });

  const begin = (flow) => {
    Editor.doc.workflow = flow;
    Editor.changed();
    show("states");
    panel("states").querySelector("button")?.focus();
  };

  const beginning = () => h("div", { class: "empty" }, icon("diagram-3"), h("h2", {}, t("no_workflow")), h("p", {}, t("no_workflow_text")),
    h("div", { class: "button-line wf-begin" },
      textButton(t("begin_simple"), "play", () => begin(SIMPLE()), "primary"),
      textButton(t("begin_empty"), "plus-lg", () => begin(EMPTY()), "secondary")));

  const removal = () => h("div", { class: "button-line wf-removal" }, textButton(t("remove_workflow"), "trash", async () => {
    if (!(await window.Backoffice.confirm({ title: t("remove_workflow"), text: t("remove_workflow_text"), button: t("delete"), kind: "danger" }))) return;
    delete Editor.doc.workflow;
    Editor.changed();
    show("states");
  }));

  // -- pages ---------------------------------------------------------------------------------------------

  const DRAW = {
    states: () => {
      rows.states = W.stateRows();
      return [rows.states.element, W.onCreate(), removal()];
    },
    steps: () => {
      rows.steps = W.stepRows();
      return [rows.steps.element];
    },
    clocks: () => {
      rows.clocks = W.clockRows();
      return [rows.clocks.element];
    },
    routing: () => {
      rows.routing = W.routingRows();
      return [rows.routing.element];
    },
    try: () => [W.tryOut()],
  };

  const show = (name) => {
    current = name;
    W.refreshers.clear();
    for (const page of PAGES) {
      panel(page).hidden = page !== name;
      panel(page).querySelector("[data-place]").replaceChildren();
      document.querySelector(`[data-page="${page}"]`).setAttribute("aria-selected", String(page === name));
    }
    const place = panel(name).querySelector("[data-place]");
    place.replaceChildren(...(needsFlow(name) && !W.flow() ? [beginning()] : DRAW[name]()));
    card.hidden = !W.flow();
    Editor.showProblems();
    if (location.hash !== `#${name}`) history.replaceState(null, "", `#${name}`);
  };

  // -- problems and warnings -----------------------------------------------------------------------------

  const partOf = (path) => {
    const [first, kind, key] = path.split(".");
    if (first === "clocks") return { page: "clocks", key: kind, part: (Editor.doc.clocks || []).find((one) => one.key === kind), rest: path.split(".").slice(2) };
    const part = (W.flow()?.[kind] || []).find?.((one) => one.key === key);
    return { page: KINDS[kind] || "states", key, part, rest: path.split(".").slice(3) };
  };

  const isHere = (path) => ["workflow", "clocks"].includes(path.split(".")[0]);

  Editor.page.placeName = (path) => {
    if (!isHere(path)) return t("form");
    const { part, key, rest } = partOf(path);
    const names = rest.filter((name) => name in W.about.properties).map(W.caption);
    return [part ? W.nameOf(part) : key || t("workflow"), names[names.length - 1]].filter(Boolean).join(" › ");
  };

  Editor.page.goTo = (path) => {
    if (!isHere(path)) {
      document.querySelector("[data-fields-tab]").click();
      return;
    }
    const { page, key, rest } = partOf(path);
    if (current !== page) show(page);
    const row = rows[page]?.openAt(key);
    if (rest.length) Editor.focusOn(path);
    else if (row) {
      row.scrollIntoView({ block: "center" });
      row.querySelector(".field-row-toggle").focus();
    }
  };

  const showWarnings = () => {
    root.querySelectorAll(".wf-warning").forEach((line) => line.remove());
    const entries = Object.entries(W.warnings || {});
    for (const [path, messages] of entries) {
      const place = Editor.placeFor(path);
      if (place && place.dataset.path.split(".").length > 1) {
        const line = h("p", { class: "wf-warning" }, icon("exclamation-triangle"), h("span", {}, messages.join(" ")));
        if (place.matches(".field-row, .wf-effect")) place.firstElementChild.after(line);
        else place.append(line);
      }
    }
    warned.hidden = !entries.length;
    warned.querySelector("summary span").textContent = t("warnings", { count: entries.length });
    warned.querySelector("ul").replaceChildren(...entries.map(([path, messages]) => Editor.problemLine(path, messages)));
  };

  Editor.onShow(() => {
    showWarnings();
    W.showSentences();
  });

  const fit = document.querySelector("[data-fit]");
  const setFitted = (yes) => {
    picture.classList.toggle("is-fitted", yes);
    fit.setAttribute("aria-pressed", String(yes));
  };

  const draw = () => {
    W.drawDiagram(picture, diagram, (path) => Editor.page.goTo(path));
    const node = diagram?.nodes.find((one) => one.key === W.selected);
    if (node) picture.scrollLeft = node.x + node.w / 2 - picture.clientWidth / 2;
  };

  Editor.page.taken = (judgement) => {
    if (!judgement.diagram) return;
    W.warnings = judgement.warnings;
    W.sentences = judgement.clocks;
    diagram = judgement.diagram;
    draw();
  };

  W.opened = (kind, item) => {
    if (kind !== "states") return;
    W.selected = item?.key;
    draw();
  };

  fit.addEventListener("click", () => setFitted(!picture.classList.contains("is-fitted")));

  Editor.wireTabs(show);
  const wanted = location.hash.slice(1);
  Editor.page.taken(data.judgement);
  show(PAGES.includes(wanted) ? wanted : "states");
  setFitted(!diagram || picture.clientWidth >= diagram.width * LEGIBLE);
  Editor.showState();
})();
