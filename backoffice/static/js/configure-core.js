/* The form editor's ground: the document being edited, its problems, and small helpers to build the page. */
(function () {
  "use strict";

  const source = document.getElementById("editor-data");
  const root = document.getElementById("editor");
  if (!source || !root) return;

  const data = JSON.parse(source.textContent);
  const listeners = [];
  const shown = [];

  const Editor = (window.FormEditor = {
    data,
    root,
    doc: data.definition,
    problems: data.judgement.problems,
    words: data.judgement.rules,
    numbers: data.judgement.numbers,
    dirty: false,
    types: Object.fromEntries(data.types.map((type) => [type.key, type])),
  });
  Editor.doc.fields = Editor.doc.fields || [];

  /* A text in the reader's language, with %(name)s filled in. */
  Editor.t = (name, values = {}) =>
    (data.texts[name] || name).replace(/%\((\w+)\)s/g, (_all, key) => values[key] ?? "");

  /* Builds an element: h("button", {class: "btn", onclick: run, "aria-label": "…"}, "text", child…). */
  Editor.h = function (tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === false || value === null || value === undefined) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name === "value" || name === "checked" || name === "disabled" || name === "readOnly") element[name] = value;
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
    return element;
  };

  Editor.icon = function (name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${root.dataset.icons}#${name}`);
    svg.append(use);
    return svg;
  };

  Editor.iconButton = (label, icon, run, more = {}) =>
    Editor.h(
      "button",
      { type: "button", class: "btn btn-icon btn-quiet btn-small", title: label, "aria-label": label, onclick: run, ...more },
      Editor.icon(icon),
    );

  Editor.textButton = (label, icon, run, kind = "quiet") =>
    Editor.h("button", { type: "button", class: `btn btn-${kind} btn-small`, onclick: run }, icon && Editor.icon(icon), Editor.h("span", {}, label));

  Editor.select = function (choices, value, change, more = {}) {
    const select = Editor.h("select", { class: "form-control", onchange: () => change(select.value), ...more });
    for (const [key, label] of choices) select.append(Editor.h("option", { value: key }, label));
    if (!choices.some(([key]) => key === value)) select.prepend(Editor.h("option", { value }, value || Editor.t("choose")));
    select.value = value;
    return select;
  };

  /* The label in the reader's language, else in the other. */
  Editor.text = function (label) {
    const both = label || {};
    return data.language === "en" ? both.en || both.zh || "" : both.zh || both.en || "";
  };
  Editor.nameOf = (field) => Editor.text(field.label) || field.key || Editor.t("unnamed");

  Editor.fieldByKey = (key) => Editor.doc.fields.find((field) => field.key === key);

  Editor.onShow = (run) => shown.push(run);
  Editor.onChange = (run) => listeners.push(run);

  /* Tells everyone that the document is different now. */
  Editor.changed = function () {
    Editor.dirty = true;
    listeners.forEach((run) => run());
  };

  const isEmpty = (value) =>
    value === "" ||
    value === null ||
    value === undefined ||
    value === false ||
    (Array.isArray(value) && !value.length) ||
    (typeof value === "object" && !Array.isArray(value) && Object.values(value).every((inner) => inner === ""));

  /* Sets a property, or leaves it out where it is empty, so that the form keeps its default. */
  Editor.put = function (owner, name, value) {
    if (isEmpty(value)) delete owner[name];
    else owner[name] = value;
    Editor.changed();
  };

  /* Every place a problem can be shown registers its path; the longest that fits gets the message. */
  const pathOf = (element) => element.dataset.path;

  Editor.placeFor = function (path) {
    let best = null;
    for (const element of root.querySelectorAll("[data-path]")) {
      const here = pathOf(element);
      if (path !== here && !path.startsWith(`${here}.`)) continue;
      if (!best || here.length > pathOf(best).length) best = element;
    }
    return best;
  };

  const clearErrors = function () {
    for (const note of root.querySelectorAll("[data-error]")) {
      note.hidden = true;
      note.querySelector("span").textContent = "";
    }
    root.querySelectorAll('[aria-invalid="true"]').forEach((input) => input.removeAttribute("aria-invalid"));
  };

  Editor.showProblems = function () {
    clearErrors();
    for (const [path, messages] of Object.entries(Editor.problems)) {
      const place = Editor.placeFor(path);
      const note = place?.querySelector(":scope > [data-error]");
      if (!note) continue;
      const text = note.querySelector("span");
      text.textContent = [text.textContent, ...messages].filter(Boolean).join(" ");
      note.hidden = false;
      place.querySelector("input, select, textarea")?.setAttribute("aria-invalid", "true");
    }
    shown.forEach((run) => run());
  };

  const controlsOf = (place) => [...place.querySelectorAll("input, select, textarea, button")];

  /* Draws a place anew; whoever was in a field of it is in the same field again. */
  Editor.redraw = function (place, draw) {
    const before = document.activeElement;
    const field = place.contains(before) ? before.closest("[data-path]") : null;
    const at = field ? controlsOf(field).indexOf(before) : 0;
    draw();
    Editor.showProblems();
    if (!field || before.isConnected) return;
    const again = [...root.querySelectorAll("[data-path]")].find((one) => pathOf(one) === pathOf(field));
    const controls = again ? controlsOf(again) : [];
    (controls[at] || controls[0])?.focus();
  };

  let serial = 0;

  /* One labelled property with its help and the place of its problem. */
  Editor.property = function ({ path, label, help = "", width = 6, group = false }, ...inputs) {
    serial += 1;
    const id = `prop-${serial}`;
    const input = inputs.flat(3).find((one) => one?.matches?.("input, select, textarea"));
    const texts = [help && `${id}-help`, `${id}-error`].filter(Boolean).join(" ");
    if (input) {
      input.id = input.id || id;
      input.setAttribute("aria-describedby", texts);
    }
    const caption = group
      ? Editor.h("div", { class: "field-label", id: `${id}-label` }, Editor.h("span", {}, label))
      : Editor.h("label", { class: "field-label", for: input?.id || false }, Editor.h("span", {}, label));
    return Editor.h(
      "div",
      { class: `field span-${width}`, "data-path": path, ...(group ? { role: "group", "aria-labelledby": `${id}-label` } : {}) },
      caption,
      inputs,
      help && Editor.h("p", { class: "field-help", id: `${id}-help` }, help),
      Editor.h("p", { class: "field-error", id: `${id}-error`, "data-error": "", hidden: true }, Editor.icon("exclamation-circle"), Editor.h("span")),
    );
  };

  /* Tells people who cannot see it what just happened. */
  Editor.say = function (text) {
    document.getElementById("editor-status").textContent = text;
  };
})();
