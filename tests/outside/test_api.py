"""The API by its own document: schemathesis asks everything that the document allows and much that it does not."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pytest
import requests
from desk import UNSTALE, running_desk

# So many examples for each operation and phase. UNSTALE_API_CASES=700 makes some 10,000 cases in a quarter of an hour.
CASES = int(os.environ.get("UNSTALE_API_CASES", "40"))
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with running_desk(tmp_path_factory.mktemp("desk")) as desk:
        wait_for_distributions(desk)
        yield desk


def wait_for_distributions(desk):
    deadline = time.monotonic() + 20
    headers = {"Authorization": f"Bearer {desk.token}"}
    while time.monotonic() < deadline:
        if requests.get(f"{desk.address}/api/v1/distributions", headers=headers, timeout=5).json()["items"]:
            return
        time.sleep(0.1)
    raise AssertionError("the distributions were not read")


def test_the_document_and_the_service_agree(desk, tmp_path):
    """All checks, all phases. The stream never ends by itself and has tests of its own."""
    program = Path(sys.executable).parent / "schemathesis"
    command = [sys.executable, str(program), "--config-file", str(HERE / "schemathesis.toml"), "run"]
    command += [*document(desk, tmp_path), "-H", f"Authorization: Bearer {desk.token}", "--checks", "all"]
    command += ["--max-examples", str(CASES), "--exclude-path", "/api/v1/events", "--request-timeout", "90", "--seed", "6"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=3600 + 10 * CASES)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def document(desk, folder):
    """Where the document is. The long form does without the bound of 20,000 items, because making lists that are longer
    takes minutes each; the short form and tests/it/api/create.rs go beyond it."""
    served = f"{desk.address}/api/openapi.json"
    if CASES < 200:
        return [served]
    known = requests.get(served, headers={"Authorization": f"Bearer {desk.token}"}, timeout=5).json()
    for request in ("PlanRequest", "NewInvalidationRequest"):
        del known["components"]["schemas"][request]["properties"]["items"]["maxItems"]
    kept = folder / "openapi.json"
    kept.write_text(json.dumps(known))
    return [str(kept), "--url", desk.address]


def run(desk, *arguments, **options):
    command = [UNSTALE, "invalidate", "--distribution", "E2QWRUHAPOMQZL", *arguments]
    return subprocess.run(
        command, env=desk.pipeline(), capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL, **options
    )


def test_the_exit_codes_are_as_documented(desk):
    assert run(desk, "--wait", "/styles.css").returncode == 0
    dry = run(desk, "--dry-run", "/a", "a")
    assert dry.returncode == 0 and "1 billable path" in dry.stdout
    assert run(desk).returncode == 2
    refused = run(desk, "/b*c")
    assert refused.returncode == 3 and "argument 1: /b*c" in refused.stderr
    assert run(desk, "--server", "http://unstale.example.com", "/a").returncode == 2
    other = {**desk.pipeline(), "UNSTALE_TOKEN": "unstale_no"}
    command = [UNSTALE, "invalidate", "--distribution", "E2QWRUHAPOMQZL", "/a"]
    assert subprocess.run(command, env=other, capture_output=True, check=False, timeout=60).returncode == 3


def test_where_too_many_wait_the_program_looks_from_time_to_time(desk):
    """All places for waiting of the token are taken; the program that comes then ends well all the same."""
    headers = {"Authorization": f"Bearer {desk.token}"}
    body = {"distribution": "E2QWRUHAPOMQZL", "items": ["/later"], "not_before": rfc3339(time.time() + 3600)}
    later = requests.post(f"{desk.address}/api/v1/invalidations", json=body, headers=headers, timeout=5).json()["id"]
    address = f"{desk.address}/api/v1/invalidations/{later}"
    with ThreadPoolExecutor(21) as pool:
        waits = [pool.submit(requests.get, f"{address}?wait=60", headers=headers, timeout=90) for _ in range(21)]
        first = next(as_completed(waits, timeout=50)).result()
        assert first.status_code == 429, "one more than may wait"
        done = run(desk, "--wait", "/soon")
        assert done.returncode == 0, done.stderr
        assert requests.post(f"{address}/cancel", headers=headers, timeout=5).json()["state"] == "cancelled"
        states = [wait.result().json()["state"] for wait in waits if wait.result().ok]
        assert states == ["cancelled"] * 20


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def test_a_client_that_is_killed_and_run_again_makes_one_invalidation(desk):
    ids = set()
    for number, delay in enumerate([0.01, 0.03, 0.05, 0.1, 0.3]):
        command = [UNSTALE, "invalidate", "--distribution", "E2QWRUHAPOMQZL", "--json", "--wait"]
        command += ["--idempotency-key", "killed", "/killed.css"]
        with subprocess.Popen(command, env=desk.pipeline(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            time.sleep(delay)
            running.kill()
        assert number < 5
    done = run(desk, "--json", "--wait", "--idempotency-key", "killed", "/killed.css")
    assert done.returncode == 0, done.stderr
    headers = {"Authorization": f"Bearer {desk.token}"}
    page = requests.get(f"{desk.address}/api/v1/invalidations?limit=100", headers=headers, timeout=5).json()
    ids.update(one["id"] for one in page["items"] if one["items"] == ["/killed.css"])
    assert len(ids) == 1
