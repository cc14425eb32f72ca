// Tells a reader who looks at something else that the invalidation of this page is done. The browser is asked for its
// permission when somebody presses the button, and not before.
(() => {
  // On Android, pages cannot show notifications: the constructor throws there (MDN, "Notification: Notification()
  // constructor").
  if (!("Notification" in window) || /Android/.test(navigator.userAgent)) return;
  let isWanted = false;
  const show = () => {
    const button = document.getElementById("tell");
    if (!button) return;
    button.hidden = Notification.permission === "denied";
    button.setAttribute("aria-pressed", String(isWanted));
    button.textContent = isWanted ? "You will be told" : "Tell me when it is done";
  };
  const tell = () => {
    const outcome = document.getElementById("live")?.dataset.outcome;
    if (!outcome || !isWanted) return;
    isWanted = false;
    if (!document.hidden && document.hasFocus()) return;
    const notification = new Notification(document.querySelector("h1").textContent, { body: outcome, tag: location.pathname });
    notification.addEventListener("click", () => {
      window.focus();
      notification.close();
    });
  };
  document.addEventListener("click", async ({ target }) => {
    if (!target.closest("#tell")) return;
    isWanted = !isWanted && (await Notification.requestPermission()) === "granted";
    show();
  });
  document.addEventListener("htmx:after:swap", () => {
    tell();
    show();
  });
  show();
})();
