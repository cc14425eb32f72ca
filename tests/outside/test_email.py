"""Notifications by e-mail, taken by a mail server that nobody here wrote, with certificates of its own."""

import time
import urllib.parse

import pytest
from desk import running_desk
from mail_server import NAME, PASSWORD, Authority, MailServer
from test_notifications import administrator, ask

TO = "web-team@example.com"
LOGIN = f"{urllib.parse.quote(NAME, safe='')}:{urllib.parse.quote(PASSWORD, safe='')}@"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def settings(authority, url):
    return {
        "UNSTALE_SMTP_URL": url,
        "UNSTALE_SMTP_FROM": "Unstale <unstale@example.com>",
        "SSL_CERT_FILE": str(authority.roots),
    }


def add_channel(desk, session, address=TO, topics=("requested",)):
    rules = [{"topics": list(topics), "scope": "everything"}]
    channel = {"name": f"Mail to {address}", "kind": "email", "address": address, "rules": rules}
    return session.post(f"{desk.address}/api/v1/channels", json=channel, timeout=30)


def send_test(desk, session, added):
    """A test message is sent at once; what happens waits a moment for more of it."""
    assert added.status_code == 201, added.text
    sent = session.post(f"{desk.address}/api/v1/channels/{added.json()['id']}/test", timeout=30)
    assert sent.status_code == 202, sent.text


def trouble(desk, session, seconds=30):
    """What the first channel says of its receiver, once it says something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        channel = session.get(f"{desk.address}/api/v1/channels", timeout=30).json()["channels"][0]
        if channel["trouble"]:
            return channel["trouble"]["problem"]
        time.sleep(0.1)
    raise AssertionError(f"no trouble in {seconds} s")


def test_a_message_says_who_what_and_where(tmp_path, authority):
    server = MailServer(authority.context)
    url = f"smtp://{LOGIN}localhost:{server.port}"
    # No key for secrets: an e-mail address is none.
    with running_desk(tmp_path, **settings(authority, url)) as desk:
        session = administrator(desk)
        added = add_channel(desk, session)
        assert added.status_code == 201, added.text
        assert added.json()["email"] == TO
        asked = ask(desk, "/ä.html", "/b.html")
        answer, to, message, encrypted = server.until(1)[0]
    assert (to, encrypted, server.logins) == ([TO], True, [(NAME, PASSWORD)])
    assert message["From"] == "Unstale <unstale@example.com>" and message["To"] == TO
    assert message["Subject"].startswith("Requested: "), message["Subject"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@example.com>") and message["References"] == f"<{asked}@example.com>"
    assert message.get_content_type() == "text/plain"
    text = message.get_content().splitlines()
    assert text[:2] == ["/%C3%A4.html, /b.html", "Requested by pipeline"], text
    assert PASSWORD not in (tmp_path / "output.txt").read_text()


def test_a_connection_is_encrypted_from_its_first_byte_on(tmp_path, authority):
    server = MailServer(authority.context, implicit=True)
    with running_desk(tmp_path, **settings(authority, f"smtps://{LOGIN}localhost:{server.port}")) as desk:
        session = administrator(desk)
        send_test(desk, session, add_channel(desk, session))
        _, to, message, encrypted = server.until(1)[0]
    assert (to, encrypted, server.logins) == ([TO], True, [(NAME, PASSWORD)])
    assert message["Subject"] == "Test message from Unstale"


def test_a_message_that_is_put_off_comes_again_and_is_the_same(tmp_path, authority):
    server = MailServer(authority.context, answer=lambda number: "451 4.7.1 greylisted" if number == 1 else "250 taken")
    url = f"smtp://{LOGIN}localhost:{server.port}"
    with running_desk(tmp_path, **settings(authority, url)) as desk:
        session = administrator(desk)
        send_test(desk, session, add_channel(desk, session))
        assert "451" in trouble(desk, session)
        first, again = server.until(2)
    assert (first[0][:3], again[0][:3]) == ("451", "250")
    for header in ("Message-ID", "Date", "Subject"):
        assert first[2][header] == again[2][header]
    assert first[2].get_content() == again[2].get_content()


def test_an_address_that_is_refused_holds_up_no_other_message(tmp_path, authority):
    server = MailServer(
        authority.context, recipient=lambda address: "550 5.1.1 no such user" if "gone" in address else "250 ok"
    )
    url = f"smtp://{LOGIN}localhost:{server.port}"
    with running_desk(tmp_path, **settings(authority, url)) as desk:
        session = administrator(desk)
        send_test(desk, session, add_channel(desk, session, "gone@example.com"))
        assert "550 5.1.1 no such user" in trouble(desk, session)
        send_test(desk, session, add_channel(desk, session))
        assert server.until(1)[0][1] == [TO]


@pytest.mark.parametrize(
    ("case", "said"),
    [("unknown authority", "certificate"), ("another host", "certificate"), ("no STARTTLS", "STARTTLS"), ("login", "535")],
)
def test_nothing_is_sent_where_the_connection_is_not_safe(tmp_path, authority, case, said):
    elsewhere = Authority(tmp_path, "elsewhere", "mail.elsewhere.example")
    trusted = elsewhere if case == "another host" else authority
    server = MailServer(
        {"unknown authority": elsewhere.context, "another host": elsewhere.context, "no STARTTLS": None}.get(
            case, authority.context
        )
    )
    login = f"{urllib.parse.quote(NAME)}:wrong@" if case == "login" else LOGIN
    with running_desk(tmp_path, **settings(trusted, f"smtp://{login}localhost:{server.port}")) as desk:
        session = administrator(desk)
        send_test(desk, session, add_channel(desk, session))
        problem = trouble(desk, session)
    assert said in problem, problem
    assert server.received == []
    assert server.logins == ([(NAME, "wrong")] * len(server.logins) if case == "login" else [])
    assert PASSWORD not in problem and "wrong" not in problem


def test_without_a_mail_server_no_channel_for_email_is_added(tmp_path):
    with running_desk(tmp_path) as desk:
        refused = add_channel(desk, administrator(desk))
    assert refused.status_code == 422
    assert "UNSTALE_SMTP_URL" in refused.text and "/kind" in refused.text


def test_an_address_that_no_server_takes_is_refused(tmp_path, authority):
    server = MailServer(authority.context)
    with running_desk(tmp_path, **settings(authority, f"smtp://localhost:{server.port}")) as desk:
        session = administrator(desk)
        for address in ("web team@example.com", "a@example.com,b@example.com", "https://example.com/", "nobody"):
            refused = add_channel(desk, session, address)
            assert refused.status_code == 422, address
            assert "one e-mail address" in refused.text
