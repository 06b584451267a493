/* Backoffice.outbox: what was typed or sent is not lost with the network, and what was sent is done once.

   It is on every page of somebody who is signed in (layout.html), so that what is kept can be seen and goes
   out from anywhere. The server's side is `views.once.sent_once` upon `models.once`.

   Backoffice.outbox.send({url, data, title, page}) → Promise of {state, …}
     url    where the form is posted; its view answers with JSON and calls `sent_once`
     data   FormData, pictures and other files included
     title  what the person calls it, such as "Borrow: gauge 12"
     page   where it can be looked at again; without it this page
     state "done"     stored now; {answer}: the JSON of the server
     state "refused"  the server said no; {status, answer}; nothing is kept, the form still holds what was typed
     state "kept"     {why}: "offline", "server" or "signed_out"; it is kept in this browser and sent again
   Backoffice.outbox.draft(form, name) keeps what is typed in a form, pictures too, through reloads, until the
     returned {clear()} is called; fields with data-no-draft are left out. [data-draft-note] in the form is
     shown when something was restored.
   Backoffice.outbox.shrink(file) → Promise of a picture small enough for a bad network (other files as is).
   The document gets "outbox:done" {detail: {url, answer}} when something that was kept has been stored.

   What one person typed is never shown to, or sent for, another who signs in on the same device. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const tray = document.getElementById("outbox");
  const person = tray?.dataset.person || "";
  const texts = tray?.dataset || {};
  const PATIENCE_MS = 20000;
  const PATIENCE_WITH_FILES_MS = 90000;
  const AGAIN_MS = 15000;
  const DRAFT_DAYS = 14;
  const WIDEST_PICTURE = 2000;
  const FLAG = `outbox:${person}`; // tells other pages, without opening the database, that something waits

  /* -- the browser's own database ---------------------------------------------------------------------- */

  let opened = null;
  const open = () => {
    opened =
      opened ||
      new Promise((resolve, reject) => {
        const asking = indexedDB.open("backoffice-outbox", 1);
        asking.onupgradeneeded = () => {
          asking.result.createObjectStore("sendings", { keyPath: "key" });
          asking.result.createObjectStore("drafts", { keyPath: "id" });
        };
        asking.onsuccess = () => resolve(asking.result);
        asking.onerror = () => reject(asking.error);
      });
    return opened;
  };

  const ask = async (store, mode, work) => {
    const database = await open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode);
      const asked = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  };

  const put = (store, value) => ask(store, "readwrite", (place) => place.put(value));
  const drop = (store, key) => ask(store, "readwrite", (place) => place.delete(key));
  const all = async () => {
    const found = await ask("sendings", "readonly", (place) => place.getAll());
    return found.filter((entry) => entry.person === person).sort((one, other) => one.at - other.at);
  };

  /* -- sending ------------------------------------------------------------------------------------------ */

  const newKey = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(18));
    return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
  };

  const bodyOf = (entry) => {
    const body = new FormData();
    entry.parts.forEach(([name, value]) => (value instanceof Blob ? body.append(name, value, value.name || "file") : body.append(name, value)));
    return body;
  };

  const hasFiles = (entry) => entry.parts.some(([, value]) => value instanceof Blob);

  /* Says why the server has not decided about what was sent; nothing where it has. */
  const undecided = ({ status, headers }) => {
    if (status === 0 || status === 401 || status === 412 || headers.has("X-Stale-Page")) return "signed_out";
    return status >= 500 || status === 408 || status === 429 ? "server" : "";
  };

  const attempt = async (entry) => {
    let response;
    try {
      response = await Backoffice.fetch(entry.url, {
        method: "POST",
        body: bodyOf(entry),
        headers: { "Idempotency-Key": entry.key, "X-Person": entry.person, "X-Typed-Ago": String(Math.max(0, Date.now() - entry.at)) },
        redirect: "manual",
        signal: AbortSignal.timeout(hasFiles(entry) ? PATIENCE_WITH_FILES_MS : PATIENCE_MS),
      });
    } catch {
      return { state: "kept", why: "offline" };
    }
    const why = undecided(response);
    if (why) return { state: "kept", why };
    let answer;
    try {
      answer = await response.json();
    } catch {
      return { state: "kept", why: "offline" }; // the answer broke off: sent again, done once
    }
    return response.ok ? { state: "done", answer } : { state: "refused", status: response.status, answer };
  };

  /* Two windows do not send the same thing at once; if they did, the server would still do it once. */
  const underway = new Set();
  const alone = async (key, run) => {
    if (underway.has(key)) return null;
    underway.add(key);
    try {
      if (!navigator.locks) return await run();
      return await navigator.locks.request(`outbox:${key}`, { ifAvailable: true }, (lock) => (lock ? run() : null));
    } finally {
      underway.delete(key);
    }
  };

  const words = (answer) => {
    const messages = Object.values(answer?.error?.errors || {}).flat();
    return [...new Set(messages)].join(" ") || answer?.error?.message || "";
  };

  const send = async ({ url, data, title, page }) => {
    const entry = {
      key: newKey(),
      person,
      url: new URL(url, window.location.href).href,
      title,
      page: page || window.location.href,
      parts: [...data.entries()].filter(([, value]) => !(value instanceof File) || value.size),
      at: Date.now(),
      why: "",
      refused: "",
    };
    const kept = await put("sendings", entry).then(
      () => localStorage.setItem(FLAG, "1") ?? true,
      () => false,
    );
    const outcome = (await alone(entry.key, () => attempt(entry))) || { state: "kept", why: "offline" };
    if (outcome.state === "kept" && !kept) return { state: "refused", status: 0, answer: { error: { message: texts.unkept } } };
    if (outcome.state === "kept") await put("sendings", { ...entry, why: outcome.why });
    else if (kept) await drop("sendings", entry.key);
    await show();
    return outcome;
  };

  const resend = async (entry) => {
    const outcome = await alone(entry.key, () => attempt(entry));
    if (!outcome) return;
    if (outcome.state === "done") {
      await drop("sendings", entry.key);
      Backoffice.toast?.(`${entry.title}: ${texts.sent}`, "success");
      document.dispatchEvent(new CustomEvent("outbox:done", { detail: { url: entry.url, answer: outcome.answer } }));
    } else {
      const refused = outcome.state === "refused" ? words(outcome.answer) || texts.refused : "";
      await put("sendings", { ...entry, why: outcome.why || "", refused });
    }
  };

  /* Sends everything that waits, the oldest first; what was refused only when it is asked for. */
  const sendAll = async () => {
    if (!person || !localStorage.getItem(FLAG)) return;
    for (const entry of await all()) {
      if (!entry.refused) await resend(entry);
    }
    await show();
  };

  /* -- what is kept, in sight ----------------------------------------------------------------------------- */

  const moment = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });

  const rowOf = (entry) => {
    const row = tray.querySelector("template").content.firstElementChild.cloneNode(true);
    const part = (name) => row.querySelector(`[data-outbox-${name}]`);
    row.dataset.key = entry.key;
    part("title").textContent = entry.title;
    part("at").textContent = moment.format(entry.at);
    part("why").textContent = entry.refused || texts[entry.why || "offline"];
    part("why").classList.toggle("text-danger", Boolean(entry.refused));
    part("page").href = new URL(entry.page).origin === window.location.origin ? entry.page : "/";
    part("sign-in").hidden = entry.why !== "signed_out";
    const back = new URLSearchParams({ next: location.pathname + location.search });
    part("sign-in").href = `${part("sign-in").getAttribute("href")}?${back}`;
    return row;
  };

  const show = async () => {
    if (!tray || !person) return;
    const entries = await all().catch(() => []);
    if (entries.length) localStorage.setItem(FLAG, String(entries.length));
    else localStorage.removeItem(FLAG);
    tray.hidden = !entries.length;
    tray.querySelector("[data-outbox-count]").textContent = texts.count.replace("%n", entries.length);
    tray.querySelector("[data-outbox-list]").replaceChildren(...entries.map(rowOf));
    clearTimeout(show.timer);
    if (entries.some((entry) => !entry.refused)) show.timer = setTimeout(sendAll, AGAIN_MS);
  };

  const chosen = async (button) => {
    const { key } = button.closest("[data-key]").dataset;
    return (await all()).find((entry) => entry.key === key);
  };

  Backoffice.onClick("[data-outbox-send]", async (button) => {
    button.disabled = true;
    const entry = await chosen(button);
    if (entry) await resend(entry);
    await show();
  });

  Backoffice.onClick("[data-outbox-drop]", async (button) => {
    const entry = await chosen(button);
    const question = { title: texts.dropTitle, text: entry?.title, button: texts.dropButton, kind: "danger" };
    if (!entry || !(await Backoffice.confirm(question))) return;
    await drop("sendings", entry.key);
    await show();
  });

  /* -- what is typed --------------------------------------------------------------------------------------- */

  const keptInputs = (form) =>
    [...form.elements].filter((input) => input.name && !input.matches("[type=hidden], [type=password], [type=submit], button, fieldset, [data-no-draft]"));

  const typedIn = (form) =>
    keptInputs(form)
      .filter((input) => input.type !== "file")
      .map((input) => [input.name, input.value, input.matches("[type=checkbox], [type=radio]") ? input.checked : null]);

  const refill = (form, values) => {
    const inputs = keptInputs(form);
    values.forEach(([name, value, checked]) => {
      const same = inputs.filter((input) => input.name === name);
      const input = checked === null ? same[0] : same.find((one) => one.value === value);
      if (!input) return;
      if (checked === null) input.value = value;
      else input.checked = checked;
    });
  };

  const refillFiles = async (form, id) => {
    const found = await ask("drafts", "readonly", (place) => place.get(id)).catch(() => null);
    Object.entries(found?.files || {}).forEach(([name, files]) => {
      const input = form.elements.namedItem(name);
      if (!input || !files.length) return;
      const list = new DataTransfer();
      files.forEach((file) => list.items.add(file));
      input.files = list.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    return Boolean(found);
  };

  const keepFiles = (form, id) => {
    const files = {};
    keptInputs(form)
      .filter((input) => input.type === "file")
      .forEach((input) => (files[input.name] = [...input.files]));
    return put("drafts", { id, files, at: Date.now() }).catch(() => {});
  };

  const draft = (form, name) => {
    const id = `draft:${person}:${name}`;
    const before = JSON.stringify(typedIn(form));
    const kept = JSON.parse(localStorage.getItem(id) || "null");
    const fresh = kept && Date.now() - kept.at < DRAFT_DAYS * 86400000;
    const tell = () => form.querySelectorAll("[data-draft-note]").forEach((note) => (note.hidden = false));
    if (fresh) {
      refill(form, kept.values);
      if (JSON.stringify(typedIn(form)) !== before) {
        tell();
        form.dispatchEvent(new Event("input", { bubbles: true }));
        form.dispatchEvent(new Event("change", { bubbles: true }));
      }
      refillFiles(form, id).then((found) => found && tell());
    }
    const keep = (event) => {
      if (!event.isTrusted && event.type === "change" && event.target.type === "file") return;
      try {
        localStorage.setItem(id, JSON.stringify({ at: Date.now(), values: typedIn(form) }));
      } catch {
        /* a full or closed storage keeps nothing; typing goes on */
      }
      if (event.target.type === "file") keepFiles(form, id);
    };
    form.addEventListener("input", keep);
    form.addEventListener("change", keep);
    return {
      clear() {
        localStorage.removeItem(id);
        drop("drafts", id).catch(() => {});
        form.querySelectorAll("[data-draft-note]").forEach((note) => (note.hidden = true));
      },
    };
  };

  const shrink = async (file) => {
    if (!/^image\/(jpeg|png|webp)$/.test(file.type)) return file;
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
    if (!picture || (Math.max(picture.width, picture.height) <= WIDEST_PICTURE && file.size < 1e6)) return file;
    const ratio = Math.min(1, WIDEST_PICTURE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * ratio);
    canvas.height = Math.round(picture.height * ratio);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const smaller = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
    if (!smaller || smaller.size >= file.size) return file;
    return new File([smaller], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
  };

  Backoffice.outbox = { send, draft, shrink, words };

  if (!tray) return;
  window.addEventListener("online", sendAll);
  document.addEventListener("visibilitychange", () => document.hidden || sendAll());
  if (localStorage.getItem(FLAG)) show().then(sendAll);
})();
