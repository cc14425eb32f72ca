"""An edge of its own, with its origins behind it, for looks. It shares nothing with the sandbox and the service.

What it answers is written from CloudFront's developer guide, from RFC 9110 and 9111, and from what people have posted of
the edge's answers. Each host is one site, whose copies are cleared by `clear`, as an invalidation would.
"""

import asyncio
import contextlib
import email.utils
import hashlib
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

FIRST = "when it was first asked for after the clearing"


@dataclass(frozen=True)
class Answer:
    """What one request gets."""

    body: bytes = b""
    status: int = 200
    x_cache: str | None = "Hit from cloudfront"
    # When it was cached: seconds after the clearing, less than 0 before, or FIRST. None: it sends no Age.
    cached: float | str | None = None
    # Further headers, or others in the place of the usual ones. None takes one away; a list sends one several times.
    headers: dict = field(default_factory=dict)
    # How it is sent. "raw": the body is all that is sent.
    way: str = "whole"
    # Seconds until the answer begins. Its Age is that of the moment at which the request came.
    delay: float = 0


NOTHING_THERE = Answer(b"Not here.", 404, "Error from cloudfront", headers={"Server": "nginx", "ETag": None})


@dataclass
class Request:
    method: str
    target: str
    headers: dict


class Site:
    """The copies of one host."""

    def __init__(self, path, before, after, also):
        self.path, self.before, self.after, self.also = path, before, after, also
        self.began = time.time()
        self.cleared = None
        self.first = None
        # Whether anything was answered.
        self.answered = False
        # What was asked for at the path itself, with whether that was after the clearing.
        self.asked = []

    def clear(self):
        self.cleared = time.time()

    def answer(self, request):
        """The answer to a request, and the moment at which it was cached."""
        chosen = self.choose(request)
        if chosen.cached is None:
            return chosen, None
        if chosen.cached == FIRST:
            return chosen, self.first or time.time()
        return chosen, (self.cleared or self.began) + chosen.cached

    def choose(self, request):
        marks = [
            request.method,
            "origin" if "origin" in request.headers else None,
            "gzip" if "gzip" in request.headers.get("accept-encoding", "") else None,
            "http" if request.headers.get("x-forwarded-proto") == "http" else None,
            request.target,
        ]
        for mark in marks:
            if mark in self.also and (self.cleared or mark == "http"):
                return self.also[mark]
        if request.target != self.path:
            return NOTHING_THERE
        self.asked.append((request, self.cleared is not None))
        if not self.cleared:
            return self.before
        self.first = self.first or time.time()
        nth = sum(after for _, after in self.asked)
        return self.after[min(nth, len(self.after)) - 1]


def head_of(answer, cached, now):
    """The head of an answer, with the headers that CloudFront and its origins usually send."""
    usual = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(answer.body)),
        "Date": email.utils.formatdate(now, usegmt=True),
        "Cache-Control": "max-age=86400",
        "ETag": f'"{hashlib.md5(answer.body).hexdigest()}"',
        "Server": "AmazonS3",
        "X-Cache": answer.x_cache,
        "Via": "1.1 3f7ab0c1d9e84c5fa0d2f6e1b7c8a9d4.cloudfront.net (CloudFront)",
        "X-Amz-Cf-Pop": "FRA56-P4",
        "X-Amz-Cf-Id": "q8Kp4mXwzT0bWn0lqgkYxH2m0pS7d1F3yV5u9rB6cJtE8aLhQe2ZGw==",
        "Age": None if cached is None else str(max(0, int(now - cached))),
    }
    others = {name.lower() for name in answer.headers}
    headers = {name: value for name, value in usual.items() if name.lower() not in others} | answer.headers
    lines = [f"HTTP/1.1 {answer.status} Whatever"]
    for name, values in headers.items():
        for value in values if isinstance(values, list) else [values]:
            if value is not None:
                lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")


class Edge:
    """The sites by their hosts."""

    def __init__(self):
        self.sites = {}
        self.strangers = []

    async def serve(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            request = parsed(await reader.readuntil(b"\r\n\r\n"))
            site = self.sites.get(request.headers.get("host", ""))
            if site is None:
                self.strangers.append(request)
                writer.write(head_of(Answer(b"no such host", 404, None), None, time.time()) + b"no such host")
            else:
                try:
                    await send(*site.answer(request), reader, writer)
                finally:
                    site.answered = True
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    @contextlib.contextmanager
    def running(self):
        """Serves on a free port of this machine, which it yields."""
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()
        served = asyncio.run_coroutine_threadsafe(asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=512), loop).result(10)
        try:
            yield served.sockets[0].getsockname()[1]
        finally:
            asyncio.run_coroutine_threadsafe(stop(served), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)


async def stop(served):
    served.close()
    serving = asyncio.all_tasks() - {asyncio.current_task()}
    for task in serving:
        task.cancel()
    await asyncio.gather(*serving, return_exceptions=True)


def parsed(head):
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return Request(method, target, {name.lower(): value.strip() for name, value in pairs})


async def send(answer, cached, reader, writer):
    head = head_of(answer, cached, time.time())
    await asyncio.sleep(answer.delay)
    body = answer.body
    match answer.way:
        case "whole":
            writer.write(head + body)
        case "raw":
            writer.write(body)
        case "cut":
            writer.write(head + body[: len(body) // 2])
        case "chunked":
            chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
            writer.write(head.replace(b"Content-Length:", b"Transfer-Encoding: chunked\r\nX-Length:") + chunks + b"0\r\n\r\n")
        case "trickle":
            writer.write(head)
            for byte in body:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(1)
        case "hang":
            await reader.read()
        case "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        case other:
            raise ValueError(other)
