/* The print page prints when its button is pressed. */
document.querySelector("[data-print]").addEventListener("click", () => window.print());
