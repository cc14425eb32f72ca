"""Real clients, each of which spells the links that it is given in its own way."""

import contextlib
import html
import http.server
import json
import os
import queue
import shutil
import subprocess
import threading
import urllib.error
import urllib.request

import requests

CHROMIUM = os.environ.get("CHROMIUM", "chromium")
# Loads what it is sent, as a page: images, frames and fetches, and says what it got.
PAGE = """<!doctype html><meta charset="utf-8"><title>Links</title><div id="links"></div>
<script>
const loaded = (element) => new Promise((done, fail) => {
  element.onload = element.onerror = done;
  setTimeout(() => fail(`${element.outerHTML} is not loaded`), 10_000);
});
const ways = {
  async image(link) {
    const image = new Image();
    image.src = link.getAttribute("href");
    await loaded(image);
    return [];
  },
  async frame(link) {
    const frame = document.createElement("iframe");
    frame.src = link.getAttribute("href");
    const done = loaded(frame);
    document.body.append(frame);
    await done;
    frame.remove();
    return [];
  },
  async fetch(link) {
    const answer = await fetch(link.href, { cache: "no-store" });
    return [await answer.text(), answer.headers.get("x-asked-for") ?? ""];
  },
};
async function run({ way, markup }) {
  const links = document.getElementById("links");
  links.innerHTML = markup;
  const left = [...links.children].entries();
  const got = [];
  const work = async () => { for (const [place, link] of left) got[place] = await ways[way](link); };
  await Promise.all(Array.from({ length: 6 }, work));
  return got;
}
(async () => {
  for (;;) {
    const answer = await fetch("/job", { cache: "no-store" });
    if (answer.status !== 200) continue;
    const got = await run(await answer.json()).catch((error) => String(error));
    await fetch("/got", { method: "POST", body: JSON.stringify(got) });
  }
})();
</script>"""


class Chromium:
    """A browser with one page open, which is handed links."""

    def __init__(self):
        self.jobs, self.results = queue.Queue(), queue.Queue()
        self.one_at_a_time = threading.Lock()

    @contextlib.contextmanager
    def running(self, folder):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler()) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            command = [
                shutil.which(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                "--no-first-run", f"--user-data-dir={folder}", f"http://127.0.0.1:{server.server_port}/",
            ]  # fmt: skip
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
                try:
                    yield self
                finally:
                    browser.terminate()
                    browser.wait(timeout=15)
                    server.shutdown()

    def handler(self):
        chromium = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                if self.path != "/job":
                    return self.answer(200, PAGE)
                try:
                    return self.answer(200, json.dumps(chromium.jobs.get(timeout=5)))
                except queue.Empty:
                    return self.answer(204)

            def do_POST(self):
                chromium.results.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.answer(204)

            def answer(self, status, body=""):
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                if status != 204:
                    self.send_header("Content-Length", str(len(body.encode())))
                # The page is gone when the browser ends.
                with contextlib.suppress(BrokenPipeError):
                    self.end_headers()
                    self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        return Handler

    def ask(self, host, port, paths, way="fetch"):
        """What each link gave: the body, and how it was asked for where the server says so."""
        links = (html.escape(f"http://{host}:{port}{path}") for path in paths)
        job = {"way": way, "markup": "".join(f'<a href="{link}">.</a>' for link in links)}
        with self.one_at_a_time:
            self.jobs.put(job)
            got = self.results.get(timeout=120)
        assert isinstance(got, list), got
        return got


def ask_curl(host, port, paths):
    quoted = (f"http://{host}:{port}{path}".replace("\\", "\\\\").replace('"', '\\"') for path in paths)
    settings = "globoff\nsilent\nshow-error\npath-as-is\n" + "".join(f'url = "{address}"\n' for address in quoted)
    command = ["curl", "--resolve", f"{host}:{port}:127.0.0.1", "--config", "-", "--write-out", "\\t%header{x-asked-for}\\n"]
    done = subprocess.run(command, input=settings, capture_output=True, encoding="utf-8", check=True, timeout=120)
    return [line.split("\t") for line in done.stdout.splitlines()]


def ask_urllib(host, port, paths):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def one(path):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": f"{host}:{port}"})
        with opener.open(request, timeout=30) as answer:
            return [answer.read().decode(), answer.headers.get("x-asked-for", "")]

    return [one(path) for path in paths]


def ask_requests(host, port, paths):
    session = requests.Session()
    session.trust_env = False
    session.headers["Host"] = f"{host}:{port}"

    def one(path):
        answer = session.get(f"http://127.0.0.1:{port}{path}", timeout=30)
        answer.raise_for_status()
        return [answer.text, answer.headers.get("x-asked-for", "")]

    return [one(path) for path in paths]
