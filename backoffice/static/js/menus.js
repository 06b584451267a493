/* Menus that open below a button, with arrow keys; panels that fold. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const parts = (menu) => [menu.querySelector("button"), menu.querySelector(".menu-list")];
  const entries = (list) => [...list.querySelectorAll("a, button, input, select")].filter((one) => one.offsetParent);
  let opened = null;

  const close = (focus) => {
    if (!opened) return;
    const [button, list] = parts(opened);
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    opened.classList.remove("menu-up");
    if (focus) button.focus();
    opened = null;
  };

  /* Keeps an opened list inside the window: upwards where there is no room below. */
  const place = (menu, list) => {
    const room = window.innerHeight - menu.getBoundingClientRect().bottom;
    menu.classList.toggle("menu-up", list.offsetHeight > room && menu.getBoundingClientRect().top > room);
    list.style.transform = "";
    const box = list.getBoundingClientRect();
    const right = box.right - document.documentElement.clientWidth + 8;
    if (right > 0) list.style.transform = `translateX(${-right}px)`;
    else if (box.left < 8) list.style.transform = `translateX(${8 - box.left}px)`;
  };

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
    if (opened && !opened.contains(event.target)) close(false);
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
    } else if (event.key === "ArrowDown") step(event, 1);
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
