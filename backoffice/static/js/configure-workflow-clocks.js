/* The workflow designer's clocks with their ladder of reminders, and its routing tables. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, property, select, typed, iconButton, textButton, icon } = Editor;
  const W = Editor.workflow;
  const { about } = W;

  // -- recurrences ---------------------------------------------------------------------------------------

  const WAYS = ["every", "times", "weekly", "monthly", "yearly"];
  const START = {
    every: () => ({ every: { amount: "2", unit: "hours" } }),
    times: () => ({ times: ["09:00"] }),
    weekly: () => ({ weekly: ["mon"] }),
    monthly: () => ({ monthly: 1 }),
    yearly: () => ({ yearly: "01-15" }),
  };

  const listed = (owner, name, path, read, caption, help) =>
    property({ path: `${path}.${name}`, label: caption, help, width: 4 },
      typed((owner[name] || []).join(", "), (text) => W.set(owner, name, text.split(/[\s,，、;；]+/).filter(Boolean).map(read))));

  const recurrence = function (clock, context, path) {
    const rule = (clock.recurrence = clock.recurrence || START.every());
    const here = `${path}.recurrence`;
    const way = WAYS.find((one) => rule[one] !== undefined && rule[one] !== null && rule[one] !== "") || "every";
    const at = property({ path: `${here}.at`, label: t("at_time"), width: 3 },
      typed(rule.at || "09:00", (text) => W.set(rule, "at", text.trim(), "09:00"), { type: "time" }));
    const parts = {
      every: () => [W.length(rule, "every", here, { caption: about.recurrences.every })],
      times: () => [listed(rule, "times", here, (one) => one, t("times_of_day"), t("times_help"))],
      weekly: () => [W.keys(rule, "weekly", here, () => W.pairs(about.weekdays), { caption: t("weekdays") }), at],
      monthly: () => [
        W.whole(rule, "monthly", here, { caption: t("day_of_month"), help: t("day_of_month_help") }),
        listed(rule, "months", here, (one) => (/^\d+$/.test(one) ? Number(one) : one), t("months"), t("months_help")), at],
      yearly: () => [W.text(rule, "yearly", here, { caption: t("day_of_year"), help: t("day_of_year_help"), width: 3 }), at],
    };
    return [
      property({ path: here, label: W.caption("recurrence"), width: 3 }, select(W.pairs(about.recurrences), way, (chosen) => {
        const kept = { ...(rule.at ? { at: rule.at } : {}), ...(rule.working_days_only ? { working_days_only: true } : {}) };
        clock.recurrence = { ...kept, ...START[chosen]() };
        Editor.changed();
        context.redraw(clock);
      })),
      ...parts[way](),
      W.flag(rule, "working_days_only", here, { caption: t("working_days_only") }),
    ];
  };

  // -- the ladder ----------------------------------------------------------------------------------------

  const again = function (rung, context, path) {
    const box = h("input", { type: "checkbox", role: "switch", checked: Boolean(rung.repeat), onchange: () => {
      if (box.checked) rung.repeat = { amount: "1", unit: "days" };
      else delete rung.repeat;
      Editor.changed();
      context.redraw(rung);
    } });
    return [
      property({ path: `${path}.repeat`, label: "", width: 12, group: true }, h("label", { class: "switch" }, box, h("span", {}, t("again_and_again")))),
      ...(rung.repeat ? [W.length(rung, "repeat", path, {}), W.whole(rung, "times", path, { normal: 10 })] : []),
    ];
  };

  const rungBody = (rung, context, path) => [
    W.choice(rung, "side", path, W.pairs(about.sides), { normal: "at", width: 3, caption: t("when"), chosen: (side) => {
      if (side === "at") delete rung.offset;
      context.redraw(rung);
    } }),
    rung.side && rung.side !== "at" && W.length(rung, "offset", path, {}),
    W.choice(rung, "level", path, W.pairs(about.levels), { normal: "warning", width: 3 }),
    context.keyInput(rung),
    W.who(rung, "who", path, { width: 12 }),
    W.label(rung, "text", path, { width: 12, rows: 2, help: t("text_help") }),
    again(rung, context, path),
    W.effects(rung, "effects", path, { ofClock: true }),
  ];

  const distance = (rung) => {
    const side = about.sides[rung.side || "at"];
    return rung.side && rung.side !== "at" ? t(`${rung.side}_offset`, { length: `${rung.offset?.amount ?? "?"} ${about.units[rung.offset?.unit || "hours"]}` }) : side;
  };

  const ladder = function (clock, path) {
    clock.ladder = clock.ladder || [];
    const rows = W.rows({
      list: () => clock.ladder,
      path: `${path}.ladder`,
      kind: null,
      meta: (rung) => [W.tag(about.levels[rung.level || "warning"], { info: "blue", warning: "orange", urgent: "red" }[rung.level || "warning"]), W.quiet(Editor.text(rung.text))],
      nameOf: distance,
      body: rungBody,
      make: () => ({ key: clock.ladder.length ? "late" : "due", ...(clock.ladder.length ? { side: "after", offset: { amount: "1", unit: "days" } } : {}), who: JSON.parse(JSON.stringify(clock.who || {})) }),
      addLabel: t("add_rung"),
      emptyText: t("no_rungs"),
      max: 20,
    });
    return property({ path: `${path}.ladder`, label: W.caption("ladder"), help: t("ladder_help"), width: 12, group: true }, rows.element);
  };

  // -- clocks --------------------------------------------------------------------------------------------

  const sentence = (clock) => h("p", { class: "wf-sentence span-12", "data-clock": clock.key });

  W.showSentences = () => {
    Editor.root.querySelectorAll("[data-clock]").forEach((element) => {
      const key = element.closest("[data-path]")?.dataset.path.split(".")[1];
      const said = W.sentences?.[key];
      element.replaceChildren(...(said?.text ? [icon("stopwatch"), h("span", {}, said.text, said.example && h("b", {}, ` ${said.example}`))] : []));
    });
  };

  const ofRecord = (clock, path) => [
    W.heading(t("course")),
    W.when(clock, "start", path),
    W.choice(clock, "start_at", path, [["", t("that_moment")], ...W.fields("date", "datetime")]),
    W.when(clock, "pause", path),
    W.when(clock, "stop", path),
  ];

  const clockBody = (clock, context, path) => [
    sentence(clock),
    context.label(clock),
    context.keyInput(clock),
    W.choice(clock, "kind", path, W.pairs(about.kinds), { normal: "deadline", width: 3, chosen: (kind) => {
      if (kind === "recurring") delete clock.length;
      else {
        delete clock.recurrence;
        delete clock.scope;
      }
      context.redraw(clock);
    } }),
    clock.kind === "recurring" && W.choice(clock, "scope", path, W.pairs(about.scopes), { normal: "record", width: 3, chosen: () => context.redraw(clock) }),
    ...(clock.kind === "recurring" ? recurrence(clock, context, path) : [W.length(clock, "length", path, { fields: true, help: t("length_help") })]),
    W.choice(clock, "calendar", path, [["", t("department_calendar")], ...about.calendars]),
    W.label(clock, "help", path),
    ...(clock.scope === "form" ? [] : ofRecord(clock, path)),
    W.heading(t("people")),
    W.who(clock, "who", path),
    W.who(clock, "exempt", path),
    clock.kind === "recurring" && W.keys(clock, "done_by", path, () => W.fields(), { help: t("done_by_help") }),
    clock.kind !== "retention" && W.heading(W.caption("ladder")),
    clock.kind !== "retention" && ladder(clock, path),
  ];

  const clockMeta = (clock) => [
    W.quiet(clock.kind && clock.kind !== "deadline" ? about.kinds[clock.kind] : clock.length?.amount ? `${clock.length.amount} ${about.units[clock.length.unit || "hours"]}` : ""),
    clock.ladder?.length && h("span", { class: "field-row-meta" }, icon("bell"), ` ${clock.ladder.length}`),
  ];

  const newClock = () => {
    const flow = W.flow();
    const ends = (flow?.states || []).filter((state) => state.category === "done" || state.category === "void").map((state) => state.key);
    const start = flow ? { start: { states: [flow.initial] } } : {};
    return { key: "clock", label: {}, ...start, ...(ends.length ? { stop: { states: ends } } : {}), length: { amount: "48", unit: "hours" }, ladder: [{ key: "due", who: {} }] };
  };

  W.clockRows = () => W.rows({
    list: W.clocks,
    path: "clocks",
    kind: "clocks",
    meta: clockMeta,
    body: clockBody,
    make: newClock,
    addLabel: t("add_clock"),
    emptyText: t("no_clocks"),
    max: about.limits.clocks,
  });

  // -- routing -------------------------------------------------------------------------------------------

  const routeCard = function (table, route, index, path, redraw) {
    const here = `${path}.routes.${index}`;
    const move = (by) => {
      table.routes.splice(index, 1);
      table.routes.splice(index + by, 0, route);
      Editor.changed();
      redraw();
    };
    return h("div", { class: "wf-effect", "data-path": here },
      h("div", { class: "wf-effect-head" }, h("b", {}, t("row_number", { number: index + 1 })),
        iconButton(t("move_up"), "arrow-up", () => move(-1), { disabled: index === 0 }),
        iconButton(t("move_down"), "arrow-down", () => move(1), { disabled: index === table.routes.length - 1 }),
        iconButton(t("delete"), "trash", () => { table.routes.splice(index, 1); Editor.changed(); redraw(); })),
      W.errorLine(),
      h("div", { class: "form-grid" },
        W.rule(route, "when", here, { help: t("route_when_help") }),
        W.choice(route, "department", here, [["", t("none")], ...W.fields("department"), ...about.departments]),
        W.choice(route, "person", here, [["", t("none")], ...W.fields("person"), ...about.users]),
        W.choice(route, "role", here, [["", t("none")], ...about.roles]),
        W.label(route, "label", here),
        W.who(route, "copy_to", here)));
  };

  const routes = function (table, path) {
    table.routes = table.routes || [];
    const box = h("div", { class: "wf-effects" });
    const draw = () => {
      box.replaceChildren(...table.routes.map((route, index) => routeCard(table, route, index, path, draw)),
        textButton(t("add_route"), "plus-lg", () => { table.routes.push({}); Editor.changed(); draw(); }));
      Editor.showProblems();
    };
    const element = property({ path: `${path}.routes`, label: W.caption("routes"), help: t("routes_help"), width: 12, group: true }, box);
    draw();
    return element;
  };

  const tableBody = (table, context, path) => [
    context.label(table),
    context.keyInput(table),
    W.choice(table, "department_field", path, [["", t("own_department")], ...W.fields("department")], { width: 3 }),
    W.choice(table, "person_field", path, [["", t("own_assignees")], ...W.fields("person")], { width: 3 }),
    W.choice(table, "on_change", path, W.pairs(about.onChange), { normal: "reroute", width: 3 }),
    W.keys(table, "clocks", path, W.clockChoices, { help: t("table_clocks_help") }),
    W.choice(table, "back_to", path, [["", t("stays_in_state")], ...W.states()], { width: 3 }),
    routes(table, path),
  ];

  W.routingRows = () => W.rows({
    list: () => (W.flow().routing = W.flow().routing || []),
    path: "workflow.routing",
    kind: "routing",
    meta: (table) => [W.quiet(t("row_count", { count: (table.routes || []).length }))],
    body: tableBody,
    make: () => ({ key: "route", label: {}, routes: [] }),
    addLabel: t("add_table"),
    emptyText: t("no_tables"),
    max: 20,
  });
})();
