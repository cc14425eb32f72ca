// The request form: fill-in buttons, finding a distribution by typing, copying the shell command.
(() => {
  document.addEventListener("click", (event) => {
    const fill = event.target.closest("[data-fill]");
    if (fill) {
      event.preventDefault();
      const items = document.getElementById("items");
      items.value = fill.dataset.fill.replaceAll(" ", "\n");
      items.dispatchEvent(new Event("input", { bubbles: true }));
      items.focus();
    }
    const add = event.target.closest("[data-add]");
    if (add) {
      event.preventDefault();
      const items = document.getElementById("items");
      items.value = `${items.value.trimEnd()}\n${add.dataset.add}`;
      items.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const leaveOut = event.target.closest("[data-leave-out]");
    if (leaveOut) {
      event.preventDefault();
      const without = document.getElementById("without");
      without.value = `${without.value} ${leaveOut.dataset.leaveOut}`.trim();
      without.dispatchEvent(new Event("change", { bubbles: true }));
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const text = document.getElementById(copy.dataset.copy).textContent;
      navigator.clipboard.writeText(text).then(() => {
        copy.textContent = "Copied";
      });
    }
  });

  // A file that is dropped on the lines is read into them. The server reads what a tool printed, so text is enough.
  const dropped = document.getElementById("items");
  dropped?.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  dropped?.addEventListener("drop", async (event) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    const text = await file.text();
    dropped.value = dropped.value.trim() === "" ? text : `${dropped.value.trimEnd()}\n${text}`;
    dropped.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // Enter in the reason goes on to the button; a second Enter presses it.
  document.getElementById("reason")?.addEventListener("keydown", (event) => {
    const button = event.target.form?.querySelector('button[type="submit"]');
    if (event.key !== "Enter" || event.isComposing || !button) return;
    event.preventDefault();
    button.focus();
  });

  const find = document.getElementById("find");
  const select = document.getElementById("distribution");
  if (!find || !select) return;
  // Enter in the search chooses; it must not send the form.
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    document.getElementById("items").focus();
  });
  if ("server" in find.dataset) {
    // The list comes from the server, and with it perhaps another choice.
    let chosen = select.value;
    select.addEventListener("change", () => {
      chosen = select.value;
    });
    document.addEventListener("htmx:after:swap", () => {
      if (select.value !== chosen) select.dispatchEvent(new Event("change", { bubbles: true }));
    });
    return;
  }
  const [nothing, ...all] = select.options;
  find.hidden = false;
  find.addEventListener("input", () => {
    // A URL that was pasted is looked for by its host, an ARN by its ID.
    const host = find.value.trim().match(/^(?:https?:)?\/\/([^/?#:]+)/i);
    const arn = find.value.match(/:distribution\/(\w+)/);
    const typed = (host ?? arn)?.[1].replace(/\.$/, "") ?? find.value;
    const words = typed.normalize("NFC").toLowerCase().split(/\s+/).filter(Boolean);
    const fits = all.filter((option) => words.every((word) => option.dataset.search.includes(word)));
    const chosen = select.value;
    select.replaceChildren(nothing, ...(fits.length > 0 ? fits : all));
    find.setAttribute("aria-invalid", String(fits.length === 0));
    // One that fits alone is chosen; among several a person chooses.
    if (fits.length === 1) select.value = fits[0].value;
    else select.value = fits.some((option) => option.value === chosen) ? chosen : "";
    if (select.value !== chosen) select.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
