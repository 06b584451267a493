/* Watches jobs that are waiting or running, and shows the page anew when one ends. */
(function () {
  "use strict";

  const EVERY_MS = 700;
  const AWAY_MS = 5000;
  const format = new Intl.NumberFormat(document.documentElement.lang);

  const show = (place, job) => {
    const bar = place.querySelector("progress");
    if (bar) {
      bar.max = 100;
      if (job.state === "queued") bar.removeAttribute("value");
      else bar.value = job.percent;
      if (bar.nextElementSibling) bar.nextElementSibling.textContent = job.state === "queued" ? "" : `${job.percent}%`;
    }
    const text = place.querySelector("[data-job-count]");
    if (text && job.total) {
      text.textContent = text.dataset.text
        .replace("{done}", format.format(job.done))
        .replace("{total}", format.format(job.total));
    }
    const state = place.querySelector("[data-job-state]");
    const tag = state?.querySelector(".tag");
    if (tag && job.state === "running") {
      tag.textContent = state.dataset.running;
      tag.className = "tag tag-blue";
    }
  };

  const watch = async (place) => {
    let pause = document.hidden ? AWAY_MS : EVERY_MS;
    try {
      const answer = await window.Backoffice.fetch(place.dataset.poll);
      if (answer.ok) {
        const job = await answer.json();
        show(place, job);
        if (!["queued", "running"].includes(job.state)) {
          window.location.reload();
          return;
        }
      } else if (answer.status < 500) {
        return; // signed out, or gone: asking again changes nothing
      } else pause = AWAY_MS;
    } catch {
      pause = AWAY_MS; // the server is away for a moment; ask again
    }
    setTimeout(() => watch(place), pause);
  };

  document.querySelectorAll("[data-poll]").forEach(watch);
})();
