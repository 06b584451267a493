/* Pictures that are sent along with a movement: shown before they are sent, taken away again. */
(function () {
  "use strict";

  const earlier = new WeakMap();

  const keepPhotos = (input, files) => {
    const list = new DataTransfer();
    files.forEach((file) => list.items.add(file));
    input.files = list.files;
    earlier.set(input, files);
    input.dispatchEvent(new Event("input", { bubbles: true })); // the draft keeps it
    showPhotos(input);
  };

  const showPhotos = (input) => {
    const list = input.closest("label").parentElement.querySelector("[data-photos]");
    list.querySelectorAll("img").forEach((picture) => URL.revokeObjectURL(picture.src));
    list.replaceChildren(
      ...[...input.files].map((file, at) => {
        const row = document.createElement("li");
        const picture = document.createElement("img");
        const remove = document.createElement("button");
        picture.src = URL.createObjectURL(file);
        picture.alt = file.name;
        remove.type = "button";
        remove.className = "btn btn-icon btn-small";
        remove.textContent = "×";
        remove.setAttribute("aria-label", `${list.dataset.remove}: ${file.name}`);
        remove.addEventListener("click", () => keepPhotos(input, [...input.files].filter((_one, place) => place !== at)));
        row.append(picture, remove);
        return row;
      }),
    );
  };

  /* Each shot of the camera comes alone: it is added to those that are there. */
  const gather = (input, event) => {
    const before = event.isTrusted ? earlier.get(input) || [] : [];
    const all = [...before, ...input.files];
    earlier.set(input, all);
    if (event.isTrusted && before.length) keepPhotos(input, all);
    else showPhotos(input);
  };

  document.addEventListener("change", (event) => {
    const list = event.target.closest?.("label")?.parentElement.querySelector("[data-photos]");
    if (list && event.target.matches('input[type="file"][name="photos"]')) gather(event.target, event);
  });
})();
