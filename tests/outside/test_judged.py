"""Two caches judge plans: the sandbox's edge and Varnish, asked by Chromium, curl and Python for random sites.

What a plan says it refreshes has to be what both let go of, no more and no less, whoever asks and however the client
spells the link; and each spelling that a client used for a file that was asked for has to be in the plan.

UNSTALE_SITES=5000 tries that many, UNSTALE_SITE_SEED=7 others.
"""

import os
import random
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import requests
from clients import Chromium, ask_curl, ask_requests, ask_urllib
from desk import running_desk
from random_sites import asked_for, random_site
from second_cache import running_varnish

SITES = int(os.environ.get("UNSTALE_SITES", "40"))
SEED = int(os.environ.get("UNSTALE_SITE_SEED", "17"))
# So many sites are asked for, refreshed and asked for again together.
GROUP = 40
# By whether query strings are in the cache key: the ID, and the host at the edge.
DISTRIBUTIONS = {False: ("E2QWRUHAPOMQZL", "d12345678.localhost"), True: ("E3DOCS5V8W1RTY", "d2v7docspages0.localhost")}
# CloudFront takes none of these plain in a path, so a copy that was asked for so can only be cleared by a wildcard.
NOT_IN_ITEMS = set("|\\^{}~<>\"`")
# What looks like a mistake in a line that somebody typed is refused there, and the file is asked for by its name.
MISTAKES = re.compile(r"['\";,|]$|\$[({]|\{\{")


@dataclass
class Judges:
    """The service with the edge that it refreshes, and Varnish beside it."""

    desk: object
    varnish: object
    chromium: Chromium
    session: requests.Session

    def post(self, what, body):
        answer = self.session.post(f"{self.desk.address}/api/v1/{what}", json=body, timeout=60)
        assert answer.status_code in (200, 202), (body, answer.text)
        return answer.json()

    def publish(self, version):
        """From now on both origins have this version of every file."""
        self.varnish.publish(version)
        headers = {"content-type": "text/html", "cache-control": "max-age=86400", "access-control-allow-origin": "*"}
        rule = {"answer": "origin", "status": 200, "body": version, "headers": headers}
        sandbox = self.desk.environment["AWS_ENDPOINT_URL_CLOUDFRONT"]
        requests.post(f"{sandbox}/_sandbox/edge", json=[rule], timeout=30).raise_for_status()

    def ports(self):
        return int(self.desk.environment["UNSTALE_EDGE"].rsplit(":", 1)[1]), self.varnish.port

    def ask(self, sites, port, way="fetch"):
        """What each link of each site gives at this port: the body, and from Varnish what it was asked for."""
        clients = {"curl": ask_curl, "urllib": ask_urllib, "requests": ask_requests}
        clients["chromium"] = lambda *where: self.chromium.ask(*where, way)
        wanted = {}
        for site in sites:
            for link in site.links:
                wanted.setdefault((DISTRIBUTIONS[site.has_queries_in_key][1], link.client), {})[link.path] = None

        def by_one_client(of):
            (host, name), paths = of
            return of[0], dict(zip(paths, clients[name](host, port, list(paths)), strict=True))

        with ThreadPoolExecutor() as pool:
            got = dict(pool.map(by_one_client, wanted.items()))
        return [got[DISTRIBUTIONS[site.has_queries_in_key][1], link.client][link.path] for site in sites for link in site.links]

    def until_completed(self, made):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            seen = self.session.get(f"{self.desk.address}/api/v1/invalidations/{made}?wait=60", timeout=90).json()
            if seen["state"] == "completed":
                return
            assert seen["state"] in ("queued", "in_progress"), seen
        raise AssertionError(f"{made} is not completed")


