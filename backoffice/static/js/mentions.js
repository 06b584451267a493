/* Offers colleagues while somebody types @ in a comment: arrows choose, Enter or Tab takes, Escape leaves. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const BEGUN = /(^|\s)@([\p{L}\p{N}._-]{0,40})$/u;

  const setUp = (area) => {
    const list = document.createElement("ul");
    list.className = "menu-list mention-list";
    list.id = "mention-list";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    area.parentElement.classList.add("mention-place");
    area.after(list);
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-controls", list.id);
    let people = [];
    let chosen = 0;
    let asked = 0;

    const begun = () => BEGUN.exec(area.value.slice(0, area.selectionStart));

    const close = () => {
      list.hidden = true;
      area.removeAttribute("aria-activedescendant");
    };

    const mark = (index) => {
      chosen = (index + people.length) % people.length;
      [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
      area.setAttribute("aria-activedescendant", `mention-${chosen}`);
    };

    const show = () => {
      list.replaceChildren(
        ...people.map((person, index) => {
          const item = document.createElement("li");
          const note = document.createElement("span");
          item.id = `mention-${index}`;
          item.className = "menu-item";
          item.setAttribute("role", "option");
          note.className = "muted";
          note.textContent = ` @${person.username} ${person.note}`;
          item.append(person.text, note);
          item.addEventListener("mousedown", (event) => {
            event.preventDefault();
            take(index);
          });
          return item;
        }),
      );
      list.hidden = !people.length;
      if (people.length) mark(0);
    };

    const take = (index) => {
      const found = begun();
      if (!found) return;
      const start = area.selectionStart - found[2].length;
      area.setRangeText(`${people[index].username} `, start, area.selectionStart, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
      close();
    };

    const look = Backoffice.debounce(async () => {
      const found = begun();
      if (!found) {
        close();
        return;
      }
      asked += 1;
      const mine = asked;
      const answer = await Backoffice.fetch(`${area.dataset.mentions}?q=${encodeURIComponent(found[2])}`);
      if (!answer.ok || mine !== asked) return;
      people = (await answer.json()).results;
      show();
    }, 150);

    area.addEventListener("input", look);
    area.addEventListener("blur", close);
    area.addEventListener("keydown", (event) => {
      if (list.hidden || event.isComposing) return;
      const keys = {
        ArrowDown: () => mark(chosen + 1),
        ArrowUp: () => mark(chosen - 1),
        Enter: () => take(chosen),
        Tab: () => take(chosen),
        Escape: close,
      };
      if (!keys[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      keys[event.key]();
    });
  };

  document.querySelectorAll("textarea[data-mentions]").forEach(setUp);

  /* Fields without a value are folded away until somebody asks for them. */
  Backoffice.onClick("[data-show-empty]", (button) => {
    const shown = document.querySelector("[data-facts]").classList.toggle("shows-empty");
    button.setAttribute("aria-pressed", String(shown));
  });
})();
