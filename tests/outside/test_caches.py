"""Checks behind caches that are not CloudFront: nginx's proxy_cache and Varnish stand where the edge would."""

import contextlib
import http.client
import http.server
import os
import socket
import subprocess
import threading
import time

import pytest
import requests
from conftest import SHOP, nginx_command
from desk import running_desk
from test_api import wait_for_distributions

PAGE = "/news.html"
HOST = "shop.example.com"


class Origin(http.server.ThreadingHTTPServer):
    """Serves one page that may be kept for an hour."""

    body = b"old"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.server.body
        self.send_response(200)
        for name, value in [
            ("Content-Type", "text/html"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "max-age=3600"),
            ("ETag", f'"{body.decode()}"'),
        ]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def origin():
    with Origin(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def nginx(folder, port, origin):
    return nginx_command(
        folder,
        f"""
            proxy_cache_path {folder}/cache keys_zone=pages:1m;
            server {{
                listen 127.0.0.1:{port};
                location / {{
                    proxy_cache pages;
                    proxy_pass http://127.0.0.1:{origin};
                }}
            }}
        """,
    )


def varnish(folder, port, origin):
    return [
        "varnishd", "-F", "-n", str(folder / "varnish"), "-a", f"127.0.0.1:{port}",
        "-b", f"127.0.0.1:{origin}", "-s", "malloc,16m",
    ]  # fmt: skip


def view(port):
    """What a viewer gets: the body, and the Age if there is one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", PAGE, headers={"Host": HOST, "Accept-Encoding": "identity"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return body, int(answer.getheader("Age", "-1"))


@contextlib.contextmanager
def running(command, port):
    path = f"{os.environ['PATH']}:/usr/sbin"
    with subprocess.Popen(command, env={**os.environ, "PATH": path}, stdout=subprocess.DEVNULL) as cache:
        try:
            until(lambda: cache.poll() is not None or answers(port))
            assert cache.poll() is None, "the cache ended"
            yield
        finally:
            cache.terminate()
            cache.wait(timeout=15)


def answers(port):
    with contextlib.suppress(OSError, http.client.HTTPException):
        view(port)
        return True
    return False


def until(done, patience=30):
    deadline = time.monotonic() + patience
    while not (result := done()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)
    return result


def check(desk, change):
    """Invalidates the page, changes it when it was looked at before, and returns its check."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {desk.token}"
    wait_for_distributions(desk)
    # As CloudFront does, the stand-in takes a moment to accept. Until then is before.
    faults = f"{desk.environment['AWS_ENDPOINT_URL_CLOUDFRONT']}/_sandbox/faults"
    requests.post(faults, json=[{"operation": "CreateInvalidation", "kind": "slow", "delay_ms": 500}], timeout=30).raise_for_status()
    body = {"distribution": SHOP, "items": [PAGE]}
    made = session.post(f"{desk.address}/api/v1/invalidations", json=body, timeout=30)
    assert made.status_code == 202, made.text
    address = f"{desk.address}/api/v1/invalidations/{made.json()['id']}"

    def looked_before():
        checks = session.get(address, timeout=30).json()["checks"]
        return checks and checks[0]["before"]

    assert until(looked_before)["status"] == 200
    change()
    seen = session.get(f"{address}?wait=60&until=checked", timeout=90).json()
    assert len(seen["checks"]) == 1, seen
    return seen["checks"][0]


@pytest.fixture
def behind(origin, tmp_path):
    """The service, looking at a cache in place of the edge."""

    @contextlib.contextmanager
    def start(cache):
        port = free_port()
        folder = tmp_path / "cache"
        folder.mkdir()
        with (
            running(cache(folder, port, origin.server_port), port),
            running_desk(tmp_path, complete_after="4s", UNSTALE_EDGE=f"http://127.0.0.1:{port}") as desk,
        ):
            yield desk, port, folder

    return start


def test_varnish_that_keeps_its_copy_is_stale(behind, origin):
    with behind(varnish) as (desk, port, _):
        # Clearly older than the invalidation.
        until(lambda: view(port)[1] >= 3)
        seen = check(desk, lambda: setattr(origin, "body", b"new"))
        assert view(port)[0] == b"old"
        assert (seen["verdict"], seen["cause"]) == ("stale", "cache_in_front"), seen


def test_varnish_that_was_cleared_is_fresh(behind, origin):
    def change():
        origin.body = b"new"
        ban = ["varnishadm", "-n", str(folder / "varnish"), "ban", "req.url", "~", "."]
        subprocess.run(ban, check=True, timeout=30, stdout=subprocess.DEVNULL)

    with behind(varnish) as (desk, port, folder):
        until(lambda: view(port)[1] >= 3)
        seen = check(desk, change)
        assert (seen["verdict"], seen["cause"]) == ("fresh", None), seen


def test_nginx_sends_no_age_so_nothing_is_proved(behind, origin):
    with behind(nginx) as (desk, port, _):
        assert view(port) == (b"old", -1)
        seen = check(desk, lambda: setattr(origin, "body", b"new"))
        assert view(port)[0] == b"old"
        assert (seen["verdict"], seen["cause"]) == ("unclear", "not_cloudfront"), seen
