// One combobox in the place of the search field and the list of distributions (WAI-ARIA 1.2, "Editable Combobox With List
// Autocomplete"). The list itself stays in the form and holds the value, so that the form works without this script.
(() => {
  const input = document.getElementById("find");
  const select = document.getElementById("distribution");
  if (!input || !select) return;
  // With many distributions the server searches, and puts what it finds into the list.
  const isSearchedByServer = "server" in input.dataset;
  let all = [...select.options];
  let active = -1;
  let isTyped = false;

  const list = document.createElement("ul");
  list.id = "distribution-list";
  list.className = "combobox-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Distributions");
  list.hidden = true;
  const box = document.createElement("div");
  box.className = "combobox";
  input.before(box);
  box.append(input, list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" })) {
    input.setAttribute(name, value);
  }
  input.hidden = false;
  input.type = "text";
  input.removeAttribute("aria-label");
  select.labels[0].htmlFor = input.id;
  select.classList.add("combobox-value");
  select.tabIndex = -1;
  select.setAttribute("aria-hidden", "true");
  const isMissing = select.getAttribute("aria-invalid") === "true";

  const label = () => (select.value === "" ? "" : select.selectedOptions[0].textContent);
  const show = () => {
    input.value = label();
    input.placeholder = select.options[0]?.textContent ?? "";
    input.setAttribute("aria-invalid", "false");
    isTyped = false;
  };
  const choose = (value) => {
    if (select.value === value) return;
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (at) => {
    active = at;
    for (const [n, item] of [...list.children].entries()) item.setAttribute("aria-selected", String(n === at));
    const item = list.children[at];
    if (!item) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  };
  const open = () => {
    const options = [...select.options].filter((option) => option.value !== "" || !isTyped);
    list.replaceChildren(
      ...options.map((option, n) => {
        const item = document.createElement("li");
        item.id = `distribution-${n}`;
        item.setAttribute("role", "option");
        item.dataset.value = option.value;
        item.textContent = option.textContent;
        return item;
      }),
    );
    list.hidden = options.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark(options.findIndex((option) => option.value === select.value && option.value !== ""));
  };
  const pick = (item) => {
    select.replaceChildren(...all);
    choose(item.dataset.value);
    show();
    close();
    document.getElementById("items").focus();
  };

  const search = () => {
    // A URL that was pasted is looked for by its host, an ARN by its ID.
    const host = input.value.trim().match(/^(?:https?:)?\/\/([^/?#:]+)/i);
    const arn = input.value.match(/:distribution\/(\w+)/);
    const typed = (host ?? arn)?.[1].replace(/\.$/, "") ?? input.value;
    const words = typed.normalize("NFC").toLowerCase().split(/\s+/).filter(Boolean);
    const [nothing, ...rest] = all;
    const fits = rest.filter((option) => words.every((word) => option.dataset.search.includes(word)));
    const chosen = select.value;
    select.replaceChildren(nothing, ...(fits.length > 0 ? fits : rest));
    input.setAttribute("aria-invalid", String(fits.length === 0));
    // One that fits alone is chosen; among several a person chooses.
    select.value = chosen;
    if (fits.length === 1) choose(fits[0].value);
    else if (!fits.some((option) => option.value === chosen)) {
      select.value = "";
      if (chosen !== "") select.dispatchEvent(new Event("change", { bubbles: true }));
    }
  };

  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => list.hidden && open());
  input.addEventListener("input", () => {
    isTyped = true;
    if (!isSearchedByServer) search();
    open();
  });
  input.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return open();
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark((active + step + count + (active < 0 && step < 0 ? 1 : 0)) % count);
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      // It must not send the form.
      event.preventDefault();
      if (!list.hidden && active >= 0) pick(list.children[active]);
      else document.getElementById("items").focus();
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    }
  });
  input.addEventListener("blur", () => {
    close();
    if (!isSearchedByServer) {
      const { value } = select;
      select.replaceChildren(...all);
      select.value = value;
    }
    show();
  });
  // Before the field loses the focus, and with it the list.
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const item = event.target.closest("[role=option]");
    if (item) pick(item);
  });
  select.addEventListener("change", () => {
    if (document.activeElement !== input) show();
  });

  if (isSearchedByServer) {
    // The list comes from the server, and with it perhaps another choice.
    let chosen = select.value;
    select.addEventListener("change", () => {
      chosen = select.value;
    });
    document.addEventListener("htmx:after:swap", (event) => {
      all = [...select.options];
      if (select.value !== chosen) select.dispatchEvent(new Event("change", { bubbles: true }));
      if (document.activeElement === input && isTyped) open();
    });
  }
  show();
  if (isMissing) {
    input.setAttribute("aria-invalid", "true");
    input.focus();
  }
})();
