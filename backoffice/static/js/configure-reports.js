/* The report editor put together: its pages, its settings, its preview. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, data, property, select, typed } = Editor;
  const { workflow: W, report: R } = Editor;
  const { about } = R;
  const doc = () => Editor.doc;
  const PAGES = ["report", "sources", "figures", "groupings", "analyses"];
  const PAGE_OF = { sources: "sources", measures: "figures", ratios: "figures", targets: "figures", plans: "analyses", groupings: "groupings", analyses: "analyses" };

  // -- settings ------------------------------------------------------------------------------------------------

  const line = (name, more = {}) => property({ path: name, label: W.caption(name), width: 6, help: more.help },
    typed(doc()[name], (text) => W.set(doc(), name, text.trim()), { maxlength: more.max }));

  const both = (name, rows = 0) => property({ path: name, label: W.caption(name), width: 12, group: true }, Editor.bilingual(doc(), name, rows));

  const months = () => Array.from({ length: 12 }, (_one, at) =>
    [String(at + 1), new Intl.DateTimeFormat(data.language === "en" ? "en" : "zh-CN", { month: "long" }).format(new Date(2026, at, 1))]);

  const compared = () => R.checks(about.compare, () => doc().compare || ["before", "year_before"], (chosen) => {
    doc().compare = chosen;
    Editor.changed();
  });

  const people = (schedule) => {
    schedule.recipients = schedule.recipients || {};
    return W.picker([
      W.listOf(schedule.recipients, "roles", () => data.procedure.roles, { label: t("recipient_roles") }),
      W.listOf(schedule.recipients, "people", () => data.procedure.users, { label: t("who_people") }),
    ], W.caption("recipients"));
  };

  const schedules = () => R.lines({
    list: () => doc().schedules || [],
    path: "schedules",
    changed: (items) => W.set(doc(), "schedules", items),
    make: () => ({ every: "month", working_day: 1, at: "08:00", recipients: {} }),
    add: t("add_schedule"),
    empty: t("no_schedules"),
    line: (schedule) => [
      select(about.units, schedule.every || "month", (value) => W.set(schedule, "every", value), { "aria-label": W.caption("every") }),
      h("span", { class: "muted" }, W.caption("working_day")),
      typed(schedule.working_day ?? 1, (text) => W.set(schedule, "working_day", /^\d+$/.test(text.trim()) ? Number(text) : text.trim()), { inputmode: "numeric", "aria-label": W.caption("working_day"), class: "form-control line-number" }),
      h("span", { class: "muted" }, W.caption("at")),
      typed(schedule.at || "08:00", (text) => W.set(schedule, "at", text), { type: "time", "aria-label": W.caption("at"), class: "form-control line-number" }),
      people(schedule),
    ],
  });

  /* What a release names, and where a form has it. */
  const RELEASED = { report: "values", period: "values", fingerprint: "values", workbook: "files", reopened: "steps" };

  const releaseBy = (part, key) => {
    const has = ([name, where]) => R.form(key)?.[where].some(([one]) => one === part?.[name]);
    const kept = Object.entries(RELEASED).filter(has).map(([name]) => [name, part[name]]);
    return { form: key, ...Object.fromEntries(kept), ...R.valuesFor(part, key) };
  };

  const release = () => {
    const box = h("div", { class: "form-grid form-grid-bare span-12", "data-path": "release" });
    const parts = (part) => {
      const choose = select([["", t("no_release")], ...R.forms()], part?.form || "", (key) => {
        if (key) doc().release = releaseBy(part, key);
        else delete doc().release;
        Editor.changed();
        draw();
      });
      const fields = (form) => Object.entries(RELEASED).map(([name, where]) =>
        W.choice(part, name, "release", [["", t("none")], ...(form?.[where] || [])], { width: 3, caption: t(`release_${name}`) }));
      return [
        property({ path: "release.form", label: t("release_form"), width: 12, help: t("release_help") }, choose),
        ...(part ? [...fields(R.form(part.form)), R.values(part, "release", part.form)] : []),
        W.errorLine(),
      ];
    };
    const draw = () => Editor.redraw(box, () => box.replaceChildren(...parts(doc().release)));
    draw();
    return box;
  };

  const settings = () => [
    R.section(t("names"), both("label"), both("description", 3)),
    R.section(t("identity"), line("form_number", { max: 60 }), line("form_revision", { max: 20 })),
    R.section(t("period"),
      property({ path: "unit", label: t("period_of"), width: 4 }, select(about.units, doc().unit || "month", (value) => W.set(doc(), "unit", value, "month"))),
      property({ path: "first_month", label: W.caption("first_month"), width: 4 }, select(months(), String(doc().first_month || 1), (value) => W.set(doc(), "first_month", Number(value), 1))),
      property({ path: "first_day", label: W.caption("first_day"), width: 4, help: t("first_day_help") },
        typed(doc().first_day ?? 1, (text) => W.set(doc(), "first_day", /^\d+$/.test(text.trim()) ? Number(text) : text.trim(), 1), { inputmode: "numeric" })),
      property({ path: "compare", label: W.caption("compare"), width: 12, group: true }, compared())),
    R.section(t("whom"),
      property({ path: "readers", label: W.caption("readers"), width: 12, group: true, help: t("readers_help") }, W.picker([W.listOf(doc(), "readers", () => data.procedure.roles)], W.caption("readers"))),
      property({ path: "schedules", label: W.caption("schedules"), width: 12, group: true, help: t("working_day_help") }, schedules())),
    R.section(t("release"), release()),
  ];

  // -- pages ---------------------------------------------------------------------------------------------------

  let open = () => null;

  const DRAW = {
    report: () => ({ elements: settings() }),
    figures: R.figures,
    ...Object.fromEntries(["sources", "groupings", "analyses"].map((name) => [name, () => {
      const rows = R[name]();
      return { elements: [rows.element], openAt: rows.openAt };
    }])),
  };

  const panel = (name) => document.getElementById(`page-${name}`);

  const show = (name) => {
    for (const page of PAGES) {
      panel(page).hidden = page !== name;
      panel(page).querySelector("[data-place]").replaceChildren();
      document.querySelector(`[data-page="${page}"]`).setAttribute("aria-selected", String(page === name));
    }
    W.refreshers.clear();
    const drawn = DRAW[name]();
    open = drawn.openAt || (() => null);
    panel(name).querySelector("[data-place]").replaceChildren(...drawn.elements);
    Editor.showProblems();
    if (location.hash !== `#${name}`) history.replaceState(null, "", `#${name}`);
  };

  Editor.page.placeName = (path) => {
    const [section, key, name] = path.split(".");
    const called = data.procedure.properties;
    if (section === "release") return [called.release, data.texts[`release_${key}`] || called[key]].filter(Boolean).join(" › ");
    if (!PAGE_OF[section]) return called[section] || section;
    const among = { targets: R.figureParts, plans: () => R.list("analyses") }[section] || (() => R.list(section));
    const part = among().find((one) => one.key === key);
    return [about.sections[section] || called[section], part ? W.nameOf(part) : key, called[name]].filter(Boolean).join(" › ");
  };

  Editor.page.goTo = (path) => {
    const [section, key] = path.split(".");
    show(PAGE_OF[section] || "report");
    open(key, section);
    Editor.focusOn(path);
  };

  // -- versions ------------------------------------------------------------------------------------------------

  const note = document.querySelector("[data-version-note]");

  Editor.page.along = () => ({ note: note.value });
  Editor.page.taken = (answer) => {
    if (!answer.draft_revision) return;
    note.value = "";
    document.querySelector("[data-version]").textContent = t("version", { version: answer.draft_revision });
    document.querySelector("[data-version-input]").value = answer.draft_revision;
    document.querySelector("[data-open-report]").hidden = !answer.readable;
  };

  // -- preview -------------------------------------------------------------------------------------------------

  const dialog = document.getElementById("report-preview");
  const period = dialog.querySelector("[name=period]");
  const said = dialog.querySelector("[data-preview-said]");
  const place = dialog.querySelector("[data-preview-place]");

  const refused = (answer) => {
    const errors = answer.error?.errors || {};
    const lines = Object.entries(errors).map(([path, messages]) => h("li", {}, path === "period" ? "" : `${Editor.page.placeName(path)}：`, [messages].flat().join(" ")));
    place.replaceChildren(h("div", { class: "error-summary", role: "alert" }, h("h2", {}, answer.error?.message || t("preview_failed")), h("ul", {}, lines)));
    said.textContent = "";
  };

  let latest = 0;
  const preview = async () => {
    const turn = ++latest;
    const typed = period.value;
    place.setAttribute("aria-busy", "true");
    said.textContent = "…";
    const response = await window.Backoffice.fetch(Editor.root.dataset.preview, { json: { definition: Editor.outgoing(), period: period.value.trim() } }).catch(() => null);
    const answer = response ? await response.json().catch(() => ({})) : {};
    if (turn !== latest) return; // something else was asked for since
    place.removeAttribute("aria-busy");
    if (!response?.ok) return refused(answer);
    place.innerHTML = answer.html;
    if (period.value === typed) period.value = answer.period; // nobody typed while it was worked out
    said.textContent = answer.label;
    window.Reports?.show(place);
    place.scrollTop = 0;
  };

  document.querySelector("[data-preview-open]").addEventListener("click", () => {
    dialog.showModal();
    preview();
  });
  dialog.querySelector("[data-preview-form]").addEventListener("submit", (event) => {
    event.preventDefault();
    preview();
  });

  Editor.wireTabs(show);
  const wanted = location.hash.slice(1);
  show(PAGES.includes(wanted) ? wanted : "report");
  Editor.showState();
})();
