"""The peer of `benches/history.rs`: as many rows in Django admin with django-auditlog, on SQLite.

`python django_peer.py DATABASE EVENTS` prints {"first page": [p50, p99, n], …} in milliseconds, of n rounds: 20, or as many
as fit into half a minute. The pages are asked for
through Django's test client, without the network, which spares Django what the other side pays.
"""

import datetime
import json
import sys
import time

import django
from django.conf import settings

DATABASE, EVENTS = sys.argv[1], int(sys.argv[2])
ROUNDS = 20
PATIENCE = 30_000
TOGETHER = 5_000

settings.configure(
    ALLOWED_HOSTS=["testserver"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "auditlog",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of no use to anybody",
    TEMPLATES=[
        {
            "APP_DIRS": True,
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": [
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                    "django.template.context_processors.request",
                ]
            },
        }
    ],
    USE_TZ=True,
)
django.setup()

from auditlog.models import LogEntry  # noqa: E402
from django.contrib import admin  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402

urlpatterns = [path("admin/", admin.site.urls)]


def entry(number, people, kind):
    item = f"/section-{number % 97}/page-{number % 5_000}.html"
    return LogEntry(
        content_type=kind,
        object_pk=str(number % 50),
        object_id=number % 50,
        object_repr=f"E{number % 50} {item}",
        action=LogEntry.Action.CREATE if number % 501 else LogEntry.Action.DELETE,
        changes={"items": ["None", item], "reason": ["None", f"WEB-{number % 100}: a new price"]},
        actor=people[number % len(people)],
        timestamp=datetime.datetime.fromtimestamp(1_700_000_000 + number, datetime.UTC),
    )


def fill():
    call_command("migrate", verbosity=0)
    User = get_user_model()
    reader = User.objects.create_superuser("reader")
    people = [User.objects.create(username=f"person-{n}") for n in range(40)]
    kind = ContentType.objects.get_for_model(User)
    for begin in range(0, EVENTS, TOGETHER):
        end = min(begin + TOGETHER, EVENTS)
        LogEntry.objects.bulk_create(entry(number, people, kind) for number in range(begin + 1, end + 1))
    return reader, kind


def measure(client, address):
    times = []
    while len(times) < ROUNDS and sum(times) < PATIENCE:
        number = len(times)
        began = time.perf_counter()
        answer = client.get("/admin/auditlog/logentry/" + address(number))
        times.append((time.perf_counter() - began) * 1_000)
        assert answer.status_code == 200, answer.status_code
    times.sort()
    return [times[(len(times) - 1) * percent // 100] for percent in (50, 99)] + [len(times)]


def main():
    reader, kind = fill()
    client = Client()
    client.force_login(reader)
    page = min(999, max(EVENTS // 200, 1))
    reads = {
        "first page": lambda n: "",
        "filtered page": lambda n: f"?resource_type={kind.pk}" if n % 2 else "?action__exact=0",
        "two filters": lambda n: f"?resource_type={kind.pk}&action__exact=0",
        "two filters, one rare": lambda n: f"?resource_type={kind.pk}&action__exact=2",
        "page 1,000": lambda n: f"?p={page}",
        "URL search": lambda n: f"?q=/section-{n % 97}/page-{n}.html",
        "word search": lambda n: f"?q=WEB-{n % 100}",
    }
    print(json.dumps({name: measure(client, address) for name, address in reads.items()}))


main()
