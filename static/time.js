// The viewer's own time on hover, and what grows by the second: elapsed times and expected progress.
(() => {
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const title = (root) => {
    for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.valueOf())) time.title = `${local.format(at)}, your time`;
    }
  };
  // How far this computer's clock is from the server's.
  const skew = Date.now() - Number(document.body.dataset.now || Date.now());
  const tick = () => {
    for (const element of document.querySelectorAll("[data-since]")) {
      const seconds = Math.max(0, (Date.now() - skew - Number(element.dataset.since)) / 1000);
      if (element instanceof HTMLProgressElement) {
        // It never reaches its end by itself: only CloudFront says when it is done.
        element.value = Math.min(seconds, element.max * 0.95);
      } else {
        element.textContent = `${Math.floor(seconds)} s`;
      }
    }
  };
  title(document);
  tick();
  setInterval(tick, 1000);
  document.addEventListener("htmx:after:swap", () => {
    title(document);
    tick();
  });
})();
