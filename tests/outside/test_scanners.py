"""Programs that look for weaknesses, over the service as it is served: wapiti, slowhttptest, and a client that never reads.

UNSTALE_SCAN_SECONDS=1800 gives wapiti the time for all of its modules; the short form has the ones that fit this program.
"""

import collections
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests
from conftest import ROOT
from desk import UNSTALE, running_desk

WAPITI = os.environ.get("WAPITI_BIN", str(ROOT / "target/venv-wapiti/bin/wapiti"))
SECONDS = int(os.environ.get("UNSTALE_SCAN_SECONDS", "45"))
# What wapiti does by default and what else fits a program with forms, but for modules that ask a server of its makers
# (ssrf, xxe's out-of-band half), and csrf, which knows tokens in forms only: Unstale refuses by Sec-Fetch-Site and Origin.
MODULES = "cookieflags,crlf,csp,exec,file,htaccess,http_headers,ldap,permanentxss,redirect,sql,upload,xss"
ALL_MODULES = f"{MODULES},backup,log4shell,methods,nikto,shellshock,spring4shell,timesql,xxe"
# What would end the scanner's own session; each is tried by tests/it/pages.
LEFT_OUT = ["sign-out", "sessions/*", "people/*/role", "people/*/disable", "people/*/sessions/end", "people/*/reset-password"]
MEDIUM = 2
PASSWORD = "correct horse battery"
SLOW = 1_000
# What was sent may stay unread for 30 s.
UNREAD = 30


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with running_desk(tmp_path_factory.mktemp("desk")) as desk:
        add = [UNSTALE, "user", "add", "root@example.com", "--role", "admin", "--password-stdin"]
        subprocess.run(add, env=desk.environment, input=PASSWORD, text=True, check=True, timeout=30, capture_output=True)
        yield desk


def sign_in(desk):
    session = requests.Session()
    session.headers["Origin"] = desk.address
    form = {"email": "root@example.com", "password": PASSWORD}
    assert session.post(f"{desk.address}/sign-in", data=form, timeout=10).status_code == 200
    return session


def test_wapiti_finds_nothing_of_medium_or_higher(desk, tmp_path):
    session = sign_in(desk)
    cookie = "; ".join(f"{name}={value}" for name, value in session.cookies.items())
    report = tmp_path / "report.json"
    modules = MODULES if SECONDS < 600 else ALL_MODULES
    command = [WAPITI, "--url", f"{desk.address}/", "--scope", "domain", "--module", modules, "--flush-session"]
    command += ["--header", f"Cookie: {cookie}", "--header", f"Origin: {desk.address}", "--store-session", str(tmp_path)]
    command += ["--max-files-per-dir", "10", "--max-scan-time", str(SECONDS), "--max-attack-time", str(max(6, SECONDS // 10))]
    command += ["--no-bugreport", "--format", "json", "--output", str(report)]
    for path in LEFT_OUT:
        command += ["--exclude", f"{desk.address}/*{path}"]
    environment = {**desk.environment, "NO_PROXY": "127.0.0.1,localhost"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=3 * SECONDS + 120)
    assert report.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    found = json.loads(report.read_text())
    assert found["infos"]["crawled_pages_nbr"] > 30, found["infos"]
    kinds = (found[part] for part in ("vulnerabilities", "anomalies"))
    bad = [one for kind in kinds for several in kind.values() for one in several if one["level"] >= MEDIUM]
    assert not bad, json.dumps(bad, indent=1)[:6000]
    # It was signed in to the end, and what it asked for broke nothing.
    assert session.get(f"{desk.address}/settings/people", timeout=10, allow_redirects=False).status_code == 200
    checked = subprocess.run([UNSTALE, "audit", "verify"], env=desk.environment, capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0, checked.stdout + checked.stderr


SLOW_CLIENTS = {
    "headers": ["-H", "-t", "GET", "-u", "/sign-in"],
    "bodies": ["-B", "-t", "POST", "-u", "/sign-in", "-s", "8192"],
    "readers": ["-X", "-t", "GET", "-u", "/static/app.css", "-w", "8", "-y", "16", "-n", "5", "-z", "8", "-k", "1"],
}


@pytest.mark.parametrize("slow", SLOW_CLIENTS)
def test_a_thousand_slow_clients_do_not_slow_the_others(desk, slow):
    assert shutil.which("slowhttptest"), "scripts/test installs slowhttptest"
    arguments = [desk.address + one if one.startswith("/") else one for one in SLOW_CLIENTS[slow]]
    command = ["slowhttptest", "-c", str(SLOW), "-r", "500", "-i", "4", "-p", "2", "-l", "8", *arguments]
    room = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=room) as attack:
        took = collections.defaultdict(list)
        while attack.poll() is None:
            for path in ("/healthz", "/sign-in"):
                began = time.monotonic()
                assert requests.get(desk.address + path, timeout=10).status_code == 200
                took[path].append(time.monotonic() - began)
            time.sleep(0.1)
        said = re.sub(r"\x1b\[[0-9;]*[a-zA-Z]", "", attack.stdout.read())
    reached = [int(number) for number in re.findall(r"connected: +(\d+)", said)]
    assert reached and max(reached) >= SLOW * 0.9, f"the attack was none: {said[-2000:]}"
    assert len(took["/healthz"]) > 20
    worst = {path: max(times) for path, times in took.items()}
    assert all(seconds < 1 for seconds in worst.values()), worst


def test_who_never_reads_is_let_go(desk):
    """One client takes nothing of a page, one nothing of the live events; the service lets go of both, of nobody else."""
    session = sign_in(desk)
    cookie = f"Cookie: unstale={session.cookies['unstale']}\r\n"
    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(lambda path: deaf(desk, path, cookie), ["/static/app.css", "/history.jsonl"]))
    assert all(UNREAD * 0.5 < seconds < UNREAD * 2 for seconds in ended), ended
    assert session.get(f"{desk.address}/", timeout=10).status_code == 200


def deaf(desk, path, cookie):
    """Asks for a page so often that it is more than buffers hold, and reads nothing; how long that went well."""
    where = urlsplit(desk.address)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect((where.hostname, where.port))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\n{cookie}\r\n".encode() * 50)
        began = time.monotonic()
        # The kernel drops such a connection without a word; whoever sends more is told.
        while time.monotonic() - began < UNREAD * 3:
            time.sleep(1)
            try:
                client.sendall(b"G")
            except OSError:
                return time.monotonic() - began
    raise AssertionError(f"{path}: it is still held after {UNREAD * 3} s")
