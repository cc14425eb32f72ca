// Keeps what is typed into the request form in this tab until it was accepted. Browsers keep no copy of the page, so
// that going back, an error or a session that ended would lose it otherwise.
(() => {
  const KEY = "unstale.draft";
  const read = () => {
    try {
      return JSON.parse(sessionStorage.getItem(KEY));
    } catch {
      return null;
    }
  };
  const write = (draft) => {
    try {
      if (draft) sessionStorage.setItem(KEY, JSON.stringify(draft));
      else sessionStorage.removeItem(KEY);
    } catch {
      // A browser that keeps nothing: then a draft is not kept either.
    }
  };

  const draft = read();
  // Where a form leads that was accepted.
  const several = new URLSearchParams(location.search).has("sent");
  if (draft?.sent && (several || /^\/(invalidations|approvals)\b/.test(location.pathname))) write(null);

  const form = document.getElementById("request");
  if (!form) return;
  const { items, names, exact, without, as_sent: asSent, reason, gone, warm, distribution, request_key: key } = form.elements;
  const save = (sent) => {
    write({
      person: form.dataset.person,
      distribution: distribution.value,
      items: items.value,
      names: names.checked,
      exact: exact.checked,
      without: without.value,
      asSent: asSent.value,
      reason: reason.value,
      gone: gone.checked,
      warm: warm?.checked,
      staging: document.getElementById("staging")?.checked,
      key: key.value,
      sent,
    });
  };
  form.addEventListener("input", () => save(false));
  form.addEventListener("submit", (event) => {
    if (!event.submitter?.hasAttribute("formaction")) save(true);
  });

  const untouched = items.value.trim() === "" && reason.value === "";
  if (!draft || draft.person !== form.dataset.person || !untouched) return;
  items.value = draft.items;
  names.checked = draft.names === true;
  exact.checked = draft.exact === true;
  without.value = draft.without ?? "";
  asSent.value = draft.asSent ?? "";
  reason.value = draft.reason;
  gone.checked = draft.gone === true;
  // It is not offered where Unstale asks no site.
  if (warm) warm.checked = draft.warm === true;
  const offered = [...distribution.options].some((option) => option.value === draft.distribution);
  if (distribution.value === "" && offered) distribution.value = draft.distribution;
  // Its box is a part of the plan, which is asked for below. If something else comes first, it stays unchecked: nothing is
  // sent to a staging distribution unasked.
  const check = () => {
    const staging = document.getElementById("staging");
    if (!staging || distribution.value !== draft.distribution) return;
    staging.checked = true;
    for (const type of ["input", "change"]) staging.dispatchEvent(new Event(type, { bubbles: true }));
  };
  if (draft.staging) document.addEventListener("htmx:after:swap", check, { once: true });
  // It may have been accepted though no answer came: under the same key it is not taken a second time.
  key.value = draft.key;
  // Once htmx listens, the plan is asked for. This file stands before htmx in the page: a file that comes after it may
  // come too late for this event.
  const ask = () => items.dispatchEvent(new Event("input", { bubbles: true }));
  document.addEventListener("htmx:after:process", ask, { once: true });
})();
