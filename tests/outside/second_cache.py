"""Varnish as a second opinion on what an invalidation clears. It shares nothing with the sandbox and the service.

CloudFront's rules are written here once more, from its developer guide ("Specify objects to invalidate"): a path clears
the object of exactly that path, with its query string where the cache key has it; a path that ends with `*` clears every
object whose path begins so; letters and escapes are compared as they were asked for.
"""

import contextlib
import http.client
import http.server
import os
import re
import subprocess
import threading
import time

SETTINGS = r"""
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{origin}"; }}
sub vcl_recv {{
    set req.http.x-key = req.url;
    if (req.method == "PURGE") {{ return (purge); }}
    # A cache key without query strings.
    if (req.http.host !~ "^{with_queries}") {{ set req.http.x-key = regsub(req.url, "\?.*$", ""); }}
    return (hash);
}}
sub vcl_hash {{ hash_data(req.http.x-key); hash_data(regsub(req.http.host, ":.*", "")); return (lookup); }}
sub vcl_backend_response {{
    set beresp.http.x-key = bereq.http.x-key;
    set beresp.http.x-site = regsub(bereq.http.host, ":.*", "");
    set beresp.ttl = 1d;
    set beresp.grace = 0s;
}}
sub vcl_deliver {{
    set resp.http.x-asked-for = req.url;
    set resp.http.access-control-allow-origin = "*";
    set resp.http.access-control-expose-headers = "x-asked-for";
}}
"""


class Origin(http.server.ThreadingHTTPServer):
    """Has every file, in one version."""

    version = "none"
    request_queue_size = 128


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        body = self.server.version.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Varnish:
    def __init__(self, folder, port, origin):
        self.folder, self.port, self.origin = folder, port, origin

    def publish(self, version):
        self.origin.version = version

    def clear(self, host, items):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        for item in items:
            if item.endswith("*"):
                # Once for the regular expression and once for Varnish's command line.
                begins = re.sub(r"([^\w/%-])", r"\\\\\1", item[:-1], flags=re.ASCII)
                ban = ["obj.http.x-site", "==", host, "&&", "obj.http.x-key", "~", f'"^{begins}"']
                subprocess.run(["varnishadm", "-n", self.folder, "ban", *ban], check=True, timeout=30, stdout=subprocess.DEVNULL)
                continue
            connection.request("PURGE", item, headers={"Host": host})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, item
        connection.close()


@contextlib.contextmanager
def running_varnish(folder, port, with_queries):
    """Varnish before an origin of its own; hosts that begin with `with_queries` have query strings in the cache key."""
    with Origin(("127.0.0.1", 0), Handler) as origin:
        threading.Thread(target=origin.serve_forever, daemon=True).start()
        settings = folder / "settings.vcl"
        settings.write_text(SETTINGS.format(origin=origin.server_port, with_queries=with_queries))
        command = ["varnishd", "-F", "-j", "none", "-n", str(folder / "n"), "-a", f"127.0.0.1:{port}", "-f", str(settings), "-s", "malloc,512m"]
        environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"}
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as running:
            try:
                wait_for(running, port)
                yield Varnish(str(folder / "n"), port, origin)
            finally:
                running.terminate()
                running.wait(timeout=15)
                origin.shutdown()


def wait_for(running, port):
    deadline = time.monotonic() + 30
    while True:
        assert running.poll() is None and time.monotonic() < deadline, "Varnish did not start"
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        time.sleep(0.05)