@pytest.fixture(scope="module")
def judges(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judges")
    (folder / "varnish").mkdir()
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    with (
        running_varnish(folder / "varnish", port, DISTRIBUTIONS[True][1]) as varnish,
        # Looks of checks would fill the edge's cache.
        running_desk(folder, UNSTALE_CHECKS="off") as desk,
        Chromium().running(folder / "chromium") as chromium,
        requests.Session() as session,
    ):
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {desk.token}"
        yield Judges(desk, varnish, chromium, session)


@dataclass
class Case:
    """A site with what was asked for there, and for each of its links the spelling and who let go of the copy."""

    site: object
    request: dict
    plan: dict
    spelled: list
    at_edge: list = ()
    at_varnish: list = ()
    with_offered: list = ()

    def host(self):
        return DISTRIBUTIONS[self.site.has_queries_in_key][1]

    def told(self, *verdicts):
        return [line["item"] for line in self.plan["lines"] if line["verdict"] in verdicts]

    def faults(self):
        columns = (self.site.links, self.spelled, self.at_edge, self.at_varnish, self.with_offered)
        for link, path, *gone in zip(*columns, strict=True):
            for fault in self.faults_of(link, path, *gone):
                yield f"{fault}: {link.client} asks for {path!r} of {link.name!r} after {self.request}: {self.plan['lines']}"

    def faults_of(self, link, path, by_edge, by_varnish, with_offered):
        if by_edge != by_varnish:
            yield f"the edge says {by_edge}, Varnish {by_varnish}"
        if self.site.kind in ("wildcard", "query"):
            return
        if link.name not in self.site.asked:
            if by_varnish:
                yield "not asked for, and refreshed"
        elif "?" not in path and not NOT_IN_ITEMS & set(path):
            if not by_varnish and path in self.request.get("items", []):
                yield "asked for just so, and stale"
            if not with_offered:
                yield "neither sent nor offered"


def slices(sites, values):
    """The values of each site's links."""
    values = iter(values)
    return [[next(values) for _ in site.links] for site in sites]


def cached_spellings(judges, sites, number):
    """Fills both caches with an old version of every link. Gives the spellings that arrived."""
    judges.publish(f"old {number}")
    for port in judges.ports():
        judges.ask(sites, port, "image" if number % 2 else "frame")
    judges.publish(f"new {number}")
    for port in judges.ports():
        stale = judges.ask(sites, port)
        assert {body for body, _ in stale} == {f"old {number}"}, "everything is cached under what is asked for"
    return slices(sites, [path for _, path in stale])


def requested(judges, rng, site, spelled):
    """Asks for it; the case and the ID of its invalidation."""
    distribution, _ = DISTRIBUTIONS[site.has_queries_in_key]
    request = {"distribution": distribution, **asked_for(rng, site, spelled)}
    plan = judges.post("plan", request)
    if not plan["sendable"]:
        refused = [line for line in plan["lines"] if line["verdict"] == "refused"]
        assert refused and all(MISTAKES.search(line["typed"]) for line in refused), (request, plan)
        site.kind = "keys"
        request = {"distribution": distribution, **asked_for(rng, site, spelled)}
        plan = judges.post("plan", request)
    made = judges.post("invalidations", {**request, "reason": site.kind})
    assert sorted(made["items"]) == plan["items"], "what is sent is what the plan says"
    return Case(site, request, plan, spelled), made["id"]


def judge(judges, rng, sites, number):
    edge, varnish = judges.ports()
    new = f"new {number}"
    spelled = cached_spellings(judges, sites, number)
    begun = [requested(judges, rng, *each) for each in zip(sites, spelled, strict=True)]
    for _, made in begun:
        judges.until_completed(made)
    cases = [case for case, _ in begun]
    gone = []
    for verdicts, ports in [(("send", "added"), (edge, varnish)), (("offered",), (varnish,))]:
        for case in cases:
            judges.varnish.clear(case.host(), case.told(*verdicts))
        gone += [slices(sites, [body == new for body, _ in judges.ask(sites, port)]) for port in ports]
    for case, *each in zip(cases, *gone, strict=True):
        case.at_edge, case.at_varnish, case.with_offered = each
    return [fault for case in cases for fault in case.faults()]


def test_what_a_plan_refreshes_is_what_two_caches_let_go_of(judges):
    rng = random.Random(SEED)
    for number, first in enumerate(range(0, SITES, GROUP)):
        sites = [random_site(rng, place) for place in range(first, min(first + GROUP, SITES))]
        faults = judge(judges, rng, sites, number)
        assert not faults, f"{len(faults)} faults, seed {SEED}:\n" + "\n".join(faults[:40])
