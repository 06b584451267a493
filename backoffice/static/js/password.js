/* Passwords can be shown while they are typed; a form that is sent hides them again, so that no browser
   remembers them as text. Without scripts there is no button. */
(function () {
  "use strict";

  const show = (button, visible) => {
    document.getElementById(button.dataset.reveal).type = visible ? "text" : "password";
    button.setAttribute("aria-pressed", String(visible));
  };

  document.querySelectorAll("[data-reveal]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      show(button, button.getAttribute("aria-pressed") !== "true");
      document.getElementById(button.dataset.reveal).focus();
    });
    button.form?.addEventListener("submit", () => show(button, false));
  });
})();
