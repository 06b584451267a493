/* The year view: days in their colours, one by one or several in a row made holidays or make-up days. */
(function () {
  "use strict";

  const Week = window.WorkingWeek;
  if (!Week) return;

  const { data, say, WEEKDAYS } = Week;
  const find = (selector) => document.querySelector(selector);
  const form = document.getElementById("calendar-form");
  const view = find("[data-year-view]");
  const chooser = find("[data-year]");
  const dialog = document.getElementById("day-dialog");
  const fields = find("[data-day-form]").elements;
  const days = new Map(data.exceptions.map((one) => [one.date, one]));
  const known = new Set(data.loaded_years);
  const wrong = new Set(data.wrong);
  let year = Number(data.today.slice(0, 4));
  let focused = data.today;
  let opened = "";

  const MS = 86_400_000;
  const format = (options) => new Intl.DateTimeFormat(data.language, { timeZone: "UTC", ...options });
  const full = format({ dateStyle: "full" });
  const monthName = format({ month: "long" });
  const narrow = format({ weekday: "narrow" });
  const moment = (iso) => new Date(`${iso}T00:00:00Z`);
  const iso = (date) => date.toISOString().slice(0, 10);
  const shift = (text, count) => iso(new Date(moment(text).getTime() + count * MS));
  const weekday = (text) => WEEKDAYS[(moment(text).getUTCDay() + 6) % 7];
  const make = (tag, name, text = "") => Object.assign(document.createElement(tag), { className: name, textContent: text });

  const usual = (day) => (Week.works(weekday(day)) ? "workday" : "rest");
  const kindOf = (day) => days.get(day)?.kind || usual(day);
  const nameOf = (one) => {
    const { zh = "", en = "" } = one?.name || {};
    return data.language === "en" ? en || zh : zh || en;
  };

  /* -- drawing -------------------------------------------------------------------------------------- */

  const dress = (button, day) => {
    const kind = kindOf(day);
    const name = nameOf(days.get(day));
    const mark = days.has(day) ? say(`short_${kind}`) : "";
    const classes = [day === data.today && "is-today", wrong.has(day) && "is-wrong"].filter(Boolean);
    button.className = ["day", `day-${kind}`, ...classes].join(" ");
    button.replaceChildren(String(Number(day.slice(8))), ...(mark ? [make("small", "", mark)] : []));
    button.title = [full.format(moment(day)), say(kind), name].filter(Boolean).join(" · ");
    button.setAttribute("aria-label", button.title);
  };

  const dayButton = (day) => {
    const button = make("button", "");
    button.type = "button";
    button.dataset.day = day;
    button.tabIndex = day === focused ? 0 : -1;
    dress(button, day);
    return button;
  };

  const month = (index) => {
    const first = `${year}-${String(index + 1).padStart(2, "0")}-01`;
    const box = make("section", "month");
    const grid = make("div", "month-days");
    WEEKDAYS.forEach((_name, at) => grid.append(make("span", "month-weekday", narrow.format(new Date(Date.UTC(2024, 0, at + 1))))));
    for (let blank = WEEKDAYS.indexOf(weekday(first)); blank > 0; blank -= 1) grid.append(make("span", ""));
    for (let day = first; day.slice(0, 7) === first.slice(0, 7); day = shift(day, 1)) grid.append(dayButton(day));
    box.append(make("h3", "month-name", monthName.format(moment(first))), grid);
    return box;
  };

  const summary = () => {
    const count = { workday: 0, make_up: 0, holiday: 0, rest: 0 };
    for (let day = `${year}-01-01`; day.startsWith(year); day = shift(day, 1)) count[kindOf(day)] += 1;
    const numbers = { days: count.workday + count.make_up, holidays: count.holiday, make_up: count.make_up };
    find("[data-year-sum]").textContent = say("year_sum", numbers);
    find("[data-known]").checked = known.has(year);
    find("[data-known-text]").textContent = say("known", { year });
  };

  const draw = () => {
    if (!focused.startsWith(year)) focused = data.today.startsWith(year) ? data.today : `${year}-01-01`;
    view.replaceChildren(...Array.from({ length: 12 }, (_none, index) => month(index)));
    chooser.value = year;
    summary();
  };

  const redress = () => {
    view.querySelectorAll("[data-day]").forEach((button) => dress(button, button.dataset.day));
    summary();
  };

  /* -- changing ------------------------------------------------------------------------------------- */

  const store = () => {
    const exceptions = form.querySelector("[data-exceptions]");
    exceptions.value = JSON.stringify([...days.keys()].sort().map((day) => days.get(day)));
    form.querySelector("[data-years]").value = JSON.stringify([...known].sort());
    exceptions.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const focusOn = (day) => {
    const target = Number(day.slice(0, 4));
    if (target < data.first_year || target > data.last_year) return;
    focused = day;
    if (target !== year) {
      year = target;
      draw();
    }
    view.querySelectorAll('[tabindex="0"]').forEach((button) => (button.tabIndex = -1));
    const button = view.querySelector(`[data-day="${day}"]`);
    button.tabIndex = 0;
    button.focus();
  };

  const showParts = () => {
    const kind = fields.kind.value;
    const own = kind === "make_up" && !fields.like.value;
    document.getElementById("frame-day-like").hidden = kind !== "make_up";
    document.getElementById("frame-day-hours").hidden = !own;
    fields.hours.required = own;
    ["day-name", "day-name-en"].forEach((key) => (document.getElementById(`frame-${key}`).hidden = !kind));
  };

  const open = (day) => {
    const one = days.get(day);
    opened = day;
    find("[data-day-title]").textContent = full.format(moment(day));
    find("[data-usual]").textContent = say("as_usual", { kind: `${data.weekdays[weekday(day)]}, ${Week.text(weekday(day))}` });
    const working = WEEKDAYS.filter(Week.works);
    fields.like.replaceChildren(
      ...working.map((name) => new Option(`${data.weekdays[name]} (${Week.text(name)})`, name)),
      new Option(say("own_hours"), ""),
    );
    fields.kind.value = one?.kind || "";
    fields.like.value = one?.hours?.length ? "" : working.includes(one?.like) ? one.like : working[0] || "";
    fields.hours.value = (one?.hours || []).join(", ");
    fields.name.value = one?.name?.zh || "";
    fields.name_en.value = one?.name?.en || "";
    Object.assign(fields.until, { value: day, min: day, max: shift(day, 60) });
    showParts();
    dialog.showModal();
  };

  const entered = (day) => {
    const made = { date: day, kind: fields.kind.value, name: { zh: fields.name.value.trim(), en: fields.name_en.value.trim() } };
    if (made.kind !== "make_up") return made;
    const hours = fields.hours.value.split(/[,，、;；]+/).map((part) => part.trim()).filter(Boolean);
    return fields.like.value ? { ...made, like: fields.like.value } : { ...made, hours };
  };

  const apply = () => {
    const last = fields.until.value > opened ? fields.until.value : opened;
    for (let day = opened; day <= last; day = shift(day, 1)) {
      if (fields.kind.value) days.set(day, entered(day));
      else days.delete(day);
      wrong.delete(day);
    }
    redress();
    store();
    focusOn(opened);
  };

  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

  view.addEventListener("click", (event) => {
    const button = event.target.closest("[data-day]");
    if (!button) return;
    focusOn(button.dataset.day);
    open(button.dataset.day);
  });

  view.addEventListener("keydown", (event) => {
    const day = event.target.dataset?.day;
    if (!day || event.ctrlKey || event.metaKey || event.altKey) return;
    if (STEPS[event.key]) focusOn(shift(day, STEPS[event.key]));
    else if (event.key === "Home") focusOn(`${day.slice(0, 8)}01`);
    else if (event.key === "PageUp") focusOn(`${year - 1}${day.slice(4, 8)}01`);
    else if (event.key === "PageDown") focusOn(`${year + 1}${day.slice(4, 8)}01`);
    else if (event.key === "Delete" && days.delete(day)) {
      redress();
      store();
    } else return;
    event.preventDefault();
  });

  for (let one = data.first_year; one <= data.last_year; one += 1) chooser.append(new Option(one, one));
  const goTo = (wanted) => {
    year = Math.min(Math.max(wanted, data.first_year), data.last_year);
    draw();
  };
  chooser.addEventListener("change", (event) => {
    event.stopPropagation(); /* looking at another year changes nothing */
    goTo(Number(chooser.value));
  });
  find("[data-year-back]").addEventListener("click", () => goTo(year - 1));
  find("[data-year-on]").addEventListener("click", () => goTo(year + 1));
  find("[data-known]").addEventListener("change", (event) => {
    if (event.target.checked) known.add(year);
    else known.delete(year);
    store();
  });
  dialog.addEventListener("change", showParts);
  find("[data-day-form]").addEventListener("submit", apply);
  document.addEventListener("calendar:week", redress);
  const asked = Number(new URLSearchParams(location.search).get("year"));
  if (asked >= data.first_year && asked <= data.last_year) year = asked;
  if (wrong.size) year = Number([...wrong][0].slice(0, 4));
  draw();
})();
