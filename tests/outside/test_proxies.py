"""The proxies of docs/OPERATIONS.md, run with the very settings that stand there."""

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from conftest import ROOT, WORKSHOP, nginx_command
from desk import UNSTALE, running_desk
from test_api import wait_for_distributions

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery staple"
MEBIBYTE = 1024 * 1024
LINES = 20_000
# The client is another machine than the proxies, which are trusted.
CLIENT = "127.0.0.2"


def blocks(language):
    """The settings of one proxy, in their order."""
    found = re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "docs/OPERATIONS.md").read_text(), re.DOTALL | re.MULTILINE)
    assert found, f"docs/OPERATIONS.md has no settings for {language}"
    return found


def change(text, *pairs):
    """The settings with this machine's addresses. Each must be there: else something else would be tested."""
    for before, after in pairs:
        assert text.count(before) == 1, f"{before} in:\n{text}"
        text = text.replace(before, after)
    return text


def nginx(folder, port, service):
    upstream, location = blocks("nginx")
    return nginx_command(
        folder,
        f"""
            {change(upstream, ("127.0.0.1:8080", service))}
            server {{
                listen 127.0.0.1:{port};
                {location}
            }}
        """,
    )


def caddy(folder, port, service):
    (site,) = blocks("caddyfile")
    address = f"http://127.0.0.1:{port}"
    site = change(site, ("unstale.example.com", address), ("127.0.0.1:8080", service))
    (folder / "Caddyfile").write_text(f"{{\n    admin off\n}}\n{site}")
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def haproxy(folder, port, service):
    (settings,) = blocks("haproxy")
    bind = "bind :443 ssl crt /etc/haproxy/unstale.pem"
    settings = change(settings, (bind, f"bind 127.0.0.1:{port}"), ("127.0.0.1:8080", service))
    (folder / "haproxy.cfg").write_text(settings)
    return ["haproxy", "-db", "-f", str(folder / "haproxy.cfg")]


def apache(folder, port, service):
    (host,) = blocks("apache")
    modules = "/usr/lib/apache2/modules"
    loaded = ("mpm_event", "authz_core", "proxy", "proxy_http")
    config = "".join(f"LoadModule {name}_module {modules}/mod_{name}.so\n" for name in loaded) + f"""
        ServerRoot {folder}
        ServerName 127.0.0.1
        PidFile {folder}/pid
        DefaultRuntimeDir {folder}
        Mutex pthread
        ErrorLog {folder}/errors
        User nobody
        Group nogroup
        Listen 127.0.0.1:{port}
        <VirtualHost *:{port}>
            {change(host, ("127.0.0.1:8080", service))}
        </VirtualHost>
    """
    (folder / "apache.conf").write_text(config)
    return ["apache2", "-f", str(folder / "apache.conf"), "-D", "FOREGROUND"]


KINDS = {"nginx": nginx, "caddy": caddy, "haproxy": haproxy, "apache": apache}


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def running_proxy(name, folder, service):
    port = free_port()
    with running(KINDS[name](folder, port, service), folder, port):
        yield Client(port)


