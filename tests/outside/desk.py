"""The service on the sandbox, with a token: what the tests of the API and its recipes run on."""

import contextlib
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request

from conftest import BINARY, ROOT

UNSTALE = os.environ.get("UNSTALE_BIN", str(ROOT / "target/debug/unstale"))


class Desk:
    """A running service: its address, an operator's token, and the environment that its programs need."""

    def __init__(self, address, environment):
        self.address = address
        self.environment = environment
        self.token = self.make_token("pipeline")

    def make_token(self, name, role="operator"):
        create = [UNSTALE, "token", "create", name, "--role", role]
        made = subprocess.run(create, env=self.environment, capture_output=True, text=True, check=True, timeout=30)
        return made.stdout.strip()

    def wait_until_configured(self):
        """Waits until the service has read the distribution's configuration: what a plan adds depends on it."""
        request = urllib.request.Request(
            f"{self.address}/api/v1/plan",
            data=json.dumps({"distribution": "E2QWRUHAPOMQZL", "items": ["/"]}).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(urllib.error.HTTPError):
                if json.load(opener.open(request, timeout=10))["items"] == ["/", "/index.html"]:
                    return
            time.sleep(0.05)
        raise AssertionError("the configuration of the distribution was not read")

    def pipeline(self, **more):
        """The environment of a pipeline's job: nothing but what it is given."""
        path = f"{os.path.dirname(UNSTALE)}:{os.environ['PATH']}"
        known = {"PATH": path, "UNSTALE_SERVER": self.address, "UNSTALE_TOKEN": self.token}
        return {**known, "DISTRIBUTION": "E2QWRUHAPOMQZL", "NO_PROXY": "127.0.0.1,localhost", **more}


@contextlib.contextmanager
def running_desk(folder, complete_after="1s", prepare=None, **more):
    """The service on a sandbox. `prepare` is called with the sandbox's address before the service starts; what it returns
    and `more` are added to the service's environment."""
    origin = folder / "origin"
    origin.mkdir()
    arguments = ["--api", "127.0.0.1:0", "--edge", "127.0.0.1:0", "--origin", str(origin)]
    sandbox = [BINARY, *arguments, "--complete-after", complete_after]
    with subprocess.Popen(sandbox, stdout=subprocess.PIPE, text=True) as stand_in:
        try:
            api = stand_in.stdout.readline().split()[1]
            edge = stand_in.stdout.readline().split()[1]
            more |= prepare(api) if prepare else {}
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "AWS_ENDPOINT_URL_CLOUDFRONT": api,
                "UNSTALE_EDGE": edge,
                "AWS_ACCESS_KEY_ID": "AKIATEST",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_EC2_METADATA_DISABLED": "true",
                "UNSTALE_DATABASE": f"sqlite://{folder}/unstale.db",
                "UNSTALE_LISTEN": "127.0.0.1:0",
                # Schemathesis asks faster than any pipeline, and is to be told how often it may.
                "UNSTALE_REQUEST_RATE": "5000",
                "UNSTALE_CREATE_RATE": "50",
                "UNSTALE_CREATE_BURST": "50",
                **more,
            }
            with service(environment, folder / "output.txt") as address:
                desk = Desk(address, environment)
                desk.wait_until_configured()
                yield desk
        finally:
            stand_in.terminate()


def add(api, distributions):
    """Adds distributions to a sandbox."""
    data = json.dumps(list(distributions)).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(f"{api}/_sandbox/distributions", data), timeout=30) as answer:
        assert answer.status == 200


@contextlib.contextmanager
def service(environment, output):
    with process(environment, output) as (_, address):
        yield address


@contextlib.contextmanager
def process(environment, output):
    """A running service: its process, and its address."""
    with output.open("w") as file, subprocess.Popen([UNSTALE, "serve"], env=environment, stdout=file, stderr=file) as running:
        try:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and running.poll() is None:
                if found := re.search(r"http://127\.0\.0\.1:\d+", output.read_text()):
                    yield running, found[0]
                    return
                time.sleep(0.05)
            raise AssertionError(f"it does not say where it listens:\n{output.read_text()}")
        finally:
            running.terminate()
            running.wait(timeout=15)
