/* The numbers of what waits: asked again every half minute while somebody looks, more rarely after mistakes. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const source = document.querySelector("[data-badge-url]");
  if (!source) return;

  const EVERY_MS = 30000;
  const LONGEST_MS = 480000;
  let pause = EVERY_MS;
  let timer = null;
  let asked = 0;

  const show = (numbers) => {
    document.querySelectorAll("[data-badge]").forEach((badge) => {
      const number = numbers[badge.dataset.badge];
      if (typeof number !== "number") return;
      const limit = Number(badge.dataset.limit) || 999;
      badge.textContent = number > limit ? `${limit}+` : String(number);
      badge.hidden = !number;
    });
    document.dispatchEvent(new CustomEvent("badge:change", { detail: numbers }));
  };

  const wait = () => {
    window.clearTimeout(timer);
    timer = document.hidden ? null : window.setTimeout(ask, pause);
  };

  const ask = async () => {
    asked = Date.now();
    try {
      const answer = await Backoffice.fetch(source.dataset.badgeUrl, { redirect: "manual" });
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.json());
      pause = EVERY_MS;
    } catch {
      pause = Math.min(pause * 2, LONGEST_MS);
    }
    wait();
  };

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - asked >= pause) ask();
    else wait();
  });

  Backoffice.askBadge = ask;
  wait();
})();