@contextlib.contextmanager
def running(command, folder, port, **more):
    """A proxy that has to serve this port."""
    # Debian has its servers where only root looks.
    program = shutil.which(command[0], path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, f"{command[0]} is missing"
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **more}
    with (folder / "output").open("w") as output:
        process = subprocess.Popen([program, *command[1:]], env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert time.monotonic() < deadline and process.poll() is None, (folder / "output").read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(timeout=15)


class Client:
    """Somebody behind a proxy: each request has a connection of its own."""

    def __init__(self, port):
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"
        self.cookie = None

    def connect(self, timeout):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout, source_address=(CLIENT, 0))

    def open(self, method, path, body=None, headers=None, timeout=100):
        connection = self.connect(timeout)
        # A client may claim what it likes.
        sent = {"X-Forwarded-For": "203.0.113.9", "Connection": "close", **(headers or {})}
        connection.request(method, path, body, sent)
        return connection.getresponse()

    def ask(self, method, path, body=None, **headers):
        answer = self.open(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        with answer:
            return answer.status, answer.headers, answer.read().decode()

    def page(self, path, **headers):
        return self.ask("GET", path, Cookie=self.cookie, **headers)

    def form(self, path, fields, **headers):
        kind = "application/x-www-form-urlencoded"
        return self.ask("POST", path, urlencode(fields), Content_Type=kind, Origin=self.origin, Sec_Fetch_Site="same-origin", **headers)

    def sign_in(self):
        status, headers, body = self.form("/sign-in", {"email": EMAIL, "password": PASSWORD})
        assert status == 303, body
        self.cookie = headers["Set-Cookie"].split(";")[0]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    # What is asked for stays in progress.
    with running_desk(folder, "600s", UNSTALE_TRUSTED_PROXIES="127.0.0.1/32") as desk:
        add = [UNSTALE, "user", "add", EMAIL, "--role", "operator", "--password-stdin"]
        subprocess.run(add, env=desk.environment, input=PASSWORD, text=True, check=True, timeout=30, capture_output=True)
        wait_for_distributions(desk)
        yield desk


@pytest.fixture(scope="module")
def all_proxies(desk, tmp_path_factory):
    with contextlib.ExitStack() as stack:
        running = {}
        for name in KINDS:
            folder = tmp_path_factory.mktemp(name)
            proxy = running_proxy(name, folder, desk.address.removeprefix("http://"))
            running[name] = stack.enter_context(proxy)
            running[name].sign_in()
        yield running


@pytest.fixture(params=KINDS)
def client(request, all_proxies):
    return all_proxies[request.param]


@pytest.fixture
def api(desk):
    return {"Authorization": f"Bearer {desk.token}", "Content_Type": "application/json"}


def request_one(client, api):
    body = json.dumps({"distribution": WORKSHOP, "items": [f"/{time.monotonic_ns()}"]})
    status, headers, body = client.ask("POST", "/api/v1/invalidations", body, **api)
    assert status == 202, body
    return headers["Location"]


def test_signing_in_tells_who_and_from_where(client, api):
    client.sign_in()
    status, _, body = client.page("/")
    assert status == 200 and EMAIL in body
    status, _, body = client.ask("GET", "/api/v1/audit?action=person.signed_in&limit=1", **api)
    event = json.loads(body)["items"][0]
    assert event["client_address"] == CLIENT, "neither the proxy nor what the client claims"


def test_the_largest_body_goes_through(client, api):
    # Each line is 4 characters that are spelled with 3, and the line end.
    line = "/" + "a" * ((2 * MEBIBYTE - 1_000) // LINES - 3 - 4 - 8)
    lines = [f"{line}{number:07}" for number in range(LINES)]
    fields = {"distribution": WORKSHOP, "items": "\n".join(lines)}
    size = len(urlencode(fields))
    assert 1.9 * MEBIBYTE < size < 2 * MEBIBYTE, size
    status, _, body = client.form("/plan", fields, Cookie=client.cookie, HX_Request="true")
    assert status == 200 and "Refresh 20000 paths" in body, body[:2_000]
    plan = json.dumps({"distribution": WORKSHOP, "items": lines})
    status, _, body = client.ask("POST", "/api/v1/plan", plan, **api)
    assert (status, json.loads(body)["billable_paths"]) == (200, LINES)
    # What is too much is told by Unstale, and not by the proxy.
    fields["items"] += "a" * 3 * MEBIBYTE
    status, _, body = client.form("/plan", fields, Cookie=client.cookie)
    assert status == 413 and "A form may be 2 MiB large" in body


def test_live_events_come_at_once(client, api):
    live_events_come_at_once(client, api)


def live_events_come_at_once(client, api):
    with client.open("GET", "/events", headers={"Cookie": client.cookie}, timeout=10) as stream:
        assert stream.status == 200
        location = request_one(client, api)
        began = time.monotonic()
        text = ""
        while location.rsplit("/", 1)[1] not in text:
            text += stream.readline().decode()
        assert time.monotonic() - began < 3, "it was kept back"


def test_a_long_address_leads_to_the_sign_in_page(client):
    path = "/history?" + urlencode({"q": "x" * 7_000})
    status, headers, _ = client.ask("GET", path)
    assert (status, headers["Location"]) == (303, "/sign-in?next=%2Fhistory")
    assert client.ask("GET", headers["Location"])[0] == 200
    assert client.page(path)[0] == 422, "no search is so long, as Unstale itself says"
    status, headers, _ = client.page("/distributions?" + urlencode({"q": "x" * 7_000}))
    assert status == 200


def test_a_long_wait_is_waited_for_and_connections_may_rest(all_proxies, api):
    def wait(client):
        location = request_one(client, api)
        began = time.monotonic()
        status, _, body = client.ask("GET", f"{location}?wait=60", **api)
        assert status == 200, body
        assert time.monotonic() - began > 58
        # Connections to Unstale that the proxy kept have ended meanwhile.
        request_one(client, api)
        return json.loads(body)["state"]

    with ThreadPoolExecutor() as together:
        assert list(together.map(wait, all_proxies.values())) == ["in_progress"] * len(KINDS)
