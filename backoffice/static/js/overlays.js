/* Dialogs, the question before a change, and toasts. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const TOAST_MS = 6000;
  const tray = document.getElementById("toasts");

  const closeToast = (note) => note.remove();

  const retire = (note) => {
    if (note.dataset.toast === "danger" || note.dataset.toast === "warning") return;
    setTimeout(() => !note.matches(":hover, :focus-within") && closeToast(note), TOAST_MS);
  };

  const closeButton = () => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-icon btn-quiet btn-small";
    button.dataset.toastClose = "";
    button.setAttribute("aria-label", tray.dataset.closeLabel);
    button.textContent = "×";
    return button;
  };

  /* Shows a short message; kind is info, success, warning or danger. */
  Backoffice.toast = function (text, kind = "info") {
    const note = document.createElement("div");
    const body = document.createElement("div");
    note.className = `toast-note toast-${kind}`;
    note.dataset.toast = kind;
    body.className = "toast-text";
    body.textContent = text;
    note.append(body, closeButton());
    tray.append(note);
    retire(note);
  };

  document.querySelectorAll("[data-toast]").forEach(retire);
  Backoffice.onClick("[data-toast-close]", (button) => closeToast(button.closest("[data-toast]")));

  Backoffice.onClick("[data-open]", (button) => {
    const dialog = document.getElementById(button.dataset.open);
    if (dialog && !dialog.open) dialog.showModal();
  });
  document.querySelector("dialog[data-opened]")?.showModal(); // what was sent from it was refused
  Backoffice.onClick("dialog [data-close]", (button) => button.closest("dialog").close());

  /* A click beside a dialog closes it, unless something was typed in it. */
  document.addEventListener("mousedown", (event) => {
    if (event.target.matches("dialog[open]") && !event.target.querySelector("form[data-dirty]")) {
      const box = event.target.getBoundingClientRect();
      const outside =
        event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
      if (outside) event.target.close();
    }
  });

  const confirmDialog = document.getElementById("confirm");

  const fill = (question) => {
    const yes = confirmDialog.querySelector("[data-confirm-yes]");
    const title = confirmDialog.querySelector("h2");
    const reason = confirmDialog.querySelector("#confirm-reason");
    title.dataset.default = title.dataset.default || title.textContent;
    title.textContent = question.title || title.dataset.default;
    confirmDialog.querySelector("[data-confirm-text]").textContent = question.text || "";
    yes.textContent = question.button || yes.dataset.default;
    yes.className = question.kind === "danger" ? "btn btn-danger-solid" : "btn btn-primary";
    confirmDialog.querySelector("[data-confirm-reason]").hidden = !question.reason;
    reason.required = Boolean(question.reason);
    reason.value = "";
    return reason;
  };

  /* The safest control that still needs no mouse: the reason, else the button that changes nothing. */
  const firstControl = (question) => {
    if (question.reason) return confirmDialog.querySelector("#confirm-reason");
    return confirmDialog.querySelector(question.kind === "danger" ? "footer [data-close]" : "[data-confirm-yes]");
  };

  /* Asks {title, text, button, kind, reason}; resolves to {reason}, or null when refused. */
  Backoffice.confirm = function (question) {
    const reason = fill(question);
    confirmDialog.returnValue = "";
    confirmDialog.showModal();
    firstControl(question).focus();
    return new Promise((resolve) => {
      confirmDialog.addEventListener(
        "close",
        () => resolve(confirmDialog.returnValue === "yes" ? { reason: reason.value.trim() } : null),
        { once: true },
      );
    });
  };

  const questionOf = (element) => ({
    text: element.dataset.confirm,
    title: element.dataset.confirmTitle,
    button: element.dataset.confirmButton,
    kind: element.dataset.confirmKind,
    reason: "confirmReason" in element.dataset,
  });

  const putReason = (form, text) => {
    let input = form.querySelector('input[type="hidden"][name="reason"]');
    if (!input) {
      input = document.createElement("input");
      input.type = "hidden";
      input.name = "reason";
      form.append(input);
    }
    input.value = text;
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const asking = event.submitter?.dataset.confirm !== undefined ? event.submitter : form;
    if (asking.dataset.confirm === undefined || form.dataset.confirmed) return;
    event.preventDefault();
    const submitter = event.submitter;
    const answer = await Backoffice.confirm(questionOf(asking));
    if (!answer) return;
    if (answer.reason) putReason(form, answer.reason);
    form.dataset.confirmed = "1";
    form.requestSubmit(submitter?.form === form ? submitter : undefined);
    delete form.dataset.confirmed;
  });

  Backoffice.onClick("a[data-confirm]", async (link, event) => {
    event.preventDefault();
    if (await Backoffice.confirm(questionOf(link))) window.location.assign(link.href);
  });
})();
