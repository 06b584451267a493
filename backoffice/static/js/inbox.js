/* The open inbox: more rows without leaving the page, and a word when something new came. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const table = document.getElementById("duties");
  const news = document.querySelector("[data-news]");
  const first = Number(news?.dataset.open ?? -1);

  document.addEventListener("badge:change", (event) => {
    if (news) news.hidden = event.detail.open === first;
  });

  document.querySelector('.tabs [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });

  /* A group goes on where the page before ended; its heading is not said twice. */
  const append = (rows) => {
    const body = table.tBodies[0];
    const shown = new Set([...body.querySelectorAll("[data-group]")].map((row) => row.dataset.group));
    rows.filter((row) => !row.dataset.group || !shown.has(row.dataset.group)).forEach((row) => body.append(row));
  };

  const more = async (link) => {
    link.setAttribute("aria-busy", "true");
    const answer = await Backoffice.fetch(link.href).catch(() => null);
    if (!answer?.ok) {
      window.location.assign(link.href);
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const rows = [...(page.getElementById("duties")?.tBodies[0].rows || [])].map((row) => document.adoptNode(row));
    const next = page.querySelector("[data-more]");
    append(rows);
    if (next) {
      link.href = next.href;
      link.removeAttribute("aria-busy");
    } else link.remove();
    rows.find((row) => row.dataset.href)?.querySelector("a")?.focus({ preventScroll: true });
  };

  Backoffice.onClick("[data-more]", (link, event) => {
    if (!table || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (link.getAttribute("aria-busy") !== "true") more(link);
  });
})();
