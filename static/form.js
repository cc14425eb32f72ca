// The request form: fill-in buttons, dropped files, Ctrl+Enter, copying. And menus.
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
      // The plan made it, so it is not read as text that somebody typed.
      const asSent = document.getElementById("as-sent");
      asSent.value = `${asSent.value} ${add.dataset.add}`.trim();
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
      const source = document.getElementById(copy.dataset.copy);
      // A link is copied as the address that it leads to.
      if (source.href) event.preventDefault();
      const text = source.href || source.textContent;
      navigator.clipboard.writeText(text).then(() => {
        // Its width stays, so that what stands beside it does not move.
        copy.style.minInlineSize = `${copy.offsetWidth}px`;
        copy.textContent = "Copied";
      });
    }
  });

  // A menu closes as people expect: by a click elsewhere, and by Escape.
  const closeMenus = (but) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(but)) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => closeMenus(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenus(null);
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

  // Ctrl+Enter sends from anywhere in the form, as the button does.
  document.getElementById("request")?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    const button = event.currentTarget.querySelector('button[type="submit"]');
    if (!button.disabled) event.currentTarget.requestSubmit(button);
  });

  // Enter in the reason goes on to the button; a second Enter presses it.
  document.getElementById("reason")?.addEventListener("keydown", (event) => {
    const button = event.target.form?.querySelector('button[type="submit"]');
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.isComposing || !button) return;
    event.preventDefault();
    button.focus();
  });
})();
