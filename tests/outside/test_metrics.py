"""Prometheus itself reads what the service says of itself, and judges the alerts and the dashboard that we ship."""

import contextlib
import json
import re
import socket
import subprocess
import time

import pytest
import requests
from conftest import ROOT, WORKSHOP
from desk import running_desk
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open_metrics
from prometheus_client.parser import text_string_to_metric_families as read_text

RULES = ROOT / "deploy/prometheus/unstale-alerts.yml"
DASHBOARD = ROOT / "deploy/grafana/unstale.json"
TOKEN = "0123456789abcdef0123456789abcdef"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
# What the issue allows with 500 distributions and 200 people: no label grows with either.
SERIES_MAX = 2_000


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("metrics")
    backups = str(folder / "backups")
    settings = {"UNSTALE_METRICS_LISTEN": "127.0.0.1:0", "UNSTALE_METRICS_TOKEN": TOKEN, "UNSTALE_BACKUP_DIR": backups}
    with running_desk(folder, **settings) as running:
        running.metrics = re.search(r"Metrics are at (\S+)", (folder / "output.txt").read_text())[1]
        yield running


def scrape(desk, **headers):
    answer = requests.get(desk.metrics, headers={**BEARER, **headers}, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer


def values(desk, name):
    """The samples of one name: labels as a sorted tuple, and the value."""
    families = list(read_text(scrape(desk).text))
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return {tuple(sorted(sample.labels.items())): sample.value for sample in samples}


def invalidate(desk, *items):
    headers = {"Authorization": f"Bearer {desk.token}"}
    body = {"distribution": WORKSHOP, "items": list(items)}
    asked = requests.post(f"{desk.address}/api/v1/invalidations", json=body, headers=headers, timeout=30)
    assert asked.status_code == 202, asked.text
    url = f"{desk.address}/api/v1/invalidations/{asked.json()['id']}?wait=50&until=checked"
    return requests.get(url, headers=headers, timeout=60).json()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def prometheus(desk, folder):
    """A Prometheus that reads the service each second, with our rules."""
    (folder / "token").write_text(TOKEN)
    (folder / "prometheus.yml").write_text(
        json.dumps(
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": [str(RULES)],
                "scrape_configs": [
                    {
                        "job_name": "unstale",
                        "authorization": {"credentials_file": str(folder / "token")},
                        "static_configs": [{"targets": [desk.metrics.split("/")[2]]}],
                    }
                ],
            }
        )
    )
    address = f"127.0.0.1:{free_port()}"
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    command += [f"--web.listen-address={address}", "--log.level=warn"]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as running:

        def ask(path, **parameters):
            answer = requests.get(f"http://{address}/api/v1/{path}", params=parameters, timeout=30).json()
            assert answer["status"] == "success", answer
            return answer["data"]

        def query(expression):
            return ask("query", query=expression)["result"]

        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and running.poll() is None:
                with contextlib.suppress(requests.ConnectionError, json.JSONDecodeError):
                    if query("count_over_time(up[1m]) >= 3"):
                        yield ask, query
                        return
                time.sleep(0.2)
            raise AssertionError((folder / "log").read_text())
        finally:
            running.terminate()
            running.wait(timeout=30)


def test_both_formats_are_read_and_agree(desk):
    text = scrape(desk)
    assert text.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    # What Prometheus 2.42 sends.
    accepted = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    open_metrics = scrape(desk, Accept=accepted)
    assert open_metrics.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    # This reader is strict: it raises at the first line that breaks the specification.
    strict = {family.name: family.type for family in read_open_metrics(open_metrics.text)}
    lenient = {family.name: family.type for family in read_text(text.text)}
    assert strict == lenient
    assert {"unstale_http_requests", "unstale_completion_seconds", "process_resident_memory_bytes"} <= set(strict)


def test_promtool_has_nothing_to_say(desk):
    lint = subprocess.run(["promtool", "check", "metrics"], input=scrape(desk).text, capture_output=True, text=True, timeout=60)
    assert (lint.returncode, lint.stdout + lint.stderr) == (0, "")


