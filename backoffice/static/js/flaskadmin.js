/* What Flask-Admin's own form script wants from inline handlers, which our CSP forbids. */
(function () {
  "use strict";

  window.Backoffice.onClick("[data-inline-add]", (button) => {
    window.faForm?.addInlineField(button, button.dataset.inlineAdd);
  });

  /* A filter is added at the end; go there. */
  window.Backoffice.onClick(".field-filters .filter", (link, event) => {
    event.preventDefault();
    document.querySelector("#filter_form tr:last-child input, #filter_form tr:last-child select")?.focus();
  });
})();
