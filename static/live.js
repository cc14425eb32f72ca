// Tells the page that the history grew: regions with hx-trigger="news from:body" then ask for themselves again.
// The browser reconnects by itself and names the last event that it saw, so that nothing is missed.
(() => {
  const cursor = document.body.dataset.cursor;
  if (!cursor) return;
  let word = "";
  const say = (now = word) => {
    word = now;
    for (const sign of document.querySelectorAll("[data-live-sign]")) sign.textContent = word;
  };
  document.addEventListener("htmx:after:swap", () => say());
  let source;
  const open = () => {
    source = new EventSource(`/events?after=${encodeURIComponent(cursor)}`);
    source.addEventListener("open", () => say("live"));
    source.addEventListener("error", () => say("reconnecting"));
    source.addEventListener("audit", (event) => {
      document.body.dispatchEvent(new CustomEvent("news", { detail: JSON.parse(event.data) }));
    });
  };
  open();
  // A page that comes back from the browser's memory has no stream any more and may be old.
  window.addEventListener("pagehide", () => source.close());
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    open();
    document.body.dispatchEvent(new CustomEvent("news", { detail: {} }));
  });
})();
