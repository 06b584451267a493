/* The working week: reads the hours that are typed, draws them, and tells the year view what a weekday is. */
(function () {
  "use strict";

  const source = document.getElementById("calendar-data");
  if (!source) return;

  const DAY = 24 * 60;
  const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  const data = JSON.parse(source.textContent);

  /* A text in the reader's language, with %(name)s filled in. */
  const say = (name, values = {}) => data.texts[name].replace(/%\((\w+)\)s/g, (_all, key) => values[key] ?? "");

  const minutes = (text) => {
    const found = /^(\d{1,2})[:：](\d{2})$/.exec(text);
    return found ? Number(found[1]) * 60 + Number(found[2]) : NaN;
  };

  /* Hours as [from, to] in minutes, what passes midnight counting on; what cannot be read is left out. */
  const parse = (text) =>
    text
      .replace(/\s*[-‐‑–—~～〜至到]\s*/g, "-")
      .split(/[,，、;；\s]+/)
      .map((part) => part.split("-").map(minutes))
      .filter((part) => part.length === 2 && part.every((at) => at >= 0 && at <= DAY) && part[0] !== part[1])
      .map(([from, to]) => [from, to > from ? to : to + DAY]);

  const rows = WEEKDAYS.map((name) => document.querySelector(`[data-weekday="${name}"]`));
  const inputs = rows.map((row) => row.querySelector("input"));
  const hoursOf = (index) => parse(inputs[index].value);

  const piece = (from, to, kind) => {
    const mark = document.createElement("span");
    mark.className = kind;
    mark.style.left = `${(100 * from) / DAY}%`;
    mark.style.width = `${(100 * (to - from)) / DAY}%`;
    return mark;
  };

  const draw = () => {
    rows.forEach((row, index) => {
      const own = hoursOf(index);
      const night = hoursOf((index + 6) % 7).filter(([, to]) => to > DAY);
      const total = own.reduce((sum, [from, to]) => sum + to - from, 0);
      row.querySelector("[data-bar]").replaceChildren(
        ...night.map(([, to]) => piece(0, to - DAY, "is-tail")),
        ...own.map(([from, to]) => piece(from, Math.min(to, DAY), "is-work")),
      );
      row.querySelector("[data-sum]").textContent = total ? say("hours", { hours: Math.round(total / 6) / 10 }) : "";
    });
    document.dispatchEvent(new CustomEvent("calendar:week"));
  };

  inputs.forEach((input) => input.addEventListener("input", draw));

  window.WorkingWeek = {
    WEEKDAYS,
    data,
    say,
    works: (name) => hoursOf(WEEKDAYS.indexOf(name)).length > 0,
    text: (name) => inputs[WEEKDAYS.indexOf(name)].value.trim() || say("free"),
  };
  draw();
})();
