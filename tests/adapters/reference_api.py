"""BKN's reference tables as an Exchange: pages by limit and offset, a count or none, and the oddities that a test asks for.

The same over HTTP on loopback, with both token servers beside it, for commands that run as processes.
"""

import contextlib
import http.server
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from simpeg_sync.bkn.exchange import Answer, Exchanged, Request

Row = dict[str, Any]
BASE, REFERENCE = "http://bkn.invalid/apisiasn/1.0", "http://bkn.invalid/referensi_siasn/1"


def rows(count: int, *, start: int = 1) -> list[Row]:
    return [{"id": f"{number:04}", "nama": f"Nama {number}"} for number in range(start, start + count)]


@dataclass(slots=True)
class ReferenceApi:
    """``tables``: last part of the path -> rows."""

    tables: dict[str, list[Row]]
    has_count: bool = True
    rows_max: int = 1000
    """The most rows that one page has, whatever is asked for."""
    takes_offset: bool = True
    count_is: Callable[[int], Any] = lambda count: count
    instead: Callable[[str, int], Exchanged | None] = lambda table, number: None
    """An answer to the n-th request in place of the page."""
    accepts_login: bool = True
    needs: tuple[str, ...] = ("authorization", "auth")
    asked: list[tuple[str, int, int]] = field(default_factory=list)
    """Table, limit and offset of every request."""
    headers: list[dict[str, str]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    def send(self, request: Request, *, deadline_s: float) -> Exchanged:
        headers = {name.lower(): value for name, value in request.headers.items()}
        return self.answer(request.method, urllib.parse.urlsplit(request.url).path, request.url, headers)

    def close(self) -> None: ...

    def answer(self, method: str, path: str, url: str, headers: dict[str, str]) -> Exchanged:
        if method == "POST":
            return self._login(path)
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        table, limit, offset = path.rsplit("/", 1)[1], int(query["limit"]), int(query["offset"])
        self.headers.append(headers)
        if any(name not in headers for name in self.needs):
            return as_json(400, {"message": "missing or malformed jwt"})
        self.asked.append((table, limit, offset))
        odd = self.instead(table, len(self.asked))
        if odd is not None:
            return odd
        if table not in self.tables:
            return as_json(404, {"message": "Not Found"})
        whole = self.tables[table]
        start = offset if self.takes_offset else 0
        page = whole[start : start + min(limit, self.rows_max)]
        more = {"count": self.count_is(len(whole))} if self.has_count else {}
        return as_json(200, {"code": 1, **more, "data": page, "message": "success"})

    def _login(self, path: str) -> Exchanged:
        self.logins.append(path.rsplit("/", 1)[1])
        if not self.accepts_login:
            return as_json(401, {"error": "invalid_grant", "error_description": "Invalid user credentials"})
        return as_json(200, {"access_token": f"fake-{len(self.logins)}", "expires_in": 3600})


def as_json(status: int, body: Any) -> Answer:
    return Answer(status, {}, json.dumps(body).encode())


@contextlib.contextmanager
def served(api: ReferenceApi) -> Iterator[str]:
    """The api on a port of this machine; gives its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            found = {name.lower(): value for name, value in self.headers.items()}
            answer = api.answer(self.command, urllib.parse.urlsplit(self.path).path, self.path, found)
            assert isinstance(answer, Answer)
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            with contextlib.suppress(OSError):  # a client that was killed
                self.wfile.write(answer.body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
