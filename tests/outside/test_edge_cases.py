"""What the service says of an edge that is not the sandbox's: the cases of cases_of_content.py,
cases_of_errors.py and cases_of_origins.py, all played at one time, each by a distribution of its own."""

import base64
import contextlib
import hashlib
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest
import requests

from cases_of_content import CASES as OF_CONTENT
from cases_of_errors import CASES as OF_ERRORS
from cases_of_origins import CASES as OF_ORIGINS
from desk import UNSTALE, add, running_desk
from edge_answers import ANY, Answer
from gate import Gate
from own_edge import Edge, Site

CASES = OF_CONTENT + OF_ERRORS + OF_ORIGINS
EMAIL, PASSWORD = "root@example.com", "correct horse battery staple"
# The service waits for 15 s for an answer of CloudFront. Until then everything has to be looked at before.
PATIENCE = 13


def host_of(case):
    return f"case{CASES.index(case)}.example.com"


def id_of(case):
    return "E" + base64.b32encode(hashlib.sha256(case.name.encode()).digest())[:13].decode()


def at_host(case, value):
    """The value with the host of the case in the place of HOST."""
    match value:
        case str():
            return value.replace("HOST", host_of(case))
        case list():
            return [at_host(case, one) for one in value]
        case dict():
            return {name: at_host(case, one) for name, one in value.items()}
        case Answer():
            return replace(value, headers=at_host(case, value.headers))
    return value


def url_of(case):
    return at_host(case, case.url or f"https://HOST{case.path}")


def site_of(case):
    after = case.after if isinstance(case.after, list) else [case.after]
    return Site(case.path, at_host(case, case.before), at_host(case, after), at_host(case, case.also))


def distribution_of(case):
    domain = f"d{hashlib.sha256(case.name.encode()).hexdigest()[:13]}.cloudfront.net"
    return {"id": id_of(case), "domain": domain, "aliases": [host_of(case)], "folder": "all"} | case.distribution


@dataclass
class Play:
    """The service with its edge, and what it said of each case."""

    desk: object
    edge: Edge
    gate: Gate
    session: requests.Session
    checks: dict

    def api(self, method, path, body=None):
        answer = self.session.request(method, f"{self.desk.address}/api/v1/{path}", json=body, timeout=90)
        assert answer.status_code in (200, 202), (path, body, answer.text)
        return answer.json()

    def until_configured(self, case):
        """Waits until the service has read the configuration of a distribution."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(AssertionError):
                findings = self.api("GET", f"distributions/{id_of(case)}/check-up")["findings"]
                if {one["name"]: one["state"] for one in findings}["https_only"] != "unknown":
                    return
            time.sleep(0.1)
        raise AssertionError(f"the configuration for {case.name} was not read")

    def request(self, case):
        """Asks for the invalidation, and returns its ID."""
        body = {"distribution": id_of(case), "items": [case.item or case.path], "expected": case.expected}
        return self.api("POST", "invalidations", body)["id"]

    def clear(self):
        """Lets the requests through when each site was looked at before, and clears the copies of each distribution when
        the stand-in of CloudFront has accepted its invalidation."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not all(site.answered for site in self.edge.sites.values()):
            time.sleep(0.02)
        self.gate.is_open = True
        hosts, seen = {id_of(case): host_of(case) for case in CASES}, 0
        deadline = time.monotonic() + 60
        while hosts and time.monotonic() < deadline:
            for call in requests.get(f"{self.gate.upstream}/_sandbox/calls?after={seen}", timeout=10).json():
                seen = call["n"]
                if call["created"] and call["distribution"] in hosts:
                    self.edge.sites[hosts.pop(call["distribution"])].clear()
            time.sleep(0.02)

    def play(self):
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(self.until_configured, CASES))
            for case in CASES:
                if case.settings:
                    self.api("PUT", f"distributions/{id_of(case)}/checks", at_host(case, case.settings))
            clearing = threading.Thread(target=self.clear)
            clearing.start()
            made = list(pool.map(self.request, CASES))
            seen = pool.map(lambda one: self.api("GET", f"invalidations/{one}?wait=60&until=checked"), made)
            self.checks = {case.name: one["checks"] for case, one in zip(CASES, seen, strict=True)}
            clearing.join()


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    edge, gate = Edge(), Gate()
    edge.sites = {host_of(case): site_of(case) for case in CASES}

    def prepare(api):
        add(api, [distribution_of(case) for case in CASES])
        gate.upstream = api
        return {"AWS_ENDPOINT_URL_CLOUDFRONT": gate_address}

    with (
        edge.running() as port,
        gate.running() as gate_address,
        running_desk(tmp_path_factory.mktemp("desk"), "3s", prepare, UNSTALE_EDGE=f"http://127.0.0.1:{port}") as desk,
        requests.Session() as session,
    ):
        session.trust_env = False
        session.headers["Origin"] = desk.address
        command = [UNSTALE, "user", "add", EMAIL, "--role", "admin", "--password-stdin"]
        subprocess.run(command, env=desk.environment, input=f"{PASSWORD}\n", text=True, check=True, timeout=30)
        session.post(f"{desk.address}/sign-in", {"email": EMAIL, "password": PASSWORD}, timeout=30)
        play = Play(desk, edge, gate, session, {})
        play.play()
        yield play


def one_of(value):
    return value if isinstance(value, tuple) else (value,)


def test_each_case_has_a_name_of_its_own():
    assert len({case.name for case in CASES}) == len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_said_is_true(played, case):
    checks = played.checks[case.name]
    assert [check["url"] for check in checks] == [url_of(case)], checks
    check = checks[0]
    assert check["before"], "nobody looked before"
    assert check["verdict"] in one_of(case.verdict), check
    assert case.cause == ANY or check["cause"] in one_of(case.cause), check
    # Whoever reads that something is wrong reads what to do.
    assert check["step"] or check["verdict"] in ("fresh", "unchanged"), check


@pytest.mark.parametrize("case", [case for case in CASES if not case.also], ids=lambda case: case.name)
def test_the_edge_was_asked_as_a_viewer_asks_and_twice_at_the_most(played, case):
    asked = played.edge.sites[host_of(case)].asked
    before, after = ([request for request, is_after in asked if is_after == wanted] for wanted in (False, True))
    # A redirect is followed once more, to see whether it comes to an end.
    is_redirect = isinstance(case.after, Answer) and 300 <= case.after.status < 400
    assert len(before) == 1 and 1 <= len(after) <= (3 if is_redirect else 2), asked
    for request in before + after:
        assert request.method == "GET" and request.headers["accept-encoding"] == "identity", request
        assert "cookie" not in request.headers and "cache-control" not in request.headers, request


def test_nobody_else_was_asked_for_anything(played):
    assert played.edge.strangers == []
