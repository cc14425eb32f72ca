// Tells the page that the history grew: regions with hx-trigger="news from:body" then ask for themselves again.
// The browser reconnects by itself and names the last event that it saw, so that nothing is missed.
(() => {
  // News that come closer together are told once more at the end. htmx's own throttle cannot do this: when a region
  // replaces itself, what it has put off is dropped (htmx 4.0.1).
  const EVERY = 500;
  const cursor = document.body.dataset.cursor;
  if (!cursor) return;
  let word = "";
  const say = (now = word) => {
    word = now;
    for (const sign of document.querySelectorAll("[data-live-sign]")) sign.textContent = word;
  };
  document.addEventListener("htmx:after:swap", () => say());
  // What a reader has unfolded stays so when its region asks for itself again. Events that were fetched for it stay in
  // sight until the new ones are there.
  const unfolded = new Map();
  document.addEventListener(
    "toggle",
    ({ target }) => {
      if (!target.id || !target.isConnected || !target.closest("#live")) return;
      if (target.open) unfolded.set(target.id, target);
      else unfolded.delete(target.id);
    },
    true,
  );
  document.addEventListener("htmx:after:swap", () => {
    for (const [id, before] of unfolded) {
      const details = document.getElementById(id);
      if (!details || details === before) continue;
      const [fetched, place] = [before, details].map((one) => one.querySelector(":scope > .events"));
      if (fetched && place) place.replaceWith(fetched);
      unfolded.set(id, details);
      details.open = true;
    }
  });
  let isQuiet = false;
  let hasMore = false;
  const tell = () => {
    if (isQuiet) {
      hasMore = true;
      return;
    }
    isQuiet = true;
    hasMore = false;
    document.body.dispatchEvent(new CustomEvent("news"));
    setTimeout(() => {
      isQuiet = false;
      if (hasMore) tell();
    }, EVERY);
  };
  let source;
  const open = () => {
    source = new EventSource(`/events?after=${encodeURIComponent(cursor)}`);
    source.addEventListener("open", () => say("live"));
    source.addEventListener("error", () => {
      say("reconnecting");
      // The browser gives up after an answer that is an error: the session is over, or a proxy cannot reach Unstale.
      if (source.readyState === EventSource.CLOSED) setTimeout(openOrSay, 1000);
    });
    source.addEventListener("audit", tell);
  };
  const openOrSay = async () => {
    try {
      const answer = await fetch("/", { method: "HEAD", redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401) return sayThatTheSessionIsOver();
    } catch {
      // Out of reach: the next try comes.
    }
    setTimeout(open, 4000);
  };
  const sayThatTheSessionIsOver = () => {
    say("");
    const banner = document.createElement("div");
    banner.className = "banner";
    banner.id = "session-over";
    banner.innerHTML = "<strong>Your session has ended</strong><span>Nothing more can be sent from this page. What you typed is kept in this tab. <a>Sign in</a></span>";
    banner.querySelector("a").href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
    document.getElementById("banners").append(banner);
  };
  open();
  // A page that comes back from the browser's memory has no stream any more and may be old.
  window.addEventListener("pagehide", () => source.close());
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    open();
    tell();
  });
})();
