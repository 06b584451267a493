/* The calendar of deadlines: arrows walk over the days, PageUp and PageDown turn the leaf, Enter opens. */
(function () {
  "use strict";

  const grid = document.querySelector("[data-deadlines]");
  if (!grid) return;

  const days = [...grid.querySelectorAll("[data-day]")];
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
  const TURNS = { PageUp: "[data-earlier]", PageDown: "[data-further]", t: "[data-today]" };

  const choose = (day) => {
    days.forEach((one) => (one.tabIndex = one === day ? 0 : -1));
    day.focus();
  };

  const unfold = (link) => {
    const open = link.getAttribute("aria-expanded") === "true";
    link.setAttribute("aria-expanded", String(!open));
    link.closest("[data-day]").classList.toggle("is-unfolded", !open);
  };

  grid.addEventListener("click", (event) => {
    const more = event.target.closest("[data-cal-more]");
    if (!more || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    unfold(more);
  });

  /* Inside a day the arrows up and down go through its deadlines; Escape goes back to the day. */
  const within = (event, day) => {
    const links = [...day.querySelectorAll(".cal-entry[href], .cal-more")].filter((one) => one.offsetParent);
    if (event.key === "Escape") day.focus();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const at = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      links[(at + links.length) % links.length]?.focus();
    } else return false;
    return true;
  };

  const onDay = (event, day) => {
    const step = STEPS[event.key];
    const at = days.indexOf(day);
    if (event.key === "Enter") day.querySelector(".cal-entry[href]")?.focus();
    else if (event.key === "Home") choose(days[at - (at % 7)]);
    else if (event.key === "End") choose(days[at - (at % 7) + 6]);
    else if (step && days[at + step]) choose(days[at + step]);
    else if (step) document.querySelector(step < 0 ? "[data-earlier]" : "[data-further]").click();
    else return false;
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const day = event.target.closest("[data-day]");
    if (day && (event.target === day ? onDay : within)(event, day)) event.preventDefault();
    else if (TURNS[event.key]) {
      event.preventDefault();
      document.querySelector(TURNS[event.key]).click();
    }
  });
})();
