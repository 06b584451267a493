/* The board of a form: a card is dragged, or moved by its menu, along the transitions that the server offers. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const board = document.querySelector("[data-board]");
  if (!board) return;

  const columns = [...board.querySelectorAll("[data-state]")];
  const columnOf = (state) => columns.find((one) => one.dataset.state === state);

  const address = (card, template) => template.replace("ID", card.dataset.card);

  /* What a card may do is asked when somebody takes it up: rights and conditions are the server's. */
  const movesOf = async (card) => {
    const answer = await Backoffice.fetch(address(card, board.dataset.moves));
    if (!answer.ok) return [];
    const found = await answer.json();
    card.dataset.revision = found.revision;
    return found.moves;
  };

  const recount = (column, by) => {
    const shown = column.querySelector(".board-count");
    if (/^\d+$/.test(shown.textContent)) shown.textContent = String(Number(shown.textContent) + by);
  };

  const take = async (card, move, from) => {
    if (move.page) {
      window.location.assign(move.page);
      return;
    }
    const answer = await Backoffice.fetch(address(card, board.dataset.drop), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ transition: move.key, revision: Number(card.dataset.revision) }),
    });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      from.querySelector("[data-cards]").prepend(card);
      const errors = Object.values(said.error?.errors || {}).flat();
      Backoffice.toast([said.error?.message, ...errors].filter(Boolean).join(" "), "danger");
      return;
    }
    const target = columnOf(said.state);
    card.dataset.revision = said.revision;
    if (target) {
      target.querySelector("[data-cards]").prepend(card);
      target.querySelector(".board-empty")?.remove();
      recount(from, -1);
      recount(target, 1);
    }
    Backoffice.toast(board.dataset.moved, "success");
    card.focus();
  };

  /* -- the menu of a card: for the keyboard, and for fingers -------------------------------------------- */

  let open = null;

  const closeMenu = () => {
    if (!open) return;
    open.button.setAttribute("aria-expanded", "false");
    open.list.remove();
    open = null;
  };

  const entry = (card, move, from) => {
    const item = document.createElement("button");
    item.type = "button";
    item.className = "menu-item";
    item.setAttribute("role", "menuitem");
    item.disabled = !move.allowed;
    item.textContent = move.label + (move.page ? " …" : "");
    if (move.why_not) item.title = move.why_not;
    item.addEventListener("click", () => {
      closeMenu();
      take(card, move, from);
    });
    return item;
  };

  const openMenu = async (button) => {
    const again = open?.button === button;
    closeMenu();
    if (again) return;
    const card = button.closest("[data-card]");
    const moves = await movesOf(card);
    if (!moves.length) {
      Backoffice.toast(board.dataset.none, "info");
      return;
    }
    const list = document.createElement("div");
    list.className = "board-menu";
    list.setAttribute("role", "menu");
    list.append(...moves.map((move) => entry(card, move, card.closest("[data-state]"))));
    card.append(list);
    button.setAttribute("aria-expanded", "true");
    open = { button, list };
    list.querySelector("button:not([disabled])")?.focus();
  };

  board.addEventListener("click", (event) => {
    const button = event.target.closest("[data-card-menu]");
    if (button) openMenu(button);
    else if (!event.target.closest(".board-menu")) closeMenu();
  });

  board.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && open) {
      const { button } = open;
      closeMenu();
      button.focus();
    }
    if (!open || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    const items = [...open.list.querySelectorAll("button:not([disabled])")];
    const at = items.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    items[(at + items.length) % items.length]?.focus();
  });

  /* -- dragging ------------------------------------------------------------------------------------------ */

  let dragged = null;

  const show = (moves) => {
    const targets = new Set(moves.filter((move) => move.allowed).map((move) => move.to));
    columns.forEach((column) => {
      column.classList.toggle("is-target", targets.has(column.dataset.state));
      column.classList.toggle("is-closed", !targets.has(column.dataset.state));
    });
  };

  const clear = () => columns.forEach((column) => column.classList.remove("is-target", "is-closed"));

  const begin = (event) => {
    closeMenu();
    const from = event.from.closest("[data-state]");
    dragged = { from, moves: movesOf(event.item) };
    dragged.moves.then((moves) => dragged && show(moves));
  };

  const end = async (event) => {
    const { from, moves } = dragged;
    dragged = null;
    clear();
    const to = event.to.closest("[data-state]");
    if (to === from) return;
    const move = (await moves).find((one) => one.to === to.dataset.state && one.allowed);
    if (move) {
      await take(event.item, move, from);
      return;
    }
    from.querySelector("[data-cards]").prepend(event.item);
    Backoffice.toast(board.dataset.noWay, "warning");
  };

  if (window.Sortable && window.matchMedia("(hover: hover)").matches) {
    columns.forEach((column) => {
      window.Sortable.create(column.querySelector("[data-cards]"), {
        group: "board",
        sort: false,
        animation: 120,
        filter: "a, button",
        preventOnFilter: false,
        draggable: "[data-card]",
        onStart: begin,
        onEnd: end,
      });
    });
  }
})();
