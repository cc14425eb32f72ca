// Change this line, then invalidate /scripts.js and watch the page change.
const SCRIPT_VERSION = "version 1";

document.querySelector('[data-version="script"]').textContent = SCRIPT_VERSION;

document.querySelector("#student").addEventListener("submit", (event) => {
  event.preventDefault();
  const student = new FormData(event.target);
  const row = document.querySelector("#students").insertRow();
  for (const field of ["studentid", "name", "class", "email"]) {
    row.insertCell().textContent = student.get(field);
  }
  event.target.reset();
});
