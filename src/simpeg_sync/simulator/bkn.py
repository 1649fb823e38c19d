"""What happens to one call, from the bytes that come in to the bytes that leave or don't."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

from . import answers, outage
from .answers import Answer
from .books import Books, Call
from .dialects import Dialects
from .faults import Faults
from .http import BadRequest, Connection, Request, response_head
from .misbehaviour import BEHAVIOURS, Turn
from .routes import WRITES, Route
from .settings import LiveSettings

# The form BIG-IP gives its pool cookie.
BALANCER_COOKIE = "BIGipServer~SIASN~pool_apimws=rd5o00000000000000000000ffff7f000001o8243; path=/; Httponly"


class Bkn:
    def __init__(self, *, api: Dialects, books: Books, faults: Faults, live: LiveSettings) -> None:
        self._api = api
        self._books = books
        self._faults = faults
        self._live = live
        self.outage = outage.Outage()

    def serve(self, connection: Connection) -> None:
        """All calls of one connection, until one side has had enough."""
        while True:
            try:
                request = connection.read_request()
            except BadRequest:
                connection.send(_bytes(answers.backend_message(400, "Bad Request"), keep_alive=False))
                return
            if request is None:
                return
            self.take(connection, request)
            if not request.keep_alive:
                return

    def take(self, connection: Connection, request: Request) -> None:
        """A behaviour that closed the connection makes the next read fail, which ends `serve`."""
        route = self._api.find(request.method, request.path)
        nip = self._api.nip_of(request, route)
        call = self._books.begin(
            request.method, route.template, nip=nip, is_write=route.action in WRITES, connection=connection
        )
        try:
            self._answer(connection, request, route, call)
        finally:
            self._books.end(call, None)

    def _answer(self, connection: Connection, request: Request, route: Route, call: Call) -> None:
        if bad_news := self.outage.answer(route):
            call.fault = f"outage {self.outage.mode}"
            self._deliver(connection, request, call, bad_news)
            return
        rule = self._faults.take(request, call.nip)
        if rule is None:
            self._deliver(connection, request, call, self._execute(request, route, call))
            return
        call.fault = rule.do
        BEHAVIOURS[rule.do](self._turn(connection, request, route, call, rule.args))

    def _turn(self, connection: Connection, request: Request, route: Route, call: Call, args: dict[str, Any]) -> Turn:
        def execute_foreign(nip: str | None) -> Answer:
            return self._execute(request, self._api.foreign(route, call.nip, nip), call)

        return Turn(
            connection=connection,
            args=args,
            execute=lambda: self._execute(request, route, call),
            execute_foreign=execute_foreign,
            falsify_id=lambda answer: self._falsify_id(route, answer),
            end=lambda status: self._books.end(call, status),
            deliver=lambda answer: self._deliver(connection, request, call, answer),
        )

    def _execute(self, request: Request, route: Route, call: Call) -> Answer:
        answer = self._api.execute(request, route, request_no=call.no)
        call.was_effect = answer.is_effect
        return answer

    def _deliver(self, connection: Connection, request: Request, call: Call, answer: Answer) -> None:
        # The call ends before its answer leaves: whoever has the answer may send the next one.
        self._books.end(call, answer.status)
        settings = self._live.now
        if settings.balancer_cookies and "cookie" not in request.headers:
            answer = replace(answer, headers=(*answer.headers, ("Set-Cookie", BALANCER_COOKIE)))
        connection.send(_bytes(answer, keep_alive=request.keep_alive, date_skew_s=settings.date_skew_s))

    def _falsify_id(self, route: Route, answer: Answer) -> Answer:
        if route.action != "save" or not answer.is_effect:
            return answer
        body = json.loads(answer.body)
        right = body["mapData"]
        if right is None:
            return answer
        right_id = right if isinstance(right, str) else next(iter(right.values()))
        wrong_id = self._api.another_row_id(route, right_id) or str(uuid.uuid4())
        wrong = wrong_id if isinstance(right, str) else dict.fromkeys(right, wrong_id)
        return replace(answer, body=json.dumps({**body, "mapData": wrong}).encode())


def _bytes(answer: Answer, *, keep_alive: bool, date_skew_s: float = 0) -> bytes:
    head = response_head(answer, length=len(answer.body), keep_alive=keep_alive, date_skew_s=date_skew_s)
    return head + answer.body
