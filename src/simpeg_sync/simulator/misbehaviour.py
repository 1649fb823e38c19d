"""Every way in which a call can go wrong, one function each: what is done, and what the client sees of it."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from . import answers
from .answers import Answer
from .classic import answers as classic_answers
from .http import Connection, response_head

# No wait without an end: a test that forgets its seconds shouldn't hold a thread for ever.
SILENCE_S = 60.0
ENDLESS_HEADER_LINES = 5_000_000
BOMB_BYTES = 200_000_000
BOMB_CHUNK_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Turn:
    """One call in the hands of a behaviour."""

    connection: Connection
    args: dict[str, Any]
    # Does what was asked, once, and returns the answer BKN would give.
    execute: Callable[[], Answer]
    # The same read, done for somebody else.
    execute_foreign: Callable[[str | None], Answer]
    # Another row's id in the place of the right one.
    falsify_id: Callable[[Answer], Answer]
    # The call is over; to be said before the last byte leaves.
    end: Callable[[int | None], None]
    deliver: Callable[[Answer], None]

    def execute_if(self, default: bool) -> Answer | None:
        return self.execute() if self.args.get("executed", default) else None


def reset_before(turn: Turn) -> None:
    _reset(turn)


def reset_after_commit(turn: Turn) -> None:
    turn.execute()
    _reset(turn)


def silence_before(turn: Turn) -> None:
    _stay_silent(turn)


def silence_after_commit(turn: Turn) -> None:
    turn.execute()
    _stay_silent(turn)


def delay(turn: Turn) -> None:
    # A server works on even when its client has gone, so the effect may come after the client has looked.
    turn.connection.pause(float(turn.args.get("seconds", 1)))
    turn.deliver(turn.execute())


def delay_after_commit(turn: Turn) -> None:
    answer = turn.execute()
    turn.connection.wait(float(turn.args.get("seconds", 1)))
    turn.deliver(answer)


def drip(turn: Turn) -> None:
    """One byte at a time, either of the head or of the body."""
    answer = turn.execute()
    head, body = response_head(answer, length=len(answer.body)), answer.body
    if turn.args.get("where", "body") == "head":
        whole, slow = b"", head + body
    else:
        whole, slow = head, body
    turn.connection.send(whole)
    for at in range(len(slow)):
        if turn.connection.server_is_stopping or turn.connection.peer_is_gone():
            break
        if at == len(slow) - 1:
            turn.end(answer.status)
        turn.connection.send(slow[at : at + 1])
        turn.connection.wait(float(turn.args.get("interval_s", 0.1)))
    turn.end(answer.status)
    turn.connection.close()


def cut_body(turn: Turn) -> None:
    answer = turn.execute()
    length = None if turn.args.get("no_length") else len(answer.body)
    half = answer.body[: len(answer.body) // 2]
    _send_and_close(turn, response_head(answer, length=length) + half, status=answer.status)


def garbage_status_line(turn: Turn) -> None:
    turn.execute_if(True)
    _send_and_close(turn, b"\x00\xffBKN says hello\r\n\r\n", status=None)


def endless_headers(turn: Turn) -> None:
    turn.execute_if(True)
    turn.end(None)
    turn.connection.send(b"HTTP/1.1 200 OK\r\n")
    lines = b"".join(b"X-More-%d: %s\r\n" % (at, b"a" * 100) for at in range(100))
    for _ in range(ENDLESS_HEADER_LINES // 100):
        if turn.connection.server_is_stopping:
            break
        turn.connection.send(lines)
    turn.connection.close()


def empty_body(turn: Turn) -> None:
    turn.execute_if(True)
    turn.deliver(Answer(int(turn.args.get("status", 200))))


def zero_body(turn: Turn) -> None:
    turn.execute_if(True)
    turn.deliver(Answer(int(turn.args.get("status", 200)), b"0"))


def html_200(turn: Turn) -> None:
    turn.execute_if(False)
    turn.deliver(Answer(200, b"<html><body>Layanan sedang dalam pemeliharaan</body></html>", "text/html"))


def redirect_302(turn: Turn) -> None:
    turn.execute_if(False)
    location = turn.args.get("location", "/login")
    turn.deliver(Answer(302, b"", "text/html", headers=(("Location", location),)))


def status(turn: Turn) -> None:
    """Any answer: `body` is text or JSON."""
    turn.execute_if(False)
    body = turn.args.get("body", {"message": "Internal Server Error"})
    content = body if isinstance(body, str) else json.dumps(body)
    headers = tuple((str(name), str(value)) for name, value in turn.args.get("headers", {}).items())
    turn.deliver(Answer(int(turn.args.get("status", 500)), content.encode(), headers=headers))


def suspended(turn: Turn) -> None:
    turn.execute_if(False)
    turn.deliver(answers.suspended(int(turn.args.get("status", 503))))


def throttle(turn: Turn) -> None:
    turn.execute_if(False)
    retry_after, next_access = turn.args.get("retry_after"), turn.args.get("next_access")
    code = int(turn.args.get("code", 900800))
    turn.deliver(answers.throttled(now=time.time(), retry_after=retry_after, next_access=next_access, code=code))


def runtime_error(turn: Turn) -> None:
    """Runtime Error without the word SUSPENDED."""
    turn.execute_if(False)
    turn.deliver(answers.runtime_error(int(turn.args.get("status", 500))))


def authentication_failure(turn: Turn) -> None:
    """900900, under 401 or 500."""
    turn.execute_if(False)
    turn.deliver(answers.authentication_failure(int(turn.args.get("status", 500))))


def not_subscribed(turn: Turn) -> None:
    turn.execute_if(False)
    turn.deliver(answers.not_subscribed())


def no_resource(turn: Turn) -> None:
    """The gateway, not the backend, knows no such route."""
    turn.execute_if(False)
    turn.deliver(answers.no_resource())


def sso_mismatch(turn: Turn) -> None:
    turn.execute_if(False)
    turn.deliver(answers.sso_mismatch(int(turn.args.get("status", 401))))


def binary_error(turn: Turn) -> None:
    """An error whose body is no text at all."""
    turn.execute_if(False)
    content = b"\x1f\x8b\x00\xff\xfe\x00BKN\x00\x81\x9d"
    turn.deliver(Answer(int(turn.args.get("status", 500)), content, "application/octet-stream"))


def bomb(turn: Turn) -> None:
    """A small body that unpacks to `bytes` bytes of valid JSON."""
    turn.execute_if(True)
    packed = b"".join(_packed(int(turn.args.get("bytes", BOMB_BYTES))))
    turn.deliver(Answer(200, packed, headers=(("Content-Encoding", "gzip"),)))


def foreign(turn: Turn) -> None:
    turn.deliver(turn.execute_foreign(turn.args.get("nip")))


def jwt_expired(turn: Turn) -> None:
    turn.execute_if(False)
    turn.deliver(answers.expired_jwt())


def apim_expired(turn: Turn) -> None:
    turn.execute_if(False)
    turn.deliver(answers.invalid_credentials())


def classic_expired(turn: Turn) -> None:
    turn.execute_if(False)
    turn.deliver(classic_answers.invalid_token("00000000-0000-4000-8000-000000000000"))


def close_after_read(turn: Turn) -> None:
    turn.end(None)
    turn.connection.close()


def wrong_id(turn: Turn) -> None:
    turn.deliver(turn.falsify_id(turn.execute()))


def no_id(turn: Turn) -> None:
    answer = turn.execute()
    body = json.loads(answer.body)
    body.pop("mapData", None)
    turn.deliver(replace(answer, body=json.dumps(body).encode()))


Behaviour = Callable[[Turn], None]

BEHAVIOURS: dict[str, Behaviour] = {
    behaviour.__name__: behaviour
    for behaviour in (
        reset_before,
        reset_after_commit,
        silence_before,
        silence_after_commit,
        delay,
        delay_after_commit,
        drip,
        cut_body,
        garbage_status_line,
        endless_headers,
        empty_body,
        zero_body,
        html_200,
        redirect_302,
        status,
        suspended,
        throttle,
        runtime_error,
        authentication_failure,
        not_subscribed,
        no_resource,
        sso_mismatch,
        binary_error,
        bomb,
        foreign,
        jwt_expired,
        apim_expired,
        classic_expired,
        close_after_read,
        wrong_id,
        no_id,
    )
}


def _reset(turn: Turn) -> None:
    turn.end(None)
    turn.connection.reset()


def _stay_silent(turn: Turn) -> None:
    turn.connection.wait(float(turn.args.get("seconds", SILENCE_S)))
    turn.end(None)
    turn.connection.close()


def _send_and_close(turn: Turn, data: bytes, *, status: int | None) -> None:
    turn.end(status)
    turn.connection.send(data)
    turn.connection.close()


def _packed(unpacked_bytes: int) -> Iterator[bytes]:
    opening, closing = b'{"code":1,"message":"success","data":"', b'"}'
    packer = zlib.compressobj(wbits=31)
    yield packer.compress(opening)
    left = max(0, unpacked_bytes - len(opening) - len(closing))
    chunk = b"a" * BOMB_CHUNK_BYTES
    while left:
        yield packer.compress(chunk[: min(left, BOMB_CHUNK_BYTES)])
        left -= min(left, BOMB_CHUNK_BYTES)
    yield packer.compress(closing)
    yield packer.flush()