def test_the_token_is_asked_for_at_both_addresses(desk):
    for address in [desk.metrics, f"{desk.address}/metrics"]:
        for headers in [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": f"Bearer {desk.token}"}]:
            refused = requests.get(address, headers=headers, timeout=30)
            assert refused.status_code == 401, (address, headers)
            assert "unstale_" not in refused.text
        assert requests.get(address, headers=BEARER, timeout=30).status_code == 200
    elsewhere = requests.get(desk.metrics.replace("/metrics", "/history"), headers=BEARER, timeout=30)
    assert elsewhere.status_code == 404


def test_an_invalidation_is_counted_and_only_once(desk):
    before, sent = values(desk, "unstale_items_sent_total"), values(desk, "unstale_aws_requests_total")
    done = invalidate(desk, "/metrics-one", "/metrics-two/*")
    assert done["state"] == "completed", done
    after = values(desk, "unstale_items_sent_total")
    grown = {dict(labels)["kind"]: after[labels] - before[labels] for labels in before}
    assert grown == {"path": 1, "wildcard": 1, "tag": 0}
    create = (("operation", "CreateInvalidation"), ("outcome", "ok"), ("service", "cloudfront"))
    assert values(desk, "unstale_aws_requests_total")[create] - sent[create] == 1
    completed = values(desk, "unstale_completion_seconds_sum")[()] / values(desk, "unstale_completion_seconds_count")[()]
    assert 0.5 < completed < 20
    assert sum(values(desk, "unstale_verdicts_total").values()) >= 1
    assert not any(values(desk, "unstale_batches").values())


def test_prometheus_reads_it_and_our_rules_and_dashboard_mean_something(desk, tmp_path):
    invalidate(desk, "/for-prometheus")
    with prometheus(desk, tmp_path) as (ask, query):
        assert query('up{job="unstale"} == 1')
        [series] = query("scrape_samples_post_metric_relabeling")
        assert 300 < float(series["value"][1]) < SERIES_MAX
        # None waits: NaN, with which no comparison is true, so that no alert comes of it.
        assert len(query("unstale_oldest_batch_timestamp_seconds")) == 3
        assert not query("time() - unstale_oldest_batch_timestamp_seconds > 0")
        groups = ask("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        assert len(rules) == RULES.read_text().count("- alert:") > 15
        assert all(rule["health"] == "ok" for rule in rules), rules
        assert not [rule["name"] for rule in rules if rule["state"] == "firing" and rule["name"] != "UnstaleStale"]
        known = set(ask("label/__name__/values"))
        told = {name for rule in rules for name in re.findall(r"\bunstale_\w+", rule["query"])}
        told |= dashboard_names()
        assert told <= known, told - known
        for title, expression in dashboard_queries():
            query(expression)
            assert title


def dashboard_queries():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len(panels) > 15
    for panel in panels:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".*")


def dashboard_names():
    return {name for _, expression in dashboard_queries() for name in re.findall(r"\b(?:unstale|process)_\w+", expression)}


def test_the_rules_do_what_they_say():
    folder = RULES.parent
    for command in [["check", "rules", RULES.name], ["test", "rules", "unstale-alerts-test.yml"], ["check", "config", "scrape.yml"]]:
        said = subprocess.run(["promtool", *command], cwd=folder, capture_output=True, text=True, timeout=60)
        assert said.returncode == 0, said.stdout + said.stderr


def test_the_rule_tests_can_fail(tmp_path):
    """One of the rules with another bound, and the same tests."""
    for name in [RULES.name, "unstale-alerts-test.yml"]:
        text = (RULES.parent / name).read_text()
        (tmp_path / name).write_text(text.replace("unstale_accounts_paused > 0", "unstale_accounts_paused > 1"))
    said = subprocess.run(["promtool", "test", "rules", "unstale-alerts-test.yml"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert said.returncode == 1 and "UnstaleAccountPaused" in said.stdout + said.stderr
