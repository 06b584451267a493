/* The frame's behaviour: requests with a CSRF header, appearance, navigation drawer. */
(function () {
  "use strict";

  const root = document.documentElement;
  const Backoffice = (window.Backoffice = window.Backoffice || {});
  const YEAR_SECONDS = 31536000;

  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content || "";

  const remember = (name, value) => {
    document.cookie = `${name}=${value}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
  };

  /* fetch() that carries the CSRF token; `json` is sent as a JSON body. */
  Backoffice.fetch = function (url, options = {}) {
    const { json, ...rest } = options;
    const headers = new Headers(rest.headers || {});
    headers.set("X-CSRFToken", meta("csrf-token"));
    headers.set("X-Requested-With", "XMLHttpRequest");
    if (json !== undefined) {
      headers.set("Content-Type", "application/json");
      rest.body = JSON.stringify(json);
      rest.method = rest.method || "POST";
    }
    return fetch(url, { credentials: "same-origin", ...rest, headers });
  };

  /* How long Sortable lets things glide to their place. */
  Backoffice.glideMs = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120;

  /* Calls a function for clicks inside elements that carry an attribute. */
  Backoffice.onClick = function (selector, run) {
    document.addEventListener("click", (event) => {
      const found = event.target.closest(selector);
      if (found) run(found, event);
    });
  };

  const DARK_MEDIA = { dark: "screen", light: "not all", auto: "screen and (prefers-color-scheme: dark)" };

  Backoffice.setAppearance = function (value) {
    const sheet = document.getElementById("dark-style");
    root.dataset.theme = value;
    if (sheet) sheet.media = DARK_MEDIA[value] || DARK_MEDIA.auto;
    document.querySelectorAll('[data-appearance-form] [name="theme"]').forEach((button) => {
      if (button.value === value) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
  };

  /* The choice shows at once and is sent in the background; without scripts the form does it. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-appearance-form]") || !event.submitter) return;
    event.preventDefault();
    const data = new FormData(form, event.submitter);
    Backoffice.setAppearance(event.submitter.value);
    Backoffice.fetch(form.action, { method: "POST", body: data, redirect: "manual" }).catch(() => {});
  });

  const side = document.getElementById("side");
  const openButton = document.querySelector("[data-drawer-open]");

  const drawer = (open) => {
    if (open) root.dataset.drawer = "open";
    else delete root.dataset.drawer;
    openButton.setAttribute("aria-expanded", String(open));
    if (open) side.querySelector("a, button").focus();
    else if (side.contains(document.activeElement)) openButton.focus();
  };

  if (side && openButton) {
    openButton.addEventListener("click", () => drawer(true));
    Backoffice.onClick("[data-drawer-close]", () => drawer(false));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && root.dataset.drawer) drawer(false);
    });
  }

  Backoffice.onClick("[data-nav-narrow]", () => {
    root.dataset.nav = root.dataset.nav === "narrow" ? "wide" : "narrow";
    remember("nav", root.dataset.nav);
  });

  /* Folded groups of the navigation stay folded in this browser. */
  const folded = new Set(JSON.parse(localStorage.getItem("nav-folded") || "[]"));
  const fold = (title, closed) => {
    title.setAttribute("aria-expanded", String(!closed));
    document.getElementById(title.getAttribute("aria-controls")).hidden = closed;
  };

  document.querySelectorAll("[data-nav-group]").forEach((title) => {
    const list = document.getElementById(title.getAttribute("aria-controls"));
    if (folded.has(title.dataset.navGroup) && !list.querySelector("[aria-current]")) fold(title, true);
    title.addEventListener("click", () => {
      const closed = title.getAttribute("aria-expanded") === "true";
      folded[closed ? "add" : "delete"](title.dataset.navGroup);
      localStorage.setItem("nav-folded", JSON.stringify([...folded]));
      fold(title, closed);
    });
  });

  side?.querySelector('[aria-current="page"]')?.scrollIntoView({ block: "nearest" });

  /* A date of the server in the reader's words is the server's work; copying is ours. */
  Backoffice.onClick("[data-copy]", async (button) => {
    await navigator.clipboard.writeText(button.dataset.copy);
    Backoffice.toast?.(button.dataset.copied || "✓", "success");
  });

  Backoffice.onClick("[data-print]", () => window.print());
})();
