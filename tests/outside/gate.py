"""A gate between the service and what plays CloudFront's API: it holds requests for invalidations back until it is opened."""

import asyncio
import contextlib
import re
import threading
from urllib.parse import urlsplit

from own_edge import stop


class Gate:
    """Passes everything on to `upstream`, an address such as http://127.0.0.1:4600."""

    def __init__(self):
        self.upstream = None
        self.is_open = False

    async def serve(self, reader, writer):
        place = urlsplit(self.upstream)
        up_reader, up_writer = await asyncio.open_connection(place.hostname, place.port)
        answers = asyncio.create_task(pass_on(up_reader, writer))
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                while re.match(rb"POST \S+/invalidation", head) and not self.is_open:
                    await asyncio.sleep(0.02)
                up_writer.write(head + body)
                await up_writer.drain()
        answers.cancel()
        up_writer.close()
        writer.close()

    @contextlib.contextmanager
    def running(self):
        """Serves on a free port of this machine, and yields its address."""
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()
        served = asyncio.run_coroutine_threadsafe(asyncio.start_server(self.serve, "127.0.0.1", 0, limit=1 << 20), loop).result(
            10
        )
        try:
            yield f"http://127.0.0.1:{served.sockets[0].getsockname()[1]}"
        finally:
            asyncio.run_coroutine_threadsafe(stop(served), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)


async def pass_on(reader, writer):
    with contextlib.suppress(OSError):
        while some := await reader.read(1 << 16):
            writer.write(some)
            await writer.drain()
        writer.close()
