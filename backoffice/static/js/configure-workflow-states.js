/* The workflow designer's states and steps, with approvals. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, data, property, icon } = Editor;
  const W = Editor.workflow;
  const { about } = W;
  const COLORS = { open: "blue", paused: "yellow", done: "green", void: "gray" };

  W.colorOf = (state) => state.color || COLORS[state.category || "open"];
  const stateName = (key) => (key === "*" ? t("any_state") : Object.fromEntries(W.states())[key] || key);

  // -- approvals -----------------------------------------------------------------------------------------

  const newStep = (steps) => ({ key: W.freeKey(steps, "step"), label: { zh: "审批", en: "Approval" } });

  /* The outcome of an approval is a step of its own; what is missing is made. */
  const outcome = function (state, wanted, label, to, kind) {
    const steps = W.flow().transitions;
    const found = steps.find((one) => one.by === "approval" && one.sources.includes(state.key) && one.key.startsWith(wanted));
    if (found) return found.key;
    const made = { key: W.freeKey(steps, `${wanted}_${state.key}`.slice(0, 58)), label, sources: [state.key], to, by: "approval", ...(kind ? { kind } : {}) };
    steps.push(made);
    return made.key;
  };

  const newApproval = function (state) {
    const states = W.flow().states;
    const next = states[states.indexOf(state) + 1] || states.find((one) => one.category === "done") || state;
    const back = states[states.indexOf(state) - 1] || states[0];
    return {
      steps: [newStep([])],
      approved: outcome(state, "approved", { zh: "批准", en: "Approved" }, next.key),
      rejected: outcome(state, "rejected", { zh: "驳回", en: "Rejected" }, back.key, "danger"),
    };
  };

  const approvalStep = function (step, context, path) {
    const count = W.whole(step, "count", path, { normal: 1 });
    count.hidden = step.mode !== "count";
    return [
      context.label(step),
      W.who(step, "who", path),
      W.choice(step, "mode", path, W.pairs(about.modes), { normal: "any", width: 3, chosen: (value) => { count.hidden = value !== "count"; } }),
      count,
      W.choice(step, "signature", path, W.pairs(about.signatures), { normal: "no", width: 3 }),
      W.flag(step, "add_signers", path, { normal: true, width: 3 }),
      W.flag(step, "hand_over", path, { normal: true, width: 3 }),
      W.rule(step, "condition", path, { help: t("step_condition_help") }),
    ];
  };

  const approvalEditor = function (state, path) {
    const { approval } = state;
    const here = `${path}.approval`;
    approval.steps = approval.steps || [];
    const outcomes = W.steps("approval");
    const rows = W.rows({
      list: () => approval.steps,
      path: `${here}.steps`,
      kind: null,
      meta: (step) => [W.quiet(about.modes[step.mode || "any"])],
      body: approvalStep,
      make: () => newStep(approval.steps),
      addLabel: t("add_approval_step"),
      emptyText: t("no_approval_steps"),
      max: 20,
    });
    return [
      property({ path: `${here}.steps`, label: W.caption("steps"), width: 12, group: true }, rows.element),
      W.choice(approval, "approved", here, outcomes, { width: 3 }),
      W.choice(approval, "rejected", here, outcomes, { width: 3 }),
      W.choice(approval, "withdrawn", here, [["", t("none")], ...outcomes], { width: 3 }),
      W.flag(approval, "own_work", here, { width: 3 }),
    ];
  };

  const approvalPart = function (state, context, path) {
    const box = h("input", { type: "checkbox", role: "switch", checked: Boolean(state.approval), onchange: () => {
      if (box.checked) state.approval = newApproval(state);
      else delete state.approval;
      Editor.changed();
      context.redraw(state);
    } });
    return [
      property({ path: `${path}.approval`, label: "", width: 12, group: true }, h("label", { class: "switch" }, box, h("span", {}, t("has_approval")))),
      ...(state.approval ? approvalEditor(state, path) : []),
    ];
  };

  // -- states --------------------------------------------------------------------------------------------

  const closed = (state, path) => {
    const open = W.keys(state, "editable_fields", path, () => W.fields(), { width: 12 });
    open.hidden = !state.readonly;
    return [
      W.flag(state, "readonly", path, { width: 12, chosen: (yes) => { open.hidden = !yes; } }),
      W.keys(state, "readonly_fields", path, () => W.fields(), { width: 12 }),
      open,
    ];
  };

  const initial = function (state, path) {
    const radio = h("input", { type: "radio", name: "wf-initial", checked: W.flow().initial === state.key, onchange: () => {
      W.flow().initial = state.key;
      Editor.changed();
    } });
    return property({ path: `${path}.initial`, label: "", width: 3, group: true }, h("label", { class: "check" }, radio, h("span", {}, t("begins_here"))));
  };

  const stateBody = (state, context, path) => [
    context.label(state),
    context.keyInput(state),
    initial(state, path),
    W.choice(state, "category", path, W.pairs(about.categories), { normal: "open", width: 3, help: t("category_help") }),
    W.choice(state, "color", path, W.pairs(data.colors), { width: 3 }),
    W.label(state, "help", path, { width: 6 }),
    W.heading(t("state_task")),
    W.label(state, "task", path, { help: t("task_help") }),
    W.who(state, "who", path, { help: t("state_who_help") }),
    W.heading(t("state_fields")),
    closed(state, path),
    W.heading(W.caption("approval")),
    approvalPart(state, context, path),
  ];

  const stateMeta = (state) => [
    W.tag(about.categories[state.category || "open"], W.colorOf(state)),
    W.flow().initial === state.key && W.quiet(t("begins_here")),
    state.approval && h("span", { class: "field-row-meta" }, icon("check2-all"), ` ${W.caption("approval")}`),
    state.readonly && h("span", { class: "field-row-meta" }, icon("lock"), ` ${W.caption("readonly")}`),
  ];

  W.stateRows = () => W.rows({
    list: () => W.flow().states,
    path: "workflow.states",
    kind: "states",
    meta: stateMeta,
    body: stateBody,
    make: () => ({ key: "state", label: {} }),
    addLabel: t("add_state"),
    emptyText: t("no_states"),
    max: about.limits.states,
  });

  // -- steps ---------------------------------------------------------------------------------------------

  const sourcesOf = (step, path) => {
    const group = W.listOf(step, "sources", () => [["*", t("any_state")], ...W.states()], { set: (list) => { step.sources = list; Editor.changed(); } });
    return property({ path: `${path}.sources`, label: W.caption("sources"), width: 6, group: true }, W.picker([group], W.caption("sources")));
  };

  const byPerson = (step, path) => [
    W.who(step, "who", path, { help: t("step_who_help") }),
    W.choice(step, "kind", path, W.pairs(about.buttons), { normal: "neutral", width: 3, caption: t("button") }),
    W.keys(step, "fields", path, () => W.fields(), { help: t("fields_help") }),
    W.keys(step, "required", path, () => W.fields(), { help: t("required_help") }),
    W.choice(step, "reason", path, W.pairs(about.reasons), { normal: "no", width: 3 }),
    W.choice(step, "signature", path, W.pairs(about.signatures), { normal: "no", width: 3 }),
    W.keys(step, "waits_for", path, () => data.forms.map((one) => [one.key, one.label]), { help: t("waits_help") }),
    W.label(step, "help", path),
  ];

  const stepBody = (step, context, path) => [
    context.label(step),
    context.keyInput(step),
    W.choice(step, "by", path, W.pairs(about.by), { normal: "person", width: 3, chosen: () => context.redraw(step) }),
    sourcesOf(step, path),
    W.choice(step, "to", path, W.states(), { width: 6 }),
    ...(["person", undefined].includes(step.by) ? byPerson(step, path) : []),
    W.rule(step, "condition", path, { help: step.by === "rule" ? t("rule_step_help") : t("condition_help") }),
    W.effects(step, "effects", path),
  ];

  const stepMeta = (step) => [
    W.quiet(`${step.sources.map(stateName).join(" / ")} → ${stateName(step.to)}`),
    step.by && step.by !== "person" && W.tag(about.by[step.by]),
    step.effects?.length && h("span", { class: "field-row-meta" }, icon("lightning"), ` ${step.effects.length}`),
  ];

  const newTransition = () => {
    const { states } = W.flow();
    const last = states[states.length - 1];
    return { key: "step", label: {}, sources: [(states[states.length - 2] || last)?.key || "*"], to: last?.key || "" };
  };

  W.stepRows = () => W.rows({
    list: () => (W.flow().transitions = W.flow().transitions || []),
    path: "workflow.transitions",
    kind: "transitions",
    meta: stepMeta,
    body: stepBody,
    make: newTransition,
    addLabel: t("add_step"),
    emptyText: t("no_steps"),
    max: about.limits.transitions,
  });

  W.onCreate = () => h("section", { class: "form-section" }, h("div", { class: "form-grid" }, W.effects(W.flow(), "on_create", "workflow")));
})();
