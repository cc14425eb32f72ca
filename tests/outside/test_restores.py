"""Backups of a service that is written to all the time: each is restored, and has the history up to one moment.

`scripts/torture restores` makes 50 of them; UNSTALE_RESTORES says how many."""

import contextlib
import http.client
import itertools
import json
import os
import random
import re
import subprocess
import threading
import time
import urllib.parse

from conftest import WORKSHOP
from desk import UNSTALE, running_desk

RESTORES = int(os.environ.get("UNSTALE_RESTORES", "4"))
# So many write at one time, each so many requests a second.
WRITERS, WRITES = 4, 50


class Writer(threading.Thread):
    """Requests one invalidation after the other until it is stopped, at most so many a second."""

    def __init__(self, desk):
        super().__init__()
        self.desk, self.stopped, self.accepted, self.other = desk, threading.Event(), 0, []

    def run(self):
        address = urllib.parse.urlsplit(self.desk.address)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.desk.token}", "Content-Type": "application/json"}
        began = time.monotonic()
        for number in itertools.count():
            if self.stopped.wait(max(0, began + number / WRITES - time.monotonic())):
                return
            body = json.dumps({"distribution": WORKSHOP, "items": [f"/page-{number}.html"]})
            connection.request("POST", "/api/v1/invalidations", body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status == 202:
                self.accepted += 1
            else:
                self.other.append((answer.status, text))


def accepted(writers):
    return sum(writer.accepted for writer in writers)


def until_written(writers, requests):
    """Waits until so many requests were accepted."""
    deadline = time.monotonic() + 60
    while accepted(writers) < requests:
        assert time.monotonic() < deadline, "nothing is accepted any more"
        time.sleep(0.01)


def unstale(desk, *arguments):
    return subprocess.run([UNSTALE, *arguments], env=desk.environment, capture_output=True, text=True, timeout=120)


def killed(desk, *arguments):
    """Runs a command and kills it in the middle."""
    with subprocess.Popen([UNSTALE, *arguments], env=desk.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(random.uniform(0.01, 0.3))
        running.kill()


def head(said):
    """The last event that a command names, and its hash."""
    return re.search(r"up to event (\d+)", said)[1], (re.search(r"with hash ([0-9a-f]{64})", said) or [None, None])[1]


def test_backups_under_writes_are_whole(tmp_path):
    limits = {"UNSTALE_DAILY_ITEMS": "0", "UNSTALE_CREATE_RATE": "1000", "UNSTALE_CREATE_BURST": "1000"}
    with running_desk(tmp_path, **limits) as desk:
        writers = [Writer(desk) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        began, last = time.monotonic(), 0
        for number in range(RESTORES):
            backup, restored = tmp_path / f"backup-{number}.db", f"sqlite://{tmp_path}/restored-{number}.db"
            until_written(writers, accepted(writers) + 10)
            killed(desk, "backup", str(backup))
            backup.unlink(missing_ok=True)
            made = unstale(desk, "backup", str(backup))
            assert made.returncode == 0, made.stdout + made.stderr
            event, its_hash = head(made.stdout)
            assert int(event) > last
            last = int(event)
            killed(desk, "restore", str(backup), "--replace", "--database", restored)
            back = unstale(desk, "restore", str(backup), "--replace", "--database", restored)
            assert back.returncode == 0, back.stdout + back.stderr
            assert head(back.stdout)[0] == event
            # The restored one has an event more, and what the backup had below it.
            verified = unstale(desk, "audit", "verify", "--database", restored, "--head", f"{event}:{its_hash}")
            assert verified.returncode == 0, verified.stdout + verified.stderr
            for file in tmp_path.glob(f"*-{number}.db*"):
                file.unlink()
        for writer in writers:
            writer.stopped.set()
        for writer in writers:
            writer.join()
        rate = accepted(writers) / (time.monotonic() - began)
        print(f"{RESTORES} restores, {rate:.0f} requests a second accepted meanwhile")
        assert [writer.other for writer in writers] == [[]] * WRITERS
        assert unstale(desk, "audit", "verify").returncode == 0
