"""An OpenTelemetry collector gets one trace from the request to its completion, also through a restart."""

import gzip
import http.server
import secrets
import socket
import threading
import time

import pytest
import requests
from conftest import WORKSHOP
from desk import Desk, process, running_desk, service
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

# How long the SDK waits for more spans, in milliseconds (OpenTelemetry, "Batch Span Processor"): five seconds by default.
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "100"}


class Collector:
    """Takes OTLP over HTTP as protobuf, and reads it with OpenTelemetry's own definitions."""

    def __init__(self):
        self.spans, self.headers, self.status = [], [], 200
        self.changed = threading.Condition()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.take(self.path, dict(self.headers), body)
                self.send_response(collector.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path, headers, body):
        headers = {name.lower(): value for name, value in headers.items()}
        assert (path, headers["content-type"]) == ("/v1/traces", "application/x-protobuf")
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        with self.changed:
            self.headers.append(headers)
            if self.status == 200:
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    named = {attribute.key: attribute.value.string_value for attribute in resource.resource.attributes}
                    assert named["service.name"] == "unstale" and named["service.version"]
                    self.spans += [span for scope in resource.scope_spans for span in scope.spans]
            self.changed.notify_all()

    def until(self, found, what):
        """Waits until the collector has what is looked for, and gives it."""
        deadline = time.monotonic() + 30
        with self.changed:
            while not (there := found()) and time.monotonic() < deadline:
                self.changed.wait(1)
        assert there, f"{what}: {[(span.name, span.trace_id.hex()) for span in self.spans]}"
        return there

    def of(self, trace, name):
        """The spans of a trace with this name."""
        return [span for span in self.spans if span.trace_id.hex() == trace and span.name == name]

    def one(self, trace, name):
        (span,) = self.until(lambda: self.of(trace, name), name)
        return span


@pytest.fixture
def collector():
    running = Collector()
    yield running
    running.server.shutdown()


def ask(desk, trace, **body):
    """Requests an invalidation in a trace of the client. Gives its ID, and the span of the client."""
    caller = secrets.token_hex(8)
    headers = {"Authorization": f"Bearer {desk.token}", "traceparent": f"00-{trace}-{caller}-01"}
    body = {"distribution": WORKSHOP, **body}
    asked = requests.post(f"{desk.address}/api/v1/invalidations", json=body, headers=headers, timeout=30)
    assert asked.status_code == 202, asked.text
    return asked.json()["id"], caller


def wait(desk, invalidation):
    headers = {"Authorization": f"Bearer {desk.token}"}
    answer = requests.get(f"{desk.address}/api/v1/invalidations/{invalidation}?wait=50", headers=headers, timeout=60)
    assert answer.json()["state"] == "completed", answer.text
    return answer.json()


def attributes(span):
    kinds = ("string_value", "int_value", "bool_value")
    return {each.key: getattr(each.value, next(kind for kind in kinds if each.value.HasField(kind))) for each in span.attributes}


def test_one_trace_leads_from_the_request_to_its_completion(collector, tmp_path):
    given = {"UNSTALE_OTLP_ENDPOINT": collector.address, "UNSTALE_OTLP_TOKEN": "0123456789abcdef", **SOON}
    with running_desk(tmp_path, **given) as desk:
        trace = secrets.token_hex(16)
        invalidation, caller = ask(desk, trace, items=["/a.html", "/b.html"])
        wait(desk, invalidation)
        request = collector.one(trace, "POST /api/v1/invalidations")
        assert (request.parent_span_id.hex(), request.kind) == (caller, Span.SPAN_KIND_SERVER)
        said = attributes(request)
        assert (said["http.route"], said["http.response.status_code"]) == ("/api/v1/invalidations", 202)
        sent = collector.one(trace, "send batch")
        assert sent.parent_span_id == request.span_id
        assert attributes(sent)["unstale.items"] == 2
        call = collector.one(trace, "cloudfront CreateInvalidation")
        assert (call.parent_span_id, call.kind) == (sent.span_id, Span.SPAN_KIND_CLIENT)
        done = collector.one(trace, "CloudFront completes")
        assert done.parent_span_id == request.span_id
        # The sandbox takes a second.
        took = (done.end_time_unix_nano - done.start_time_unix_nano) / 1e9
        assert 0.9 < took < 20 and done.start_time_unix_nano >= call.start_time_unix_nano
        assert collector.headers[0]["authorization"] == "Bearer 0123456789abcdef"
        # What belongs to no request is not recorded, and log lines are as without traces.
        assert not [span for span in collector.spans if span.kind == Span.SPAN_KIND_CLIENT and not span.parent_span_id]
        log = (tmp_path / "output.txt").read_text()
        assert "answered" in log and "send batch" not in log and "0123456789abcdef" not in log


