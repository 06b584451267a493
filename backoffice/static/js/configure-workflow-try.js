/* The workflow designer's try-out: a sample record goes through the draft; nothing is stored. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, select, typed, textButton, icon } = Editor;
  const W = Editor.workflow;
  const { about } = W;
  const TYPES = { date: "date", datetime: "datetime-local" };

  const input = function (key, values) {
    const field = Editor.fieldByKey(key);
    const set = (value) => {
      if (value === "" || value === null) delete values[key];
      else values[key] = value;
    };
    if (!field) return null;
    const caption = { "aria-label": Editor.nameOf(field) };
    const choices = { choice: field.options, person: Editor.data.people, department: Editor.data.departments }[field.type];
    const control = field.type === "boolean" ? Editor.yesNo(values[key], set)
      : choices ? select([["", t("none")], ...choices.map((one) => [one.key || one.id, field.type === "choice" ? Editor.text(one.label) || one.key : one.label])], values[key] ?? "", set, caption)
        : typed(values[key] ?? "", set, { type: TYPES[field.type] || "text", ...caption });
    return h("label", { class: "wf-try-field" }, h("span", {}, Editor.nameOf(field)), control);
  };

  const EASY = new Set(["text", "long_text", "integer", "decimal", "percent", "date", "datetime", "choice", "boolean", "person", "department", "rating"]);

  W.tryOut = function () {
    const sample = { record: "", values: {}, role: "", steps: [] };
    const course = h("ol", { class: "wf-course", "aria-live": "polite" });
    const offers = h("div", { class: "wf-offers" });

    const ask = async () => {
      const body = { definition: Editor.outgoing(), record: sample.record || null, values: sample.values, steps: sample.steps };
      const response = await window.Backoffice.fetch(Editor.root.dataset.try, { json: body }).catch(() => null);
      const answer = await response?.json().catch(() => null);
      if (response?.ok) {
        tell(answer.stops);
        return;
      }
      const found = Object.entries(answer?.error?.errors || {});
      course.replaceChildren(h("li", { class: "wf-refused" }, h("b", {}, t("try_problems")),
        h("ul", {}, found.length ? found.map(([path, messages]) => Editor.problemLine(path, messages)) : h("li", {}, answer?.error?.message || t("save_failed")))));
      offers.replaceChildren();
    };

    const stopLine = (stop) => h("li", { class: "wf-stop" },
      h("div", { class: "wf-stop-head" }, h("b", {}, stop.step || t("created")), stop.state && h("span", { "aria-hidden": "true" }, "→"), stop.state && W.tag(stop.state.label, stop.state.color)),
      stop.refused && h("p", { class: "wf-refused" }, icon("x-circle"), h("span", {}, stop.refused)),
      Object.entries(stop.errors).map(([key, messages]) => h("p", { class: "wf-refused" }, `${Editor.nameOf(Editor.fieldByKey(key.split(".")[0]) || { key })}：${messages.join(" ")}`)),
      stop.happened.length ? h("ul", { class: "wf-happened" }, stop.happened.map((one) => h("li", {}, one))) : null,
      stop.clocks.map((one) => h("p", { class: "wf-line-note" }, icon("stopwatch"), h("span", {}, t("clock_starts", { clock: one.label, at: one.due })))),
      stop.owedBy.length ? h("p", { class: "wf-line-note" }, icon("person"), h("span", {}, t("owed_by", { people: stop.owedBy.join("、") }))) : null);

    const whyNot = (offer) => {
      if (offer.whyNot) return offer.whyNot;
      if (offer.by !== "person") return t("not_by_person", { by: about.by[offer.by] });
      if (sample.role && offer.onlyRoles && !offer.roles.includes(sample.role)) return t("only_people", { people: offer.people });
      return "";
    };

    const offerCard = (offer) => {
      const values = {};
      const refusal = whyNot(offer);
      const open = offer.fields.map((key) => input(key, values)).filter(Boolean);
      const take = textButton(offer.label, "play", () => {
        sample.steps.push({ transition: offer.key, values });
        ask();
      }, offer.kind === "primary" ? "primary" : offer.kind === "danger" ? "danger" : "secondary");
      take.disabled = Boolean(offer.whyNot) || (offer.by === "person" && Boolean(refusal));
      return h("div", { class: "wf-offer" }, h("div", { class: "wf-offer-head" }, take, h("span", { class: "muted" }, `→ ${offer.to}`)),
        refusal && h("p", { class: "wf-line-note" }, icon("info-circle"), h("span", {}, refusal)),
        offer.people && !refusal && h("p", { class: "wf-line-note" }, icon("people"), h("span", {}, t("may_take", { people: offer.people }))),
        open.length ? h("div", { class: "wf-try-fields" }, open) : null);
    };

    const tell = (stops) => {
      const last = stops[stops.length - 1];
      if (last.refused && sample.steps.length) sample.steps.pop();
      course.replaceChildren(...stops.map(stopLine));
      offers.replaceChildren(h("h3", {}, t("what_now")), ...last.offers.map(offerCard), last.offers.length ? "" : h("p", { class: "muted" }, t("no_offers")),
        last.values.length ? h("details", {}, h("summary", {}, t("values_now")), h("dl", { class: "wf-values" }, last.values.map((one) => h("div", {}, h("dt", {}, one.label), h("dd", {}, one.value))))) : "");
    };

    const again = () => {
      sample.steps = [];
      ask();
    };
    const back = () => {
      sample.steps.pop();
      ask();
    };
    const records = select([["", t("empty_sample")], ...about.samples.map((one) => [one.id, one.label])], "", (value) => { sample.record = value; again(); });
    const roles = select([["", t("anybody")], ...about.roles], "", (value) => { sample.role = value; ask(); });
    const easy = Editor.doc.fields.filter((field) => EASY.has(field.type)).map((field) => input(field.key, sample.values));
    ask();
    return h("div", { class: "wf-try" },
      h("p", { class: "muted" }, t("try_help")),
      h("div", { class: "wf-try-head" },
        h("label", {}, h("span", {}, t("sample")), records),
        h("label", {}, h("span", {}, t("as_role")), roles),
        h("div", { class: "button-line" }, textButton(t("back_one"), "arrow-return-left", back), textButton(t("start_again"), "arrow-repeat", again))),
      h("details", { class: "wf-sample" }, h("summary", {}, t("sample_values")), h("div", { class: "wf-try-fields" }, easy), textButton(t("start_again"), "arrow-repeat", again, "secondary")),
      h("div", { class: "wf-try-body" }, course, offers));
  };
})();
