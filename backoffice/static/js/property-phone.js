/* The small pages of property: sheets that are sent by the outbox, quantities, photos, what was typed before. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const texts = document.getElementById("phone-texts").dataset;
  const drafts = new WeakMap();

  /* -- what is said ------------------------------------------------------------------------------------- */

  const result = (text, kind, url = "") => {
    const place = document.querySelector("[data-phone-result]");
    place.textContent = text;
    place.dataset.kind = kind;
    place.hidden = !text;
    if (url) {
      const link = document.createElement("a");
      link.href = url;
      link.textContent = texts.open;
      place.append(" ", link);
    }
    place.scrollIntoView({ block: "nearest" });
  };

  const showErrors = (form, errors) => {
    const places = new Map([...form.querySelectorAll("[data-error]")].map((place) => [place.dataset.error, place]));
    places.forEach((place) => {
      place.hidden = true;
      place.textContent = "";
    });
    form.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
    Object.entries(errors).forEach(([name, messages]) => {
      const place = places.get(name) || places.get("");
      place.textContent = `${place.textContent} ${messages.join(" ")}`.trim();
      place.hidden = false;
      form.elements.namedItem(name)?.setAttribute?.("aria-invalid", "true");
    });
    const short = Object.keys(errors).some((name) => name.startsWith("quantity-"));
    form.querySelectorAll("[data-wait]").forEach((button) => (button.hidden = !short));
    const first = form.querySelector("[aria-invalid]") || form.querySelector(".field-error:not([hidden])");
    first?.scrollIntoView({ block: "center" });
    first?.focus?.();
  };

  /* -- sending ------------------------------------------------------------------------------------------ */

  const busy = (form, on) => {
    form.querySelectorAll("button[type=submit]").forEach((button) => (button.disabled = on));
    const label = form.querySelector("[data-go] span");
    label.dataset.text = label.dataset.text || label.textContent;
    label.textContent = on ? texts.sending : label.dataset.text;
  };

  const withSmallPictures = async (data) => {
    const pictures = data.getAll("photos").filter((file) => file instanceof File && file.size);
    data.delete("photos");
    for (const file of pictures) data.append("photos", await Backoffice.outbox.shrink(file));
    data.delete("csrf_token"); // the page's own goes along in a header; a kept one would grow old
    return data;
  };

  const remember = (form) => {
    form.querySelectorAll("[data-remember]").forEach((input) => localStorage.setItem(`said:${input.dataset.remember}`, input.value));
  };

  const send = async (form, submitter) => {
    const typed = new FormData(form, submitter?.name ? submitter : undefined); // before its buttons are closed
    busy(form, true);
    showErrors(form, {});
    const data = await withSmallPictures(typed);
    const outcome = await Backoffice.outbox.send({ url: form.action, data, title: form.dataset.title });
    busy(form, false);
    if (outcome.state === "refused") {
      const { errors, message } = outcome.answer?.error || {};
      showErrors(form, errors || { "": [message || texts.refused] });
      return;
    }
    remember(form);
    drafts.get(form)?.clear();
    form.closest("dialog")?.close();
    document.dispatchEvent(new CustomEvent("phone:sent", { detail: { form, outcome } }));
    if (outcome.state === "done") {
      await refresh();
      result(outcome.answer.text, "success", outcome.answer.url);
    } else {
      form.reset();
      result(texts[`kept${outcome.why.charAt(0).toUpperCase()}${outcome.why.slice(1)}`] || texts.keptOffline, "warning");
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-send]")) return;
    event.preventDefault();
    send(form, event.submitter);
  });

  /* The page as it is now; without a network it stays as it was. */
  const refresh = async () => {
    const page = document.querySelector("[data-phone]");
    if (!page || page.hasAttribute("data-phone-fixed")) return;
    try {
      const answer = await Backoffice.fetch(window.location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-phone]");
      if (!fresh) return;
      page.replaceWith(document.importNode(fresh, true));
      setUp();
    } catch {
      /* seen when the page is opened again */
    }
  };
  document.addEventListener("outbox:done", (event) => {
    refresh().then(() => result(event.detail.answer.text || "", "success", event.detail.answer.url));
  });

  /* -- inputs ------------------------------------------------------------------------------------------- */

  Backoffice.onClick("[data-less], [data-more]", (button) => {
    const input = button.parentElement.querySelector("input");
    const step = button.hasAttribute("data-more") ? 1 : -1;
    const next = (Number(input.value.replace(",", ".")) || 0) + step;
    input.value = String(Math.max(1, Math.round(next * 1e6) / 1e6));
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-choose]")) {
      const chosen = event.target.value;
      event.target.closest("[data-choice]").querySelectorAll("[data-chosen]").forEach((form) => (form.hidden = form.dataset.chosen !== chosen));
    }
  });

  /* -- what was typed before ---------------------------------------------------------------------------- */

  const setUp = (root = document) => {
    root.querySelectorAll("[data-remember]").forEach((input) => {
      input.value = input.value || localStorage.getItem(`said:${input.dataset.remember}`) || "";
    });
    root.querySelectorAll("form[data-draft]").forEach((form) => {
      if (!drafts.has(form)) drafts.set(form, Backoffice.outbox.draft(form, form.dataset.draft));
    });
  };
  Backoffice.setUpSheets = setUp;
  setUp();
})();
