/* Watches jobs that are waiting or running, and shows the page anew when one ends. */
(function () {
  "use strict";

  const EVERY_MS = 700;

  const show = (place, job) => {
    const bar = place.querySelector("progress");
    if (bar) {
      bar.max = 100;
      bar.value = job.percent;
      if (bar.nextElementSibling) bar.nextElementSibling.textContent = `${job.percent}%`;
    }
    const text = place.querySelector("[data-job-count]");
    if (text && job.total) {
      text.textContent = text.dataset.text
        .replace("{done}", job.done.toLocaleString())
        .replace("{total}", job.total.toLocaleString());
    }
  };

  const watch = async (place) => {
    try {
      const answer = await fetch(place.dataset.poll, { headers: { "X-Requested-With": "XMLHttpRequest" } });
      if (answer.ok) {
        const job = await answer.json();
        show(place, job);
        if (!["queued", "running"].includes(job.state)) {
          window.location.reload();
          return;
        }
      }
    } catch {
      /* the server is away for a moment; ask again */
    }
    setTimeout(() => watch(place), EVERY_MS);
  };

  document.querySelectorAll("[data-poll]").forEach(watch);
})();
