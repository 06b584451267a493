/* Counting on a telephone: one line at a time, the next one comes by itself; sent by the outbox, with or
   without a network. Lines of the next places are held here, so that counting goes on where there is none. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const page = document.querySelector("[data-count-page]");
  const form = page?.querySelector("[data-count-form]");
  if (!form) return;

  const texts = page.dataset;
  const card = (name) => form.querySelector(`[data-part="${name}"]`);
  const fresh = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
  const filled = (text, value) => text.replace("%n", value);
  const FEW = 20;
  const MOST_RECENT = 20;
  const SEARCH_MS = 300;

  const known = new Map(); // every line that this page has seen, by id
  let waiting = []; // ids of lines still to be counted, in their order
  let recent = []; // ids of lines counted here, the latest first
  let current = null;
  let after = ""; // the line beyond which more are fetched
  let whole = false; // whether all lines are here

  const take = (lines) => lines.map((line) => known.set(line.id, { ...known.get(line.id), ...line }) && line.id);
  const isOpen = (line) => line.status === "again" || (texts.counting && line.status === "open");

  /* -- what is shown -------------------------------------------------------------------------------------- */

  const said = (text, kind = "success") => {
    const place = page.querySelector("[data-said]");
    place.textContent = text;
    place.dataset.kind = kind;
    place.hidden = !text;
  };

  const whereOf = (line) =>
    line.person ? [line.person, line.due && filled(texts.back, line.due)].filter(Boolean).join(" · ") : [line.department, line.place].filter(Boolean).join(" · ");

  const withUnit = (quantity, line) => `${quantity} ${line.unit}`.trim();

  const showErrors = (target, errors) => {
    target.querySelectorAll("[data-error]").forEach((place) => {
      const own = errors[place.dataset.error] || [];
      const others = place.dataset.error ? [] : Object.entries(errors).filter(([name]) => !target.querySelector(`[data-error="${CSS.escape(name)}"]`)).flatMap(([, found]) => found);
      place.textContent = [...own, ...others].join(" ");
      place.hidden = !place.textContent;
    });
    const input = target.elements.namedItem("quantity");
    input.toggleAttribute("aria-invalid", Boolean(errors.quantity));
  };

  const draw = (line) => {
    card("number").textContent = line.number === line.title ? "" : line.number;
    card("tag").textContent = line.kind === "kept" ? "" : line.kind_text;
    card("tag").className = line.kind === "kept" ? "" : `tag tag-${line.kind === "lent" ? "blue" : "orange"}`;
    card("title").textContent = line.title;
    card("where").textContent = whereOf(line);
    card("why").textContent = [texts.again, line.why_again].filter(Boolean).join(": ");
    card("why").hidden = line.status !== "again";
    const moved = line.now && line.expected && line.now !== line.expected ? ` (${filled(texts.listed, line.expected)})` : "";
    card("books").textContent = line.now ? filled(texts.books, withUnit(line.now, line)) + moved : "";
    card("unit").textContent = line.unit;
    const same = form.querySelector("[data-same]");
    same.hidden = !line.now || line.now === "0";
    same.textContent = filled(texts.same, withUnit(line.now, line));
    same.dataset.quantity = line.now;
  };

  const rowOf = (line, choose) => {
    const row = fresh("count-row");
    row.querySelector('[data-part="title"]').textContent = [line.number === line.title ? "" : line.number, line.title].filter(Boolean).join(" ");
    row.querySelector('[data-part="where"]').textContent = whereOf(line);
    const note = row.querySelector('[data-part="note"]');
    note.textContent = line.sending ? texts.waits : line.counted ? filled(texts.last, withUnit(line.counted, line)) : line.status_text;
    note.className = `tag tag-${line.sending ? "orange" : line.color}`;
    row.querySelector("button").addEventListener("click", () => choose(line));
    return row;
  };

  const showRecent = () => {
    const place = page.querySelector("[data-recent]");
    place.hidden = !recent.length;
    place.querySelector("[data-recent-list]").replaceChildren(...recent.map((id) => rowOf(known.get(id), open)));
  };

  const open = (line) => {
    current = line.id;
    closeResults();
    form.reset();
    form.querySelectorAll("details").forEach((one) => (one.open = false));
    countPhotos(form);
    showErrors(form, {});
    draw(known.get(line.id));
    form.hidden = false;
    page.querySelector("[data-all-done]").hidden = true;
    form.scrollIntoView({ block: "nearest" });
    card("title").focus({ preventScroll: true });
  };

  const next = async () => {
    if (waiting.length < FEW && !whole) await fetchMore();
    const id = waiting.find((one) => one !== current) || waiting[0];
    if (id) {
      open(known.get(id));
      return;
    }
    current = null;
    form.hidden = true;
    page.querySelector("[data-all-done]").hidden = false;
  };

  /* -- lines ------------------------------------------------------------------------------------------------ */

  const ask = async (parameters) => {
    const address = new URL(texts.linesUrl, window.location.href);
    Object.entries(parameters).forEach(([name, value]) => value && address.searchParams.set(name, value));
    return Backoffice.fetch(address, { signal: AbortSignal.timeout(10000) });
  };

  const add = ({ lines, more }) => {
    const ids = take(lines);
    after = more;
    whole = !more;
    waiting = [...new Set([...waiting, ...ids.filter((id) => isOpen(known.get(id)) && !recent.includes(id))])];
  };

  const fetchMore = async () => {
    try {
      const answer = await ask({ after });
      if (answer.ok) add(await answer.json());
    } catch {
      /* without a network what is here is counted first */
    }
  };

  /* -- counting --------------------------------------------------------------------------------------------- */

  const problem = (text, line) => {
    const number = Number(text);
    if (!text || Number.isNaN(number)) return texts.howMany;
    if (number < 0) return texts.fewer;
    if (!line.fractional && !Number.isInteger(number)) return texts.whole;
    return line.single && number > 1 ? texts.single : "";
  };

  const plain = (input) => input.value.trim().normalize("NFKC").replace(/,/g, "");

  const bodyOf = async (target) => {
    const data = new FormData(target);
    const pictures = data.getAll("photos").filter((file) => file instanceof File && file.size);
    data.delete("photos");
    data.set("quantity", plain(target.elements.namedItem("quantity")));
    for (const file of pictures) data.append("photos", await Backoffice.outbox.shrink(file));
    return data;
  };

  const leave = (id) => {
    waiting = waiting.filter((one) => one !== id);
  };

  const remember = (id) => {
    recent = [id, ...recent.filter((one) => one !== id)].slice(0, MOST_RECENT);
    showRecent();
  };

  /* The next line comes at once; what the server says of this one is told when it comes. */
  const settle = (id, outcome) => {
    const line = known.get(id);
    delete line.sending;
    if (outcome.state === "done") {
      if (outcome.answer.line) take([outcome.answer.line]);
      Backoffice.checkNumbers.show(outcome.answer.numbers);
      said(`${line.title}: ${texts.saved}`);
    } else if (outcome.state === "kept") {
      line.sending = true;
      said(`${line.title}: ${texts.kept}`, "warning");
    } else {
      recent = recent.filter((one) => one !== id);
      waiting.unshift(id);
      open(line);
      const { errors, message } = outcome.answer?.error || {};
      showErrors(form, errors && Object.keys(errors).length ? errors : { "": [message || texts.refused] });
    }
    showRecent();
  };

  const write = async () => {
    const line = known.get(current);
    const wrong = problem(plain(form.elements.quantity), line);
    showErrors(form, wrong ? { quantity: [wrong] } : {});
    if (wrong) {
      form.elements.quantity.focus();
      return;
    }
    const data = await bodyOf(form);
    const sending = Backoffice.outbox.send({
      url: texts.countUrl.replace("LINE", line.id),
      data,
      title: filled(texts.countTitle, line.title),
    });
    Object.assign(line, { sending: true, counted: data.get("quantity"), status: "counted", color: "green" });
    leave(line.id);
    remember(line.id);
    await next();
    settle(line.id, await sending);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    write();
  });

  const writeAs = (quantity) => {
    form.elements.quantity.value = quantity;
    write();
  };
  form.querySelector("[data-same]").addEventListener("click", (event) => writeAs(event.currentTarget.dataset.quantity));
  form.querySelector("[data-none]").addEventListener("click", () => writeAs("0"));
  form.querySelector("[data-skip]").addEventListener("click", () => {
    leave(current);
    waiting.push(current);
    next();
  });

  Backoffice.onClick("[data-less], [data-more]", (button) => {
    const input = button.parentElement.querySelector("input");
    const step = button.hasAttribute("data-more") ? 1 : -1;
    input.value = String(Math.max(0, Math.round(((Number(plain(input)) || 0) + step) * 1e6) / 1e6));
  });

  const countPhotos = (target) => {
    const label = target.querySelector("[data-photo-count]");
    label.dataset.empty = label.dataset.empty || label.textContent;
    const count = target.elements.namedItem("photos").files.length;
    label.textContent = count ? filled(label.dataset.text, count) : label.dataset.empty;
  };
  page.addEventListener("change", (event) => event.target.matches('[name="photos"]') && countPhotos(event.target.form));

  /* -- searching and scanning ---------------------------------------------------------------------------------- */

  const results = page.querySelector("[data-results]");
  const find = page.querySelector("#count-find");

  const closeResults = () => {
    results.hidden = true;
    form.hidden = !current;
  };

  const showResults = (lines, item) => {
    const rows = lines.map((line) => rowOf(line, open));
    if (item && texts.counting) {
      const elsewhere = fresh("count-elsewhere");
      elsewhere.querySelector("button").addEventListener("click", () => extra(item));
      rows.push(elsewhere);
    }
    results.querySelector("[data-results-list]").replaceChildren(...rows);
    results.hidden = false;
    form.hidden = true;
  };

  const here = (words) => {
    const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (line) => `${line.number} ${line.title} ${line.place} ${line.code}`.toLowerCase();
    return [...known.values()].filter((line) => parts.every((part) => text(line).includes(part))).slice(0, 30);
  };

  const search = async (words) => {
    if (!words) {
      closeResults();
      return;
    }
    try {
      const answer = await ask({ q: words });
      if (find.value.trim() !== words) return;
      const { lines } = answer.ok ? await answer.json() : { lines: [] };
      showResults(take(lines).map((id) => known.get(id)));
      said(lines.length ? "" : texts.noneFound, "warning");
    } catch {
      showResults(here(words));
      said(texts.offline, "warning");
    }
  };

  let typing = null;
  find.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => search(find.value.trim()), SEARCH_MS);
  });
  page.querySelector("[data-find]").addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(typing);
    const text = find.value.trim();
    if (!text) return;
    const found = await scanned(Backoffice.scan.code(text), text);
    if (found === false) find.value = "";
    else if (!Backoffice.scan.code(text)) search(text);
    else said(found.text, found.kind);
  });
  page.querySelector("[data-close-results]").addEventListener("click", () => {
    find.value = "";
    said("");
    closeResults();
    if (!current) next();
  });

  /* One line is opened, several are offered; what is not on the list is offered to be written down. */
  const opened = (lines, item) => {
    if (lines.length === 1 && isOpen(lines[0])) open(lines[0]);
    else if (lines.length) showResults(lines, item);
    else if (!texts.counting) return { text: texts.offList, kind: "warning" };
    else extra(item);
    return false;
  };

  const scanned = async (code, text) => {
    let answer;
    try {
      answer = await ask({ code: text }); // some numbers look like codes: the server knows which it is
    } catch {
      const lines = [...known.values()].filter((line) => (code ? line.code === code : line.number === text));
      return lines.length ? opened(lines, null) : { text: texts.offline, kind: "warning" };
    }
    if (!answer.ok) return { text: texts.unknown, kind: "danger" };
    const { lines, item } = await answer.json();
    return opened(take(lines).map((id) => known.get(id)), item);
  };

  Backoffice.onClick("[data-scan]", () => Backoffice.scan(scanned, { words: true }));

  /* -- what is not on the list ---------------------------------------------------------------------------------- */

  const dialog = document.getElementById("found");
  const foundForm = dialog.querySelector("[data-found-form]");
  const draft = Backoffice.outbox.draft(foundForm, foundForm.dataset.draft);

  const name = (item) => {
    foundForm.querySelector("[data-found-item]").value = item?.id || "";
    foundForm.querySelector("[data-found-title]").textContent = item ? [item.number, item.title].filter(Boolean).join(" ") : "";
    foundForm.querySelector("[data-found-named]").hidden = !item;
    foundForm.querySelector("[data-found-free]").hidden = Boolean(item);
  };

  const extra = (item) => {
    name(item);
    showErrors(foundForm, {});
    if (!dialog.open) dialog.showModal();
    foundForm.elements.namedItem(item ? "place" : "name").focus();
  };

  Backoffice.onClick("[data-extra]", () => extra(null));
  Backoffice.onClick("[data-found-other]", () => name(null));

  foundForm.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = problem(plain(foundForm.elements.quantity), { fractional: true });
    showErrors(foundForm, wrong ? { quantity: [wrong] } : {});
    if (wrong) return;
    const button = foundForm.querySelector("[type=submit]");
    button.disabled = true;
    const data = await bodyOf(foundForm);
    const title = foundForm.querySelector("[data-found-title]").textContent || data.get("name");
    const outcome = await Backoffice.outbox.send({ url: foundForm.action, data, title: filled(texts.foundTitle, title) });
    button.disabled = false;
    if (outcome.state === "refused") {
      const { errors, message } = outcome.answer?.error || {};
      showErrors(foundForm, errors && Object.keys(errors).length ? errors : { "": [message || texts.refused] });
      return;
    }
    draft.clear();
    foundForm.reset();
    dialog.close();
    if (outcome.state === "done") {
      if (outcome.answer.line) {
        take([outcome.answer.line]);
        leave(outcome.answer.line.id);
        remember(outcome.answer.line.id);
      }
      Backoffice.checkNumbers.show(outcome.answer.numbers);
    }
    said(`${title}: ${outcome.state === "done" ? texts.saved : texts.kept}`, outcome.state === "done" ? "success" : "warning");
    if (current && !waiting.includes(current)) next();
  });

  document.addEventListener("outbox:done", (event) => {
    const { line, numbers } = event.detail.answer || {};
    if (!line || !known.has(line.id)) return;
    delete known.get(line.id).sending;
    take([line]);
    Backoffice.checkNumbers.show(numbers);
    showRecent();
  });

  add(JSON.parse(document.getElementById("count-lines").textContent));
  next();

  /* Somebody came here from a label. */
  const came = new URL(window.location.href).searchParams.get("scan");
  if (came) scanned(Backoffice.scan.code(came), came).then((found) => found && said(found.text, found.kind));
})();
