/* Menus that open below a button, with arrow keys; panels that fold. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const parts = (menu) => [menu.querySelector("button"), menu.querySelector(".menu-list")];
  const ENTRIES = "a, button, input, select:not(.ts-hidden-accessible)";
  const entries = (list) => [...list.querySelectorAll(ENTRIES)].filter((one) => one.offsetParent);
  const OWN_ARROWS = "select, textarea, input:not([type=checkbox], [type=radio]), .ts-wrapper";
  let opened = null;

  const close = (focus) => {
    if (!opened) return;
    const [button, list] = parts(opened);
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (focus) button.focus();
    opened = null;
  };

  const MARGIN = 8;

  /* Fixed to the window, so that no scrolling frame cuts it; upwards where there is no room below. */
  const place = (menu, list) => {
    list.style.maxHeight = "";
    const button = parts(menu)[0].getBoundingClientRect();
    const width = document.documentElement.clientWidth;
    const up = list.offsetHeight > window.innerHeight - button.bottom - MARGIN && button.top > list.offsetHeight;
    const wanted = menu.classList.contains("menu-end") ? button.right - list.offsetWidth : button.left;
    const left = Math.max(MARGIN, Math.min(wanted, width - list.offsetWidth - MARGIN));
    list.style.left = `${left}px`;
    list.style.top = up ? `${button.top - list.offsetHeight - 4}px` : `${button.bottom + 4}px`;
    if (!up) list.style.maxHeight = `${Math.max(160, window.innerHeight - button.bottom - 2 * MARGIN)}px`;
  };

  /* The list of a picker hangs on the page, and what was clicked may be gone from it by now. */
  const isInside = (event) => event.composedPath().some((one) => one === opened || one.classList?.contains("ts-dropdown"));

  /* Whoever fills in a menu keeps it: a telephone's keyboard changes the window, and scrolls it. */
  const follow = () => {
    const list = opened && parts(opened)[1];
    if (list?.contains(document.activeElement)) place(opened, list);
    else close(false);
  };

  document.addEventListener("scroll", (event) => opened && !isInside(event) && follow(), true);
  window.addEventListener("resize", follow);

  const open = (menu, keyboard) => {
    close(false);
    const [button, list] = parts(menu);
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    opened = menu;
    place(menu, list);
    if (keyboard) entries(list)[0]?.focus();
  };

  Backoffice.onClick("[data-menu] > button", (button, event) => {
    const menu = button.parentElement;
    if (menu === opened) close(false);
    else open(menu, event.detail === 0);
  });

  document.addEventListener("click", (event) => {
    if (opened && !isInside(event)) close(false);
    else if (opened && event.target.closest("[data-open], [data-menu-close]")) close(false);
  });

  const step = (event, offset) => {
    const list = parts(opened)[1];
    const all = entries(list);
    const at = all.indexOf(document.activeElement);
    event.preventDefault();
    all[(at + offset + all.length) % all.length]?.focus();
  };

  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("[data-menu]");
    if (!opened) {
      if (menu && event.key === "ArrowDown" && event.target.matches("[data-menu] > button")) {
        event.preventDefault();
        open(menu, true);
      }
      return;
    }
    if (event.key === "Escape") {
      event.stopPropagation();
      close(true);
    } else if (event.target.closest?.(OWN_ARROWS) && event.key.startsWith("Arrow")) return;
    else if (event.key === "ArrowDown") step(event, 1);
    else if (event.key === "ArrowUp") step(event, -1);
    else if (event.key === "Tab") setTimeout(() => opened && !opened.contains(document.activeElement) && close(false));
  });

  document.querySelectorAll("[data-toggle-panel]").forEach((button) => {
    const panel = document.getElementById(button.dataset.togglePanel);
    button.setAttribute("aria-controls", panel.id);
    button.setAttribute("aria-expanded", String(!panel.hidden));
    button.addEventListener("click", () => {
      panel.hidden = !panel.hidden;
      button.setAttribute("aria-expanded", String(!panel.hidden));
      if (!panel.hidden) panel.querySelector("input, select, button")?.focus();
    });
  });
})();
