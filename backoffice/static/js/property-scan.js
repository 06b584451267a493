/* The scanner's page: what is scanned is opened, or put into a basket that this device keeps. */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const page = document.querySelector("[data-scan-page]");
  const person = page?.dataset.person || document.getElementById("outbox")?.dataset.person || "";
  const KEPT = `basket:${person}`;

  const read = () => JSON.parse(localStorage.getItem(KEPT) || "[]");
  const write = (items) => localStorage.setItem(KEPT, JSON.stringify(items));

  /* What was asked for is no longer in the basket, even where it still waits for the network. */
  const asked = document.querySelector("[data-basket-page]");
  if (asked) {
    document.addEventListener("phone:sent", ({ detail }) => {
      const gone = new Set(new FormData(detail.form).getAll("item"));
      write(read().filter((one) => !gone.has(one.id)));
      detail.form.remove();
    });
  }
  if (!page) return;

  const texts = page.dataset;
  const basket = page.querySelector("[data-basket]");
  const mode = () => page.querySelector('[name="mode"]:checked').value;
  const fresh = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

  const rowOf = (item) => {
    const row = fresh("basket-row");
    const part = (name) => row.querySelector(`[data-part="${name}"]`);
    part("called").textContent = item.called;
    part("status").textContent = [item.number, item.status].filter(Boolean).join(" · ");
    part("open").href = item.url;
    part("picture").hidden = !item.picture;
    if (item.picture) part("picture").src = item.picture;
    part("remove").setAttribute("aria-label", `${texts.remove}: ${item.called}`);
    part("remove").addEventListener("click", () => {
      write(read().filter((one) => one.id !== item.id));
      show();
    });
    return row;
  };

  const groupOf = (items) => {
    const group = fresh("basket-group");
    const address = new URL(texts.basketUrl.replace("FORM", items[0].ledger), window.location.href);
    items.forEach((item) => address.searchParams.append("item", item.id));
    group.querySelector('[data-part="ledger"]').textContent = items[0].ledger_label;
    group.querySelector('[data-part="go"]').href = address;
    group.querySelector("ul").append(...items.map(rowOf));
    return group;
  };

  const show = () => {
    const items = read();
    const groups = new Map();
    items.forEach((item) => groups.set(item.ledger, [...(groups.get(item.ledger) || []), item]));
    basket.hidden = !items.length;
    page.querySelector("[data-basket-count]").textContent = items.length;
    page.querySelector("[data-basket-groups]").replaceChildren(...[...groups.values()].map(groupOf));
  };

  const collect = (item) => {
    const items = read();
    if (items.some((one) => one.id === item.id)) return { text: texts.twice, kind: "warning" };
    if (items.length >= Number(texts.most)) return { text: texts.full, kind: "warning" };
    write([...items, item]);
    show();
    return { text: texts.added.replace("%n", item.called), kind: "success" };
  };

  const refusal = (status, code) => {
    if (status === 401 || status === 400) return texts.signedOut;
    return code ? texts.unknown : texts.noNumber;
  };

  const found = async (code, text, how) => {
    if (code && how === "camera" && mode() === "open") {
      window.location.assign(`/p/${code}`);
      return false;
    }
    const asking = new URL(texts.itemUrl, window.location.href);
    if (code) asking.searchParams.set("code", code);
    if (how !== "camera") asking.searchParams.set("number", text); // some numbers look like codes
    let answer;
    try {
      answer = await Backoffice.fetch(asking);
    } catch {
      return { text: texts.offline, kind: "warning" };
    }
    if (!answer.ok) return { text: refusal(answer.status, code), kind: "danger" };
    const item = await answer.json();
    if (mode() === "collect") return collect(item);
    window.location.assign(item.url);
    return false;
  };

  Backoffice.onClick("[data-basket-empty]", () => {
    write([]);
    show();
  });
  if (read().length) page.querySelector('[value="collect"]').checked = true;
  show();
  window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
  Backoffice.scan(found, { place: page.querySelector("[data-scan-place]"), words: true });
})();
