/* What every editor of a draft shares: live checks, saving, conflicts, the list of problems, leaving. */
(function () {
  "use strict";

  const Editor = window.FormEditor;
  if (!Editor) return;
  const { h, t, data, root } = Editor;
  const { fetch, toast } = window.Backoffice;
  const CHECK_MS = 500;

  const bar = document.getElementById("editor-bar");
  const note = bar.querySelector("[data-note]");
  const problemLink = bar.querySelector("[data-problem-count]");
  const problemList = document.getElementById("editor-problems");
  const saveButton = bar.querySelector("[data-save]");

  let revision = data.draftRevision;
  let changes = 0; // so many there were
  let kept = 0; // and so many of them are saved
  let timer = 0;
  let saving = null;

  /* An editor's page says how problems are named and where they lead: `placeName(path)`, `goTo(path)`; what else
     `along()` returns is saved with the draft. */
  Editor.page = { placeName: (path) => path, goTo: () => {} };

  /* keyTouched only lives in the browser; everything else of the document is sent. */
  Editor.outgoing = () => JSON.parse(JSON.stringify(Editor.doc, (name, value) => (name === "keyTouched" ? undefined : value)));

  /* Words and examples that the server worked out for what is being edited. */
  const pathAround = (element) => element.closest("[data-path]").dataset.path;

  Editor.onShow(() => {
    root.querySelectorAll("[data-words]").forEach((element) => {
      element.textContent = Editor.words[pathAround(element)] || "";
    });
    root.querySelectorAll("[data-example]").forEach((element) => {
      const text = Editor.numbers[pathAround(element)];
      element.textContent = text ? t("example", { text }) : "";
    });
    root.querySelectorAll("[data-formula]").forEach((element) => {
      const written = element.parentElement.querySelector("textarea").value.trim();
      element.textContent = written && !Editor.problems[pathAround(element)] ? t("formula_fine") : "";
    });
  });

  Editor.focusOn = function (path) {
    const place = Editor.placeFor(path);
    (place?.querySelector("input, select, textarea, button") || place)?.focus();
    place?.scrollIntoView({ block: "center" });
  };

  Editor.problemLine = (path, messages) =>
    h("li", {}, h("a", { href: "#", onclick: (event) => { event.preventDefault(); Editor.page.goTo(path); } }, Editor.page.placeName(path)), `：${messages.join(" ")}`);

  Editor.showState = () => {
    const count = Object.keys(Editor.problems).length;
    const state = Editor.dirty ? t("unsaved") : data.hasDraft ? t("saved") : t("up_to_date");
    note.textContent = data.hasDraft && !count && !Editor.dirty ? `${state} · ${t("no_problems")}` : state;
    problemLink.hidden = count === 0;
    problemLink.querySelector("span").textContent = t("problems", { count });
    saveButton.disabled = !Editor.dirty;
    problemList.querySelector("ul").replaceChildren(...Object.entries(Editor.problems).map(([path, messages]) => Editor.problemLine(path, messages)));
    if (!count) problemList.hidden = true;
    root.dataset.dirty = Editor.dirty ? "1" : "";
  };

  Editor.take = (judgement) => {
    Editor.problems = judgement.problems || {};
    Editor.words = judgement.rules || Editor.words;
    Editor.numbers = judgement.numbers || Editor.numbers;
    Editor.page.taken?.(judgement);
    Editor.showProblems();
    Editor.showState();
  };

  const answerOf = (response) => response.json().catch(() => ({}));

  Editor.check = async () => {
    const asked = changes;
    const response = await fetch(root.dataset.check, { json: { definition: Editor.outgoing() } }).catch(() => null);
    if (!response || asked !== changes) return;
    const answer = await answerOf(response);
    if (response.ok) Editor.take(answer);
    else if (answer.error?.errors) Editor.take({ problems: answer.error.errors });
  };

  const notSaved = (message) => {
    toast(message, "danger");
    Editor.showState();
    return false;
  };

  const conflict = async (about) => {
    const answer = await window.Backoffice.confirm({ title: t("conflict_title"), text: t("conflict_text", about), button: t("conflict_overwrite"), kind: "danger" });
    if (!answer) {
      Editor.showState();
      return false;
    }
    revision = about.draft_revision;
    return saveOnce();
  };

  const refused = ({ conflict: faster, error }) => {
    if (faster) return conflict(faster);
    if (!error?.errors) return notSaved(error?.message || t("save_failed"));
    Editor.take({ problems: error.errors });
    problemList.hidden = false;
    return notSaved(t("save_refused"));
  };

  const saveOnce = async () => {
    note.textContent = t("saving");
    const sent = changes;
    const response = await fetch(root.dataset.save, { method: "PUT", json: { definition: Editor.outgoing(), draft_revision: revision, ...Editor.page.along?.() } }).catch(() => null);
    const answer = response ? await answerOf(response) : {};
    if (!response?.ok || !answer.draft_revision) return refused(answer);
    revision = answer.draft_revision;
    data.hasDraft = true;
    kept = sent;
    Editor.dirty = changes !== kept;
    Editor.take({ ...answer, rules: { ...Editor.words, ...answer.rules } });
    document.querySelectorAll("[data-draft-only]").forEach((element) => (element.hidden = false));
    document.querySelectorAll('[name="draft_revision"]').forEach((input) => (input.value = revision));
    Editor.say(t("saved"));
    return true;
  };

  /* One save at a time. Pressing twice saves once, unless something was changed in between. */
  const save = async () => {
    const asked = changes;
    while (saving) if (!(await saving)) return false;
    if (asked <= kept) return true;
    saving = saveOnce().finally(() => { saving = null; });
    return saving;
  };

  /* What is taken only when its field is left, such as a key, counts too. */
  const settle = () => {
    const field = document.activeElement;
    if (!root.contains(field)) return;
    field.blur();
    field.focus();
  };

  Editor.onChange(() => {
    changes += 1;
    clearTimeout(timer);
    timer = setTimeout(Editor.check, CHECK_MS);
    Editor.showState();
  });

  saveButton.addEventListener("click", save);
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      settle();
      if (Editor.dirty) save();
    }
  });
  problemLink.addEventListener("click", () => {
    problemList.hidden = false;
    problemList.querySelector("a")?.focus();
  });

  /* Preview and publishing look at what is stored, so they save first. */
  document.querySelectorAll("[data-save-first]").forEach((link) => {
    link.addEventListener("click", async (event) => {
      if (!Editor.dirty) return;
      event.preventDefault();
      if (await save()) location.href = link.href;
    });
  });

  window.addEventListener("beforeunload", (event) => {
    if (Editor.dirty) event.preventDefault();
  });

  /* Tabs of this page, also with the arrow keys; `show(name)` brings one forward. */
  Editor.wireTabs = function (show) {
    const tabs = [...document.querySelectorAll("[data-page]")];
    tabs.forEach((tab, index) => {
      tab.addEventListener("click", () => show(tab.dataset.page));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const next = tabs[(index + step + tabs.length) % tabs.length];
        next.focus();
        next.click();
      });
    });
  };
})();
