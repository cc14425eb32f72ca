"""Notifications by Amazon SNS and EventBridge, on moto's: what its queues get of them."""

import json
import time

import boto3
import pytest
from conftest import WORKSHOP
from desk import running_desk
from moto.server import ThreadedMotoServer
from test_notifications import administrator, ask

REGION = "eu-central-1"


class Aws:
    """SNS, EventBridge and SQS of one account."""

    def __init__(self, address):
        self.address = address
        keys = {"aws_access_key_id": "AKIATEST", "aws_secret_access_key": "secret"}
        clients = [boto3.client(name, endpoint_url=address, region_name=REGION, **keys) for name in ("sns", "events", "sqs")]
        self.sns, self.events, self.sqs = clients

    def environment(self):
        return {"AWS_ENDPOINT_URL_SNS": self.address, "AWS_ENDPOINT_URL_EVENTBRIDGE": self.address}

    def queue(self, name):
        attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return url, arn

    def topic(self, name):
        """An SNS topic, and the queue that is subscribed to it."""
        attributes = {"FifoTopic": "true"} if name.endswith(".fifo") else {}
        topic = self.sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
        url, arn = self.queue(name)
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return topic, url

    def event_bus(self, name):
        """An event bus, and the queue that gets what Unstale puts there."""
        bus = self.events.create_event_bus(Name=name)["EventBusArn"]
        url, arn = self.queue(name)
        self.events.put_rule(Name=name, EventBusName=name, EventPattern=json.dumps({"source": ["unstale"]}))
        self.events.put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "1", "Arn": arn}])
        return bus, url

    def received(self, url, count):
        """So many messages of a queue, in the order in which they came."""
        received, deadline = [], time.monotonic() + 60
        while len(received) < count and time.monotonic() < deadline:
            answer = self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MessageAttributeNames=["All"])
            for message in answer.get("Messages", []):
                received.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        assert len(received) == count, received
        return received


@pytest.fixture(scope="module")
def aws():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Aws(f"http://{host}:{port}")
    server.stop()


def add_channel(desk, session, kind, arn):
    rules = [{"topics": ["requested"], "scope": "everything"}]
    channel = {"name": f"Team {arn}"[:60], "kind": kind, "address": arn, "rules": rules}
    return session.post(f"{desk.address}/api/v1/channels", json=channel, timeout=30)


def test_a_topic_and_an_event_bus_are_told(tmp_path, aws):
    topic, topic_queue = aws.topic("web-team")
    fifo, fifo_queue = aws.topic("web-team.fifo")
    bus, bus_queue = aws.event_bus("publishing")
    # Without a key for secrets: an ARN is none.
    with running_desk(tmp_path, **aws.environment()) as desk:
        session = administrator(desk)
        for kind, arn in [("sns", topic), ("sns", fifo), ("eventbridge", bus)]:
            added = add_channel(desk, session, kind, arn)
            assert added.status_code == 201, added.text
            assert added.json()["arn"] == arn
            assert REGION in added.json()["host"]
        asked = ask(desk, "/prices.html")
        for queue in (topic_queue, fifo_queue):
            envelope = aws.received(queue, 1)[0]
            assert envelope["Subject"].startswith("Requested: ")
            assert envelope["MessageAttributes"]["topic"]["Value"] == "requested"
            payload = json.loads(envelope["Message"])
            assert payload["type"] == "invalidation.requested"
            assert payload["data"]["notices"][0]["invalidation"] == asked
        event = aws.received(bus_queue, 1)[0]
        assert (event["source"], event["detail-type"]) == ("unstale", "invalidation.requested")
        assert event["detail"]["notices"][0]["invalidation"] == asked
        assert event["detail"]["notices"][0]["distribution"]["id"] == WORKSHOP


def test_a_topic_that_is_not_there_is_told_of_with_the_reason(tmp_path, aws):
    gone = f"arn:aws:sns:{REGION}:123456789012:gone"
    with running_desk(tmp_path, **aws.environment()) as desk:
        session = administrator(desk)
        added = add_channel(desk, session, "sns", gone).json()
        session.post(f"{desk.address}/api/v1/channels/{added['id']}/test", timeout=30).raise_for_status()
        channel, deadline = added, time.monotonic() + 30
        while channel["trouble"] is None and time.monotonic() < deadline:
            time.sleep(0.2)
            channel = session.get(f"{desk.address}/api/v1/channels/{added['id']}", timeout=30).json()
        assert channel["trouble"]["problem"].startswith("AWS answered NotFound: "), channel


@pytest.mark.parametrize("kind", ["sns", "eventbridge"])
def test_an_address_that_is_no_arn_is_refused_with_an_example(tmp_path, aws, kind):
    with running_desk(tmp_path, **aws.environment()) as desk:
        refused = add_channel(desk, administrator(desk), kind, "https://hooks.example.com/")
        assert refused.status_code == 422
        assert "such as arn:aws:" in refused.text
