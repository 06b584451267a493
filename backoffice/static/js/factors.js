/* Asks a security key: the page holds the question, the form carries the answer. */
(function () {
  "use strict";

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replace(/=+$/, "");

  const descriptors = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const ASK = {
    new: (options) =>
      navigator.credentials.create({
        publicKey: {
          ...options,
          challenge: bytes(options.challenge),
          user: { ...options.user, id: bytes(options.user.id) },
          excludeCredentials: descriptors(options.excludeCredentials),
        },
      }),
    proof: (options) =>
      navigator.credentials.get({
        publicKey: {
          ...options,
          challenge: bytes(options.challenge),
          allowCredentials: descriptors(options.allowCredentials),
        },
      }),
  };

  const PARTS = ["attestationObject", "authenticatorData", "clientDataJSON", "signature", "userHandle"];

  const told = (credential) => {
    const response = {};
    PARTS.forEach((name) => {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    });
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };

  const complain = (form, words) => {
    const place = form.querySelector("[data-key-problem]");
    place.hidden = false;
    place.querySelector(".alert-text").textContent = words;
  };

  document.querySelectorAll("form[data-key]").forEach((form) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!window.PublicKeyCredential) return complain(form, form.dataset.none);
      const button = form.querySelector("button[type=submit]");
      button.disabled = true;
      try {
        form.elements.answer.value = told(await ASK[form.dataset.key](JSON.parse(form.dataset.options)));
        form.submit();
      } catch (error) {
        button.disabled = false;
        complain(form, error.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed);
      }
    });
  });
})();
