"""compose.yaml, compose.tls.yaml and the Caddyfile that goes with it: Docker Compose reads the files, and Caddy serves the
program with the very settings that are shipped."""

import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from desk import UNSTALE, running_desk
from test_api import wait_for_distributions
from test_proxies import CLIENT, EMAIL, PASSWORD, Client, change, free_port, live_events_come_at_once, running

CADDYFILE = ROOT / "deploy/caddy/Caddyfile"
PUBLIC_URL = "https://unstale.example.com"


def compose(*files, profiles=(), check=True, **environment):
    """What Docker Compose makes of the files, without an engine."""
    program = Path(sys.executable).parent / "docker-compose"
    command = [str(program), *(f"--file={ROOT / file}" for file in files), *(f"--profile={one}" for one in profiles)]
    done = subprocess.run(
        # No .env of this checkout counts.
        [*command, "--env-file", os.devnull, "config", "--format", "json"],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"] if check else done.stderr


def ports(service):
    return {f"{port.get('host_ip', '*')}:{port['published']}/{port['protocol']}" for port in service.get("ports", ())}


def test_without_more_it_is_for_this_machine():
    services = compose("compose.yaml")
    assert services.keys() == {"unstale"}
    assert ports(services["unstale"]) == {"127.0.0.1:8080/tcp"}
    assert services["unstale"]["environment"]["UNSTALE_PUBLIC_URL"] == "http://localhost:8080"


def test_the_profile_brings_postgresql():
    url = "postgres://unstale:secret@postgres/unstale"
    services = compose("compose.yaml", profiles=["postgres"], UNSTALE_DATABASE=url, POSTGRES_PASSWORD="secret")
    assert services.keys() == {"unstale", "postgres"}
    assert services["unstale"]["environment"]["UNSTALE_DATABASE"] == url
    assert not ports(services["postgres"])


@pytest.mark.parametrize("profiles", [(), ("postgres",)])
def test_with_https_it_is_reached_through_caddy_only(profiles):
    services = compose("compose.yaml", "compose.tls.yaml", profiles=profiles, UNSTALE_PUBLIC_URL=PUBLIC_URL)
    assert services.keys() == {"unstale", "caddy", *profiles}
    published = {name: ports(service) for name, service in services.items()}
    assert published.pop("caddy") == {"*:80/tcp", "*:443/tcp", "*:443/udp"}
    assert not any(published.values())
    assert services["caddy"]["environment"] == {"UNSTALE_PUBLIC_URL": PUBLIC_URL}
    assert services["unstale"]["environment"]["UNSTALE_PUBLIC_URL"] == PUBLIC_URL
    (mounted,) = [volume for volume in services["caddy"]["volumes"] if volume["type"] == "bind"]
    assert mounted["source"] == str(CADDYFILE) and mounted["read_only"]


def test_with_https_an_address_has_to_be_given():
    assert "put UNSTALE_PUBLIC_URL=https://" in compose("compose.yaml", "compose.tls.yaml", check=False)


def test_containers_may_do_little():
    services = compose("compose.yaml", "compose.tls.yaml", UNSTALE_PUBLIC_URL=PUBLIC_URL)
    for name, added in {"unstale": None, "caddy": ["NET_BIND_SERVICE"]}.items():
        service = services[name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and service.get("cap_add") == added
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_program_takes_every_setting():
    """As `unstale config` reads them, which names what is wrong with one."""
    environment = compose("compose.yaml", "compose.tls.yaml", UNSTALE_PUBLIC_URL=PUBLIC_URL)["unstale"]["environment"]
    given = {name: value for name, value in environment.items() if value is not None}
    asked = subprocess.run(
        [UNSTALE, "config", "--json"],
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    taken = {setting["from"]: setting["value"] for setting in json.loads(asked.stdout)}
    assert given.items() <= taken.items()


class Browser(Client):
    """Somebody who knows Caddy's own authority."""

    def __init__(self, port, authority):
        super().__init__(port)
        self.origin = f"https://localhost:{port}"
        self.context = ssl.create_default_context(cafile=authority)

    def connect(self, timeout):
        own = (CLIENT, 0)
        return http.client.HTTPSConnection("localhost", self.port, timeout=timeout, source_address=own, context=self.context)


@pytest.fixture(scope="module")
def https(tmp_path_factory):
    """The service behind Caddy, as compose.tls.yaml has them: a port stands for 443, and another one for 80."""
    folder = tmp_path_factory.mktemp("caddy")
    port, plain = free_port(), free_port()
    url = f"https://localhost:{port}"
    with running_desk(folder, "600s", UNSTALE_PUBLIC_URL=url, UNSTALE_TRUSTED_PROXIES="127.0.0.1/32") as desk:
        add = [UNSTALE, "user", "add", EMAIL, "--role", "operator", "--password-stdin"]
        subprocess.run(add, env=desk.environment, input=PASSWORD, text=True, check=True, timeout=30, capture_output=True)
        wait_for_distributions(desk)
        # The shipped file is not changed but for the name that only Docker's network knows.
        shipped = folder / "shipped"
        shipped.write_text(change(CADDYFILE.read_text(), ("unstale:8080", desk.address.removeprefix("http://"))))
        (folder / "Caddyfile").write_text(f"""
            {{
                admin off
                skip_install_trust
                default_bind 127.0.0.1
                http_port {plain}
                https_port {port}
            }}
            import {shipped}
        """)
        command = ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
        with running(command, folder, port, UNSTALE_PUBLIC_URL=url, XDG_DATA_HOME=str(folder), XDG_CONFIG_HOME=str(folder)):
            browser = Browser(port, folder / "caddy/pki/authorities/local/root.crt")
            browser.plain = plain
            browser.api = {"Authorization": f"Bearer {desk.token}", "Content_Type": "application/json"}
            yield browser


def test_the_sign_in_page_comes_over_https_and_its_cookie_is_bound_to_it(https):
    status, headers, body = https.ask("GET", "/sign-in")
    assert status == 200 and "<form" in body
    status, headers, body = https.form("/sign-in", {"email": EMAIL, "password": PASSWORD})
    assert status == 303, body
    assert headers["Set-Cookie"].startswith("__Host-") and "Secure" in headers["Set-Cookie"]
    https.cookie = headers["Set-Cookie"].split(";")[0]
    status, _, body = https.page("/")
    assert status == 200 and EMAIL in body
    _, _, body = https.ask("GET", "/api/v1/audit?action=person.signed_in&limit=1", **https.api)
    event = json.loads(body)["items"][0]
    assert event["client_address"] == CLIENT, "neither the proxy nor what the client claims"


def test_live_events_are_not_gathered_up(https):
    https.sign_in()
    live_events_come_at_once(https, https.api)


def test_who_comes_without_https_is_sent_to_it(https):
    with socket.create_connection(("127.0.0.1", https.plain), timeout=5) as connection:
        connection.sendall(b"GET /history HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4_096), b"")).decode()
    assert re.match(r"HTTP/1\.1 30[128] ", answer)
    # Caddy takes its own ports for 80 and 443, which no address names.
    assert "\r\nLocation: https://localhost/history\r\n" in answer


def test_the_caddyfile_has_caddys_own_form():
    formatted = subprocess.run(["caddy", "fmt", str(CADDYFILE)], capture_output=True, text=True, timeout=30, check=False)
    assert formatted.stdout == CADDYFILE.read_text()