def test_a_refused_call_is_an_error_of_the_trace(collector, tmp_path):
    with running_desk(tmp_path, UNSTALE_OTLP_ENDPOINT=collector.address, **SOON) as desk:
        fault = [{"operation": "CreateInvalidation", "kind": "access_denied", "times": 1}]
        requests.post(f"{desk.environment['AWS_ENDPOINT_URL_CLOUDFRONT']}/_sandbox/faults", json=fault, timeout=30)
        trace = secrets.token_hex(16)
        ask(desk, trace, items=["/a.html"])
        call = collector.one(trace, "cloudfront CreateInvalidation")
        assert call.status.code == Status.STATUS_CODE_ERROR
        assert attributes(call)["error.type"] == "access_denied"


def test_a_trace_goes_on_after_a_kill(collector, tmp_path):
    with running_desk(tmp_path, UNSTALE_OTLP_ENDPOINT=collector.address, **SOON) as desk:
        # Another service on a database of its own, which is killed before it sends.
        folder = tmp_path / "killed"
        folder.mkdir()
        environment = {**desk.environment, "UNSTALE_DATABASE": f"sqlite://{folder}/unstale.db"}
        trace = secrets.token_hex(16)
        with process(environment, folder / "output.txt") as (running, address):
            killed = Desk(address, environment)
            killed.wait_until_configured()
            due = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))
            invalidation, _ = ask(killed, trace, items=["/a.html"], not_before=due)
            request = collector.one(trace, "POST /api/v1/invalidations")
            running.kill()
            running.wait()
        assert not collector.of(trace, "send batch")
        with service(environment, folder / "output.txt") as address:
            killed.address = address
            wait(killed, invalidation)
            for name in ("send batch", "CloudFront completes"):
                assert collector.one(trace, name).parent_span_id == request.span_id


def test_what_is_sent_together_is_linked(collector, tmp_path):
    slow = {"UNSTALE_CREATE_RATE": "0.3", "UNSTALE_CREATE_BURST": "1"}
    with running_desk(tmp_path, UNSTALE_OTLP_ENDPOINT=collector.address, **SOON, **slow) as desk:
        traces = [secrets.token_hex(16) for _ in range(3)]
        asked = [ask(desk, trace, items=[f"/{number}.html"])[0] for number, trace in enumerate(traces)]
        for invalidation in asked:
            wait(desk, invalidation)
        # The first is sent at once, the others wait and go together.
        sent = collector.one(traces[1], "send batch")
        assert [link.trace_id.hex() for link in sent.links] == [traces[2]]
        assert attributes(sent)["unstale.items"] == 2
        assert [link.trace_id.hex() for link in collector.one(traces[1], "CloudFront completes").links] == [traces[2]]


def test_a_collector_that_is_away_holds_nothing_up(collector, tmp_path):
    collector.status = 503
    with running_desk(tmp_path, UNSTALE_OTLP_ENDPOINT=collector.address, **SOON) as desk:
        wait(desk, ask(desk, secrets.token_hex(16), items=["/a.html"])[0])
        collector.until(lambda: len(collector.headers) > 1, "two tries")
        collector.status = 200
        trace = secrets.token_hex(16)
        wait(desk, ask(desk, trace, items=["/b.html"])[0])
        collector.one(trace, "CloudFront completes")
    log = (tmp_path / "output.txt").read_text()
    assert log.count("traces cannot be sent") == 1, log
    assert "the collector answered with status 503" in log and log.count("traces are sent again") == 1, log


def test_a_collector_that_is_silent_does_not_hold_up_the_end(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with running_desk(tmp_path, UNSTALE_OTLP_ENDPOINT=endpoint, **SOON) as desk:
            wait(desk, ask(desk, secrets.token_hex(16), items=["/a.html"])[0])
            began = time.monotonic()
        assert time.monotonic() - began < 12
    assert "the last traces could not be sent" in (tmp_path / "output.txt").read_text()
