/* The procedure of a record: signatures drawn on the page, steps sent once, deadlines that count down. */
(function () {
  "use strict";

  /* -- a signature that is kept in the form as a picture ----------------------------------------------- */

  const setUpSign = (place) => {
    const canvas = place.querySelector("canvas");
    const input = place.querySelector('input[type="hidden"]');
    if (!window.SignaturePad) return;
    const pad = new window.SignaturePad(canvas, { penColor: "#14213d", backgroundColor: "#ffffff" });
    const fit = () => {
      if (!canvas.offsetWidth || canvas.dataset.fitted) return;
      const ratio = Math.max(window.devicePixelRatio || 1, 1);
      canvas.dataset.fitted = "1";
      canvas.width = canvas.offsetWidth * ratio;
      canvas.height = canvas.offsetHeight * ratio;
      canvas.getContext("2d").scale(ratio, ratio);
      pad.clear();
      if (input.value.startsWith("data:image/png")) pad.fromDataURL(input.value, { ratio });
    };
    new ResizeObserver(fit).observe(canvas);
    pad.addEventListener("endStroke", () => {
      input.value = pad.toDataURL("image/png");
      place.dispatchEvent(new Event("input", { bubbles: true }));
    });
    place.querySelector("[data-sign-clear]").addEventListener("click", () => {
      input.value = "";
      pad.clear();
    });
  };
  document.querySelectorAll("[data-sign]").forEach(setUpSign);

  /* -- a second click sends nothing; going back makes the button work again ---------------------------- */

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!("once" in form.dataset) || event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => form.setAttribute("aria-busy", "true"), 0);
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-once]").forEach((form) => {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
    });
  });

  /* -- the picture of the workflow: scrolled to where the record is ------------------------------------ */

  const frame = document.querySelector("[data-flow]");
  const here = frame?.querySelector(".is-current rect");
  if (here) {
    const scale = frame.firstElementChild.clientWidth / frame.firstElementChild.viewBox.baseVal.width;
    frame.scrollLeft = (here.x.baseVal.value + here.width.baseVal.value / 2) * scale - frame.clientWidth / 2;
  }

  /* -- deadlines: the words change as time goes by, nothing moves -------------------------------------- */

  const MINUTE = 60, HOUR = 3600, DAY = 86400;
  const words = document.querySelector("[data-clocks]")?.dataset || {};
  const two = (large, small) => [large, small].filter(Boolean).join(" ");
  const unit = (count, text) => (count ? text.replace("#", count) : "");

  const length = (seconds) => {
    if (seconds < HOUR) return unit(Math.max(1, Math.floor(seconds / MINUTE)), words.minutes);
    if (seconds < DAY) return two(unit(Math.floor(seconds / HOUR), words.hours), unit(Math.floor((seconds % HOUR) / MINUTE), words.minutes));
    const hours = seconds < 3 * DAY ? Math.floor((seconds % DAY) / HOUR) : 0;
    return two(unit(Math.floor(seconds / DAY), words.days), unit(hours, words.hours));
  };

  const tone = (seconds) => (seconds < 0 ? "late" : seconds < HOUR ? "soon" : seconds < DAY ? "today" : "calm");

  const counting = [...document.querySelectorAll("[data-due]")];
  const tick = () => {
    counting.forEach((one) => {
      const seconds = (Date.parse(one.dataset.due) - Date.now()) / 1000;
      one.textContent = (seconds < 0 ? words.late : words.left).replace("#", length(Math.abs(seconds)));
      const clock = one.closest("[data-tone]");
      if (clock) clock.dataset.tone = tone(seconds);
    });
  };
  if (counting.length) {
    tick();
    setInterval(tick, 15000);
  }
})();
