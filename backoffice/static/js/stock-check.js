/* How far a stock check is: kept current on its pages, also while others count or a job works on it.

   Backoffice.checkNumbers.show(numbers) shows numbers that came with another answer. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const EVERY_MS = 15000;
  const BUSY_MS = 1500;
  const place = document.querySelector("[data-check-progress]");
  const job = document.querySelector("[data-check-job]");
  const url = place?.dataset.url || job?.dataset.poll;
  const format = new Intl.NumberFormat(document.documentElement.lang);

  const show = (numbers) => {
    if (!place || !numbers) return;
    place.querySelectorAll("[data-number]").forEach((one) => (one.textContent = format.format(numbers[one.dataset.number])));
    const bar = place.querySelector("[data-number-bar]");
    bar.max = numbers.lines || 1;
    bar.value = numbers.lines - numbers.open;
  };

  const look = async () => {
    let pause = job ? BUSY_MS : EVERY_MS;
    try {
      const answer = document.hidden ? null : await Backoffice.fetch(url);
      if (answer?.ok) {
        const found = await answer.json();
        if ((job && !found.busy) || (place && found.state !== place.dataset.state)) {
          window.location.reload();
          return;
        }
        show(found.numbers);
        const bar = job?.querySelector("progress");
        if (bar && found.percent !== null) bar.value = found.percent;
      } else if (answer && answer.status < 500) return; // signed out, or gone: asking again changes nothing
    } catch {
      pause = EVERY_MS; // the network is away for a moment
    }
    setTimeout(look, pause);
  };

  Backoffice.checkNumbers = { show };
  if (url) setTimeout(look, job ? BUSY_MS : EVERY_MS);
})();
