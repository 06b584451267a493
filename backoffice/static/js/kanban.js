/* The board of a form: a card is dragged, or moved by its menu, along the transitions that the server offers. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const board = document.querySelector("[data-board]");
  if (!board) return;

  const columns = [...board.querySelectorAll("[data-state]")];
  const columnOf = (state) => columns.find((one) => one.dataset.state === state);

  const address = (card, template) => template.replace("ID", card.dataset.card);

  /* The server's answer; an Error with the words for the person when there is none, or it refuses. */
  const ask = async (url, options) => {
    const answer = await Backoffice.fetch(url, options).catch(() => null);
    const said = (await answer?.json().catch(() => null)) ?? {};
    if (answer?.ok) return said;
    const errors = Object.values(said.error?.errors || {}).flat();
    throw new Error([said.error?.message, ...errors].filter(Boolean).join(" ") || board.dataset.lost);
  };

  /* What a card may do is asked when somebody takes it up: rights and conditions are the server's. */
  const movesOf = async (card) => {
    const found = await ask(address(card, board.dataset.moves));
    card.dataset.revision = found.revision;
    return found.moves;
  };

  const recount = (column, by) => {
    const shown = column.querySelector(".board-count");
    if (/^\d+$/.test(shown.textContent)) shown.textContent = String(Number(shown.textContent) + by);
  };

  /* A card that stands in the column already keeps its place: somebody put it there. */
  const put = (card, column) => {
    if (card.closest("[data-state]") !== column) column.querySelector("[data-cards]").prepend(card);
  };

  /* While the server is asked, a card stays where it is: it can be neither dragged nor moved by its menu. */
  const isBusy = (card) => card.hasAttribute("aria-busy");

  const whileBusy = async (card, from, run) => {
    card.setAttribute("aria-busy", "true");
    try {
      await run();
    } catch (error) {
      put(card, from);
      Backoffice.toast(error.message, "danger");
    } finally {
      card.removeAttribute("aria-busy");
    }
  };

  let dragged = null;

  /* Takes a step with a card, which stands in its new column already when it was dragged there. */
  const take = async (card, move, from) => {
    if (move.page) {
      put(card, from);
      window.location.assign(move.page);
      return;
    }
    const said = await ask(address(card, board.dataset.drop), {
      json: { transition: move.key, revision: Number(card.dataset.revision) },
    });
    const target = columnOf(said.state);
    card.dataset.revision = said.revision;
    if (target) {
      put(card, target);
      target.querySelector(".board-empty")?.remove();
      recount(from, -1);
      recount(target, 1);
    }
    Backoffice.toast(board.dataset.moved, "success");
    if (!dragged && document.activeElement === document.body) card.focus();
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
      whileBusy(card, from, () => take(card, move, from));
    });
    return item;
  };

  const openMenu = async (button) => {
    const again = open?.button === button;
    closeMenu();
    if (again) return;
    const card = button.closest("[data-card]");
    if (isBusy(card)) return;
    const moves = await movesOf(card).catch((error) => Backoffice.toast(error.message, "danger"));
    if (!moves?.length) {
      if (moves) Backoffice.toast(board.dataset.none, "info");
      return;
    }
    closeMenu();
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
    const mine = { from: event.from.closest("[data-state]"), moves: movesOf(event.item) };
    dragged = mine;
    mine.moves.then((moves) => dragged === mine && show(moves), () => {});
  };

  const end = async (event) => {
    const { from, moves } = dragged;
    const card = event.item;
    const to = event.to.closest("[data-state]");
    dragged = null;
    clear();
    if (to === from) return;
    await whileBusy(card, from, async () => {
      const move = (await moves).find((one) => one.to === to.dataset.state && one.allowed);
      if (move) return take(card, move, from);
      put(card, from);
      Backoffice.toast(board.dataset.noWay, "warning");
    });
  };

  if (window.Sortable && window.matchMedia("(hover: hover)").matches) {
    columns.forEach((column) => {
      window.Sortable.create(column.querySelector("[data-cards]"), {
        group: "board",
        sort: false,
        animation: Backoffice.glideMs,
        filter: "a, button, [aria-busy]",
        preventOnFilter: false,
        draggable: "[data-card]",
        onStart: begin,
        onEnd: end,
      });
    });
  }
})();
