/* Property: inputs that fit a movement, forms that send themselves, and free days chosen in the calendar. */
(function () {
  "use strict";

  /* -- a movement shows only what it asks for ------------------------------------------------------- */
  const movement = document.querySelector("[data-movement]");
  const fit = () => {
    const kind = movement.querySelector("input[name=kind]:checked")?.value;
    movement.querySelectorAll("div[data-kinds]").forEach((group) => {
      group.hidden = !kind || !group.dataset.kinds.split(" ").includes(kind);
    });
    const source = movement.querySelector("select[name=source]");
    source.querySelectorAll("option[data-kinds]").forEach((option) => {
      const fits = !kind || option.dataset.kinds.split(" ").includes(kind);
      option.hidden = option.disabled = !fits;
      if (!fits && option.selected) source.value = "";
    });
  };
  if (movement) {
    movement.addEventListener("change", fit);
    fit();
  }

  /* -- free days -------------------------------------------------------------------------------------- */
  const board = document.querySelector("[data-who-when]");
  if (!board) return;
  const foot = document.querySelector("[data-slot-choice]");
  const spots = [...board.querySelectorAll("[data-free], [data-bar]")];
  const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
  const TURNS = { PageUp: "[data-earlier]", PageDown: "[data-further]", t: "[data-today]" };
  let chosen = null;

  const rowOf = (spot) => spot.closest("[data-slots-row]");
  const daysOf = (row) => [...row.querySelectorAll("[data-free]")];

  const enter = (spot) => {
    spots.forEach((one) => (one.tabIndex = one === spot ? 0 : -1));
    spot.focus();
  };
  if (spots[0]) spots[0].tabIndex = 0;

  const forget = () => {
    chosen = null;
    board.querySelectorAll(".is-chosen").forEach((one) => one.classList.remove("is-chosen"));
    foot.hidden = true;
  };

  /* Whether every day between two is free; then they can be asked for together. */
  const between = (row, first, last) => {
    const found = daysOf(row).filter((one) => one.dataset.free >= first && one.dataset.free <= last);
    const length = Math.round((Date.parse(last) - Date.parse(first)) / 86400000) + 1;
    return found.length === length ? found : null;
  };

  const tell = () => {
    board.querySelectorAll(".is-chosen").forEach((one) => one.classList.remove("is-chosen"));
    chosen.days.forEach((one) => one.classList.add("is-chosen"));
    const [first, last] = [chosen.days[0], chosen.days[chosen.days.length - 1]];
    const name = chosen.row.querySelector(".slots-name a").textContent;
    const text = foot.querySelector("[data-slot-text]");
    text.textContent = text.dataset.text.replace("{item}", name).replace("{begins}", first.dataset.free).replace("{ends}", last.dataset.free);
    const address = new URL(first.href);
    address.searchParams.set(foot.dataset.ends, last.dataset.free);
    foot.querySelector("[data-slot-go]").href = address.href;
    foot.hidden = false;
  };

  const choose = (spot) => {
    const row = rowOf(spot);
    const start = chosen && chosen.row === row ? chosen.start : null;
    const ends = start ? [start.dataset.free, spot.dataset.free].sort() : [spot.dataset.free, spot.dataset.free];
    const days = between(row, ...ends);
    chosen = days ? { row, start: start || spot, days } : { row, start: spot, days: [spot] };
    if (start && days) chosen.start = start;
    tell();
  };

  board.addEventListener("click", (event) => {
    const spot = event.target.closest("[data-free]");
    if (!spot || !foot || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    enter(spot);
    choose(spot);
  });
  foot?.querySelector("[data-slot-cancel]").addEventListener("click", forget);

  const vertically = (spot, step) => {
    const box = spot.getBoundingClientRect();
    const rows = [...board.querySelectorAll("tbody tr")].filter((row) => row.querySelector("[data-free], [data-bar]"));
    const row = rows[rows.indexOf(spot.closest("tr")) + step];
    const others = row ? [...row.querySelectorAll("[data-free], [data-bar]")] : [];
    const far = (one) => Math.abs(one.getBoundingClientRect().left - box.left);
    return others.sort((one, other) => far(one) - far(other))[0];
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const spot = event.target.closest("[data-free], [data-bar]");
    const line = spot ? [...spot.closest("tr").querySelectorAll("[data-free], [data-bar]")] : [];
    let next = null;
    if (spot && event.key in STEPS) next = line[line.indexOf(spot) + STEPS[event.key]];
    else if (spot && (event.key === "ArrowDown" || event.key === "ArrowUp")) next = vertically(spot, event.key === "ArrowDown" ? 1 : -1);
    else if (spot && event.key === "Home") next = line[0];
    else if (spot && event.key === "End") next = line[line.length - 1];
    else if (event.key === "Escape" && chosen) forget();
    else if (spot && foot && event.key === "Enter" && spot.matches("[data-free]")) {
      if (chosen && chosen.row === rowOf(spot) && chosen.days.includes(spot) && chosen.days.length > 1) foot.querySelector("[data-slot-go]").click();
      else choose(spot);
    } else if (TURNS[event.key] && !spot?.matches("select")) document.querySelector(TURNS[event.key])?.click();
    else if (!(spot && event.key in STEPS)) return;
    event.preventDefault();
    if (next) enter(next);
  });
})();
