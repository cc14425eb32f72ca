// The viewer's own time on hover, and what grows by the second: elapsed times and expected progress.
(() => {
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const title = (root) => {
    for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.valueOf())) time.title = `${local.format(at)}, your time`;
    }
    // Where the day matters, the viewer's own time stands beside.
    for (const time of root.querySelectorAll("time[data-local]")) {
      const at = new Date(time.dateTime);
      const beside = document.createElement("span");
      beside.className = time.dataset.local === "below" ? "sub" : "quiet";
      beside.textContent = `${time.dataset.local === "below" ? "" : " "}(${short.format(at)}, your time)`;
      if (at.getTimezoneOffset() !== 0) time.after(beside);
      delete time.dataset.local;
    }
  };
  // How far this computer's clock is from the server's.
  const skew = Date.now() - Number(document.body.dataset.now || Date.now());
  // The same words as the server's (src/web/view/elapsed.rs).
  const words = (seconds) => (seconds < 120 ? `${Math.floor(seconds)} s` : `${Math.floor(seconds / 60)} min`);
  const tick = () => {
    for (const element of document.querySelectorAll("[data-since]")) {
      const seconds = Math.max(0, (Date.now() - skew - Number(element.dataset.since)) / 1000);
      if (element instanceof HTMLProgressElement) {
        // It never reaches its end by itself: only CloudFront says when it is done.
        element.value = Math.min(seconds, element.max * 0.95);
      } else {
        const usual = Number(element.dataset.usual);
        const isLate = usual > 0 && Math.floor(seconds) > usual + Math.max(Math.floor(usual / 2), 5);
        element.toggleAttribute("data-late", isLate);
        element.textContent = `${isLate ? "longer than usual: " : ""}${words(seconds)}${usual > 0 ? `, usually ${words(usual)}` : ""}`;
      }
    }
  };
  // A time that the form sends in UTC is typed in the viewer's own time, with UTC beside it.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const input of document.querySelectorAll("input[data-utc]")) {
    const inUtc = new Date(`${input.value}Z`);
    if (!Number.isNaN(inUtc.valueOf())) {
      input.value = new Date(inUtc - inUtc.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    }
    const beside = document.getElementById(input.dataset.utc);
    const say = () => {
      const at = new Date(input.value);
      beside.textContent = Number.isNaN(at.valueOf()) ? "" : `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
    };
    input.addEventListener("input", say);
    input.form.addEventListener("formdata", (event) => {
      const at = new Date(input.value);
      if (!Number.isNaN(at.valueOf())) event.formData.set(input.name, at.toISOString());
    });
    for (const hint of input.labels[0].querySelectorAll("[data-zone]")) hint.textContent = `your time, ${zone}`;
    say();
  }
  title(document);
  tick();
  setInterval(tick, 1000);
  document.addEventListener("htmx:after:swap", () => {
    title(document);
    tick();
  });
})();
