"""The outcome suite of the Exchange port: every adapter passes the same, and another adapter is one more line below.

What counts: the deadline holds whatever the peer does, and `was_sent=False` comes only where the peer proves it.
Sources: fault matrix 3.1 and rows 38-48; design section 8, the traps of other transports.
"""

import contextlib
import dataclasses
import functools
import gzip
import json
import logging
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import pytest

from simpeg_sync.bkn.exchange import Answer, Exchange, Exchanged, NoAnswer, Request
from simpeg_sync.bkn.httpx_exchange import HttpxExchange
from simpeg_sync.bkn.pyreqwest_exchange import PyreqwestExchange

from .peers import Behaviour, Peer, Talk, black_hole, closed_port, until

NIP = "198501122010011001"
TOKENS = {"Authorization": "Bearer fake-apim-token", "Auth": "bearer fake-sso-token"}
TOLERANCE_S = 0.5


class Make(Protocol):
    def __call__(self, *, connections: int = ..., ca_file: str | None = ..., body_max: int = ...) -> Exchange: ...


CONNECT_LIMIT_S = 0.4
"""Below every deadline of this suite that a connect may use up."""
ADAPTERS: Mapping[str, Make] = {
    "httpx": HttpxExchange,
    "pyreqwest": functools.partial(PyreqwestExchange, connect_limit_s=CONNECT_LIMIT_S),
}


@pytest.fixture(params=sorted(ADAPTERS))
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(adapter: str) -> Iterator[Make]:
    with contextlib.ExitStack() as stack:

        def made(**options: Any) -> Exchange:
            exchange = ADAPTERS[adapter](**options)
            stack.callback(exchange.close)
            return exchange

        yield made


@pytest.fixture
def exchange(make: Make) -> Exchange:
    return make()


def save_to(url: str, body: bytes = b"{}") -> Request:
    return Request("POST", f"{url}/kursus/save?nip={NIP}", TOKENS, body)


def sent(exchange: Exchange, request: Request, *, deadline_s: float = 3.0) -> Exchanged:
    """The call, and the proof that it kept its deadline."""
    started = time.monotonic()
    exchanged = exchange.send(request, deadline_s=deadline_s)
    assert time.monotonic() - started <= deadline_s + TOLERANCE_S
    return exchanged


def no_answer(exchanged: Exchanged) -> NoAnswer:
    assert isinstance(exchanged, NoAnswer), exchanged
    return exchanged


def an_answer(exchanged: Exchanged) -> Answer:
    assert isinstance(exchanged, Answer), exchanged
    return exchanged


# ------------------------------------------------------------------------------------------------------ proved unsent


def test_a_refused_connection_is_proved_unsent(exchange: Exchange) -> None:
    exchanged = sent(exchange, save_to(f"http://127.0.0.1:{closed_port()}"))
    assert exchanged == NoAnswer(False, "refused")


def test_a_name_that_does_not_resolve_is_proved_unsent(
    exchange: Exchange, adapter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def unknown(host: Any, *_: Any, **__: Any) -> Any:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    # The native adapter asks the C library, which gives up on so long a label without asking anybody.
    host = "bkn.invalid" if adapter == "httpx" else f"{'b' * 64}.invalid"
    assert sent(exchange, save_to(f"http://{host}")) == NoAnswer(False, "dns")
    assert len(asked) == (1 if adapter == "httpx" else 0)


def resolved(adapter: str, trouble: str) -> NoAnswer | int:
    """What came of a call where the machine's own resolver has the trouble: `resolving.py` plays it in a process of its own."""
    command = ["unshare", "-Urnm", sys.executable, "-m", "tests.bkn.resolving", adapter, trouble]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    if "unshare" in done.stderr:
        pytest.skip(f"this machine allows no namespaces of one's own: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["elapsed_s"] <= result["deadline_s"] + TOLERANCE_S
    return result["status"] if result["status"] else NoAnswer(result["was_sent"], result["kind"])


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_a_resolver_that_never_answers_does_not_outlast_the_deadline_and_nothing_is_sent(adapter: str) -> None:
    assert resolved(adapter, "silent") == NoAnswer(False, "connect_timeout")


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_two_addresses_that_are_black_holes_share_the_deadline(adapter: str) -> None:
    assert resolved(adapter, "two black holes") == NoAnswer(False, "connect_timeout")


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_the_second_address_is_tried_after_a_black_hole(adapter: str) -> None:
    assert resolved(adapter, "one black hole") == 200


def test_a_connect_still_under_way_at_the_deadline_is_uncertain_where_the_adapter_cannot_tell() -> None:
    """pyreqwest's one deadline does not say how far the call had come; its limit for connecting does."""
    with contextlib.closing(PyreqwestExchange(connect_limit_s=5.0)) as exchange, black_hole() as port:
        exchanged = sent(exchange, save_to(f"http://127.0.0.1:{port}"), deadline_s=0.3)
    assert exchanged == NoAnswer(True, "deadline")


def test_a_black_hole_on_connect_ends_at_the_deadline_and_is_proved_unsent(exchange: Exchange) -> None:
    with black_hole() as port:
        assert sent(exchange, save_to(f"http://127.0.0.1:{port}"), deadline_s=0.5) == NoAnswer(False, "connect_timeout")


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("https://[bad", "fake"),
        ("ftp://127.0.0.1/", "fake"),
        ("http://127.0.0.1:99999999/", "fake"),
        ("http://127.0.0.1/a\nb", "fake"),
        ("{peer}/", "line\r\nX-More: 1"),
        ("{peer}/", "tok\u00e9n"),
        ("{peer}/", "\ufefftoken"),
    ],
    ids=[
        "bad host",
        "other scheme",
        "bad port",
        "line break in the URL",
        "line break",
        "accent",
        "byte-order mark",
    ],
)
def test_what_is_no_request_at_all_is_proved_unsent(exchange: Exchange, url: str, token: str) -> None:
    with Peer(always(lambda talk: talk.answer(b"{}"))) as peer:
        request = Request("POST", url.format(peer=peer.url), {"Auth": f"bearer {token}"}, b"{}")
        assert sent(exchange, request) == NoAnswer(False, "unsendable")
        assert peer.accepted == 0


# ---------------------------------------------------------------------------------------------------------------- TLS


def certify(certificate: Path, subject: str, *extensions: str, issuer: Path | None = None) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", f"/CN={subject}", "-out", str(certificate)]
    command += ["-keyout", str(certificate.with_suffix(".key"))]
    if issuer is not None:
        command += ["-CA", str(issuer), "-CAkey", str(issuer.with_suffix(".key"))]
    for extension in extensions:
        command += ["-addext", extension]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, ssl.SSLContext]]:
    """A certificate for a name: the authority to trust, and the context to serve with."""
    folder = tmp_path_factory.mktemp("tls")
    authority, other = folder / "authority.pem", folder / "other-authority.pem"
    for issuer in (authority, other):
        certify(issuer, issuer.stem, "basicConstraints=critical,CA:TRUE")
    (folder / "bundle.pem").write_bytes(other.read_bytes() + authority.read_bytes())

    def made(name: str) -> tuple[Path, ssl.SSLContext]:
        certificate = folder / f"{name}.pem"
        if not certificate.exists():
            extensions = (f"subjectAltName={name}", "basicConstraints=critical,CA:FALSE")
            certify(certificate, "rekaan", *extensions, issuer=authority)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        return authority, context

    return made


Certificates = Callable[[str], tuple[Path, ssl.SSLContext]]


def test_a_trusted_certificate_is_accepted(make: Make, certificates: Certificates) -> None:
    ca_file, tls = certificates("IP:127.0.0.1")
    with Peer(always(lambda talk: talk.answer(b"{}")), tls=tls) as peer:
        assert an_answer(sent(make(ca_file=str(ca_file)), save_to(peer.url))).status == 200


def test_every_certificate_of_the_file_is_trusted(make: Make, certificates: Certificates) -> None:
    ca_file, tls = certificates("IP:127.0.0.1")
    with Peer(always(lambda talk: talk.answer(b"{}")), tls=tls) as peer:
        exchange = make(ca_file=str(ca_file.with_name("bundle.pem")))
        assert an_answer(sent(exchange, save_to(peer.url))).status == 200


def test_a_certificate_that_nobody_trusts_is_refused_before_a_byte_of_the_request(
    exchange: Exchange, certificates: Certificates
) -> None:
    _, tls = certificates("IP:127.0.0.1")
    with Peer(always(lambda talk: talk.answer(b"{}")), tls=tls) as peer:
        assert sent(exchange, save_to(peer.url)) == NoAnswer(False, "tls")
        assert (peer.accepted, peer.requests) == (1, [])


def test_a_certificate_of_another_name_is_refused(make: Make, certificates: Certificates) -> None:
    ca_file, tls = certificates("DNS:elsewhere.invalid")
    with Peer(always(lambda talk: talk.answer(b"{}")), tls=tls) as peer:
        assert sent(make(ca_file=str(ca_file)), save_to(peer.url)) == NoAnswer(False, "tls")
        assert (peer.accepted, peer.requests) == (1, [])


def test_tls_older_than_1_2_is_refused(make: Make, certificates: Certificates) -> None:
    ca_file, _ = certificates("IP:127.0.0.1")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = ca_file.with_name("IP:127.0.0.1.pem")
    old.load_cert_chain(certificate, certificate.with_suffix(".key"))
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with Peer(always(lambda talk: talk.answer(b"{}")), tls=old) as peer:
        assert sent(make(ca_file=str(ca_file)), save_to(peer.url)) == NoAnswer(False, "tls")
        assert (peer.accepted, peer.requests) == (1, [])


def test_plain_http_on_a_tls_port_is_refused(exchange: Exchange) -> None:
    with Peer(lambda peer, talk: talk.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as peer:
        assert no_answer(sent(exchange, save_to(f"https://127.0.0.1:{peer.port}"))).was_sent is False
        assert peer.accepted == 1


def test_a_silent_tls_handshake_ends_at_the_deadline(exchange: Exchange) -> None:
    with Peer(lambda peer, talk: talk.stay_silent()) as peer:
        exchanged = sent(exchange, save_to(f"https://127.0.0.1:{peer.port}"), deadline_s=0.5)
        assert no_answer(exchanged).was_sent is False
        assert peer.accepted == 1


# ---------------------------------------------------------------------------------------- what a peer can do to a call


def always(answer: Callable[[Talk], None]) -> Behaviour:
    """Reads request after request and answers each."""

    def behave(peer: Peer, talk: Talk) -> None:
        while peer.read(talk) is not None:
            answer(talk)

    return behave


def once(act: Callable[[Peer, Talk], None]) -> Behaviour:
    """Reads one request, does something, hangs up."""

    def behave(peer: Peer, talk: Talk) -> None:
        if peer.read(talk) is not None:
            act(peer, talk)

    return behave


def steps(*each: Callable[[Talk], None]) -> Callable[[Peer, Talk], None]:
    def act(_: Peer, talk: Talk) -> None:
        for step in each:
            step(talk)

    return act


def commit_then_reset(peer: Peer, talk: Talk) -> None:
    peer.commit()
    talk.reset()


def endless_headers(_: Peer, talk: Talk) -> None:
    talk.send(b"HTTP/1.1 200 OK\r\n")
    for number in range(100_000):
        talk.send(b"X-%d: %s\r\n" % (number, b"x" * 200))


def packed(body: bytes, coding: str) -> Callable[[Peer, Talk], None]:
    return lambda _, talk: talk.answer(body, headers=f"Content-Encoding: {coding}\r\n")


def zeros(size: int) -> bytes:
    return gzip.compress(bytes(size), compresslevel=6)


BOMB = zeros(64 * 1024 * 1024)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@dataclasses.dataclass(frozen=True)
class Fault:
    act: Callable[[Peer, Talk], None]
    kinds: tuple[str, ...]


FAULTS: dict[str, Fault] = {
    "reset after read": Fault(lambda _, talk: talk.reset(), ("reset",)),
    "reset after commit": Fault(commit_then_reset, ("reset",)),
    "closed without a word": Fault(lambda _, talk: talk.close(), ("cut",)),
    "silence": Fault(lambda _, talk: talk.stay_silent(), ("deadline",)),
    "drip in the header": Fault(lambda _, talk: talk.drip(OK + b"X: y\r\n" * 50), ("deadline",)),
    "drip in the body": Fault(
        steps(lambda talk: talk.send(OK + b"Content-Length: 500\r\n\r\n"), lambda talk: talk.drip(b"x" * 500)),
        ("deadline",),
    ),
    "drip in a chunked body": Fault(
        steps(
            lambda talk: talk.send(OK + b"Transfer-Encoding: chunked\r\n\r\n"),
            lambda talk: talk.drip(b"1\r\nx\r\n" * 99),
        ),
        ("deadline",),
    ),
    "100 Continue without an end": Fault(
        lambda _, talk: talk.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 99, every_s=0.002), ("deadline",)
    ),
    "body cut under its length": Fault(
        lambda _, talk: talk.send(OK + b'Content-Length: 100\r\n\r\n{"success":true'), ("cut",)
    ),
    "body cut between chunks": Fault(
        lambda _, talk: talk.send(OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"), ("cut",)
    ),
    "reset in the body": Fault(
        steps(lambda talk: talk.send(OK + b"Content-Length: 100\r\n\r\n{"), lambda talk: talk.pause(0.1), Talk.reset),
        ("reset", "cut"),
    ),
    "no HTTP in the status line": Fault(lambda _, talk: talk.send(b"ERROR 17 at line 3\r\n\r\n"), ("cut", "garbled")),
    "status that is no number": Fault(lambda _, talk: talk.send(b"HTTP/1.1 abc OK\r\n\r\n"), ("cut", "garbled")),
    "a length beyond all memory": Fault(
        lambda _, talk: talk.send(OK + b"Content-Length: 9223372036854775807\r\n\r\n" + b"x" * 70_000), ("cut",)
    ),
    "two lengths": Fault(
        lambda _, talk: talk.send(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), ("cut", "garbled")
    ),
    "headers without an end": Fault(endless_headers, ("cut", "garbled", "too_big")),
    "gzip bomb": Fault(packed(BOMB, "gzip"), ("too_big",)),
    "gzip bomb in gzip": Fault(packed(gzip.compress(BOMB), "gzip, gzip"), ("garbled", "too_big")),
    "deflate, which nobody asked for": Fault(packed(zlib.compress(b"{}"), "deflate"), ("garbled",)),
    "gzip that is none": Fault(packed(b"no gzip", "gzip"), ("garbled",)),
    "gzip cut short": Fault(packed(gzip.compress(b'{"success":true}')[:-6], "gzip"), ("garbled",)),
    "body over the cap": Fault(lambda _, talk: talk.answer(bytes(2_000_000)), ("too_big",)),
    "body over the cap, no length": Fault(
        lambda _, talk: talk.send(OK + b"Connection: close\r\n\r\n" + bytes(2_000_000)), ("too_big",)
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_request_that_was_read_is_never_called_unsent(name: str, make: Make) -> None:
    """Whatever happens after the request arrived: no answer, in time, perhaps with an effect, and sent exactly once."""
    fault, exchange = FAULTS[name], make(body_max=1_000_000)
    with Peer(once(fault.act)) as peer:
        exchanged = no_answer(sent(exchange, save_to(peer.url), deadline_s=1.0))
        assert exchanged.was_sent
        assert exchanged.kind in fault.kinds
        assert (peer.accepted, len(peer.requests)) == (1, 1)
        assert peer.effects == (1 if name == "reset after commit" else 0)


def test_a_reset_before_the_request_was_read_is_not_proved_unsent(exchange: Exchange) -> None:
    """It lay in the kernel; who can say what the other side took? (pyreqwest calls this a ConnectError: design, 8.)"""

    def behave(peer: Peer, talk: Talk) -> None:
        talk.await_first_byte()
        talk.reset()

    with Peer(behave) as peer:
        assert no_answer(sent(exchange, save_to(peer.url))).was_sent
        assert (peer.accepted, peer.requests) == (1, [])


def test_a_peer_that_reads_an_upload_in_sips_does_not_outlast_the_deadline(exchange: Exchange) -> None:
    with Peer(lambda peer, talk: talk.sip()) as peer:
        exchanged = sent(exchange, save_to(peer.url, bytes(40_000_000)), deadline_s=0.8)
        assert exchanged == NoAnswer(True, "deadline")
        assert peer.accepted == 1


def test_half_a_json_without_a_length_arrives_as_an_answer_that_only_its_reader_can_judge(exchange: Exchange) -> None:
    with Peer(once(lambda _, talk: talk.send(OK + b'Connection: close\r\n\r\n{"success":tr'))) as peer:
        assert an_answer(sent(exchange, save_to(peer.url))).body == b'{"success":tr'
        assert len(peer.requests) == 1


def test_a_packed_answer_is_unpacked(exchange: Exchange) -> None:
    body = json.dumps({"data": "x" * 100_000}).encode()
    with Peer(once(packed(gzip.compress(body), "gzip"))) as peer:
        assert an_answer(sent(exchange, save_to(peer.url))).body == body


def test_a_header_beyond_ascii_costs_neither_the_answer_nor_the_other_headers(exchange: Exchange) -> None:
    answer = b"HTTP/1.1 200 OK\r\nX-Name: caf\xe9\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}"
    with Peer(once(lambda _, talk: talk.send(answer))) as peer:
        arrived = an_answer(sent(exchange, save_to(peer.url)))
        assert (arrived.headers["retry-after"], arrived.body) == ("7", b"{}")


def test_a_header_that_comes_twice_is_joined(exchange: Exchange) -> None:
    with Peer(once(lambda _, talk: talk.answer(b"{}", headers="X-A: 1\r\nX-A: 2\r\n"))) as peer:
        assert an_answer(sent(exchange, save_to(peer.url))).headers["x-a"] == "1, 2"


def test_a_long_answer_arrives_whole_and_so_does_what_was_sent(exchange: Exchange) -> None:
    """Around the 64 KiB that one step reads."""
    with Peer(always(lambda talk: talk.answer(b""))) as peer:
        an_answer(sent(exchange, save_to(peer.url, bytes(3_000_000))))
        assert len(peer.requests[0].body) == 3_000_000
    for size in (0, 1, 65_535, 65_536, 65_537, 131_072, 3_000_000):
        body = bytes(range(256)) * (size // 256) + bytes(size % 256)
        with Peer(once(lambda _, talk, body=body: talk.answer(body))) as peer:  # type: ignore[misc]
            assert an_answer(sent(exchange, save_to(peer.url))).body == body


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_a_body_is_an_answer(exchange: Exchange, status: str) -> None:
    answer = f"HTTP/1.1 {status}\r\nContent-Encoding: gzip\r\n\r\n".encode()
    with Peer(once(lambda _, talk: talk.send(answer))) as peer:
        assert an_answer(sent(exchange, save_to(peer.url))).body == b""


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_a_bad_status_is_an_answer_and_header_names_come_in_lower_case(exchange: Exchange, status: int) -> None:
    with Peer(once(lambda _, talk: talk.answer(b"no", status=f"{status} X", headers="Retry-After: 7\r\n"))) as peer:
        answer = an_answer(sent(exchange, save_to(peer.url)))
        assert (answer.status, answer.headers["retry-after"], answer.body) == (status, "7", b"no")


# --------------------------------------------------------------------------------------------- redirects and proxies


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_no_token_goes_elsewhere(exchange: Exchange, status: int, method: str) -> None:
    with Peer(always(lambda talk: talk.answer(b"{}"))) as elsewhere:
        headers = f"Location: {elsewhere.url}/login\r\n"
        with Peer(once(lambda _, talk: talk.answer(b"", status=f"{status} X", headers=headers))) as peer:
            request = Request(method, f"{peer.url}/a", TOKENS, b"{}" if method == "POST" else None)
            assert an_answer(sent(exchange, request)).status == status
            assert len(peer.requests) == 1
        assert elsewhere.accepted == 0


def test_a_redirect_to_nonsense_is_no_exception(exchange: Exchange) -> None:
    with Peer(once(lambda _, talk: talk.answer(b"", status="302 X", headers="Location: http://[bad\r\n"))) as peer:
        sent(exchange, save_to(peer.url))
        assert len(peer.requests) == 1


def test_proxy_variables_of_the_environment_are_ignored(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Personal data must not take a road that nobody configured."""
    with Peer(always(lambda talk: talk.answer(b"{}"))) as proxy, Peer(always(lambda talk: talk.answer(b"1"))) as peer:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
            monkeypatch.setenv(name.lower(), proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        assert an_answer(sent(make(), save_to(peer.url))).body == b"1"
        assert no_answer(sent(make(), save_to(f"https://127.0.0.1:{peer.port}"), deadline_s=1.0))
        assert (proxy.accepted, len(peer.requests)) == (0, 1)


# ----------------------------------------------------------------------------------------------- kept-alive and shared


def test_a_connection_is_kept_and_used_again(exchange: Exchange) -> None:
    with Peer(always(lambda talk: talk.answer(b"{}"))) as peer:
        for _ in range(5):
            an_answer(sent(exchange, save_to(peer.url)))
        assert (peer.accepted, len(peer.requests)) == (1, 5)


def test_a_kept_connection_that_closes_as_we_send_is_uncertain_and_not_sent_again(exchange: Exchange) -> None:
    def behave(peer: Peer, talk: Talk) -> None:
        if peer.read(talk) is not None:
            talk.answer(b"{}")
            peer.read(talk)

    with Peer(behave) as peer:
        an_answer(sent(exchange, save_to(peer.url)))
        assert no_answer(sent(exchange, save_to(peer.url))).was_sent
        assert (peer.accepted, len(peer.requests)) == (1, 2)


@pytest.mark.parametrize("count", [2, 12])
def test_a_server_that_takes_a_request_and_hangs_up_gets_it_once(make: Make, count: int) -> None:
    """reqwest's pool sends a request again if its connection had gone before the first byte; never after."""

    def behave(peer: Peer, talk: Talk) -> None:
        for _ in range(count):
            if peer.read(talk) is None:
                return
            talk.answer(b"{}")
        if peer.read(talk) is not None:
            peer.commit()
            talk.reset()

    with Peer(behave) as peer:
        exchange = make(connections=1)
        for _ in range(count):
            an_answer(sent(exchange, save_to(peer.url)))
        assert no_answer(sent(exchange, save_to(peer.url))).was_sent
        assert (peer.accepted, len(peer.requests), peer.effects) == (1, count + 1, 1)


def test_many_threads_against_a_server_that_hangs_up_after_every_answer_send_nothing_twice(make: Make) -> None:
    """A close races with the next request on the connection: each body arrives at most once, and once where it was answered."""
    exchange, rounds = make(connections=8), 40

    def behave(peer: Peer, talk: Talk) -> None:
        for _ in range(2):
            if peer.read(talk) is None:
                return
            talk.answer(b"{}")

    def run(peer: Peer, number: int) -> dict[bytes, Exchanged]:
        bodies = [b"%d/%d" % (number, turn) for turn in range(rounds)]
        return {body: sent(exchange, Request("POST", f"{peer.url}/a", {}, body)) for body in bodies}

    with Peer(behave) as peer, ThreadPoolExecutor(8) as threads:
        outcomes: dict[bytes, Exchanged] = {}
        for done in [threads.submit(run, peer, number) for number in range(8)]:
            outcomes |= done.result()
        arrived = [seen.body for seen in peer.requests]
    assert len(arrived) == len(set(arrived))
    assert {body for body, outcome in outcomes.items() if isinstance(outcome, Answer)} <= set(arrived)
    unsent = {body for body, outcome in outcomes.items() if isinstance(outcome, NoAnswer) and not outcome.was_sent}
    assert unsent.isdisjoint(arrived)


def test_a_kept_connection_that_was_closed_before_is_replaced(exchange: Exchange) -> None:
    closed = threading.Event()

    def behave(peer: Peer, talk: Talk) -> None:
        if peer.read(talk) is not None:
            talk.answer(b"{}")
            talk.hang_up()
            closed.set()

    with Peer(behave) as peer:
        an_answer(sent(exchange, save_to(peer.url)))
        assert closed.wait(5)
        an_answer(sent(exchange, save_to(peer.url)))
        assert (peer.accepted, len(peer.requests)) == (2, 2)


def test_an_exchange_goes_on_after_each_failure(make: Make) -> None:
    """No failed call takes its connection out of the pool for good."""
    exchange = make(connections=1)
    for name in ("silence", "reset after read", "body over the cap", "gzip cut short", "drip in the body"):
        with Peer(once(FAULTS[name].act)) as peer:
            exchange.send(save_to(peer.url), deadline_s=0.3)
            assert len(peer.requests) == 1, name
    with Peer(always(lambda talk: talk.answer(b"{}"))) as peer:
        an_answer(sent(exchange, save_to(peer.url)))


def test_who_waits_for_a_free_connection_keeps_the_deadline_and_is_proved_unsent(make: Make) -> None:
    exchange = make(connections=1)
    with Peer(once(lambda _, talk: talk.stay_silent())) as peer, ThreadPoolExecutor(4) as threads:
        first = threads.submit(sent, exchange, save_to(peer.url), deadline_s=1.5)
        until(lambda: len(peer.requests) == 1)
        others = [threads.submit(sent, exchange, save_to(peer.url), deadline_s=0.3) for _ in range(3)]
        assert [no_answer(other.result()).was_sent for other in others] == [False] * 3
        assert no_answer(first.result()).was_sent
        assert len(peer.requests) == 1


def test_64_threads_share_an_exchange_and_each_gets_its_own_answer_within_its_own_deadline(make: Make) -> None:
    """Every second thread meets silence with a short deadline; the others' slow answers must not be cut by it."""
    exchange, threads_count, rounds = make(connections=64), 64, 3
    start = threading.Barrier(threads_count)

    def behave(peer: Peer, talk: Talk) -> None:
        while (seen := peer.read(talk)) is not None:
            if " /silent" in seen.line:
                talk.stay_silent()
                return
            talk.pause(0.5)
            talk.answer(seen.body)

    def impatient(peer: Peer, number: int) -> None:
        for _ in range(rounds):
            request = Request("POST", f"{peer.url}/silent", {}, str(number).encode())
            assert sent(exchange, request, deadline_s=0.2 + number / 200) == NoAnswer(True, "deadline")

    def patient(peer: Peer, number: int) -> None:
        for turn in range(rounds):
            body = f"{number}/{turn}".encode()
            assert an_answer(sent(exchange, Request("POST", f"{peer.url}/a", {}, body), deadline_s=5.0)).body == body

    def run(peer: Peer, number: int) -> None:
        start.wait(5)
        (impatient if number % 2 else patient)(peer, number)

    with Peer(behave) as peer, ThreadPoolExecutor(threads_count) as threads:
        for done in [threads.submit(run, peer, number) for number in range(threads_count)]:
            done.result()
        arrived = Counter(seen.body.decode() for seen in peer.requests)
    # On a busy machine a short deadline may be over before the request has left; nothing arrives more often than sent.
    assert all(arrived[f"{number}/{turn}"] == 1 for number in range(0, threads_count, 2) for turn in range(rounds))
    assert all(arrived[str(number)] <= rounds for number in range(1, threads_count, 2))


def test_a_short_deadline_ends_with_its_call(exchange: Exchange) -> None:
    """The next call of the same thread, over the same connection, has a deadline of its own."""

    def answer(talk: Talk) -> None:
        talk.pause(0.4)
        talk.answer(b"{}")

    with Peer(always(answer)) as peer:
        assert no_answer(sent(exchange, save_to(peer.url), deadline_s=0.2)).was_sent
        for _ in range(2):
            an_answer(sent(exchange, save_to(peer.url), deadline_s=3.0))


def test_no_log_line_names_a_person(exchange: Exchange, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.NOTSET)
    with Peer(once(FAULTS["reset after read"].act)) as peer:
        sent(exchange, save_to(peer.url))
    with Peer(once(lambda _, talk: talk.answer(b"{}"))) as peer:
        sent(exchange, save_to(peer.url))
    sent(exchange, save_to(f"http://127.0.0.1:{closed_port()}"))
    exchange.close()
    assert NIP not in caplog.text


def test_nothing_that_is_handed_around_shows_tokens_persons_or_content(exchange: Exchange) -> None:
    secret = b'{"nip": "%s"}' % NIP.encode()
    with Peer(once(lambda _, talk: talk.answer(secret, headers=f"X: {NIP}\r\n"))) as peer:
        request = save_to(peer.url, secret)
        shown = repr([request, sent(exchange, request), sent(exchange, save_to(f"http://127.0.0.1:{closed_port()}"))])
        assert peer.requests[0].body == secret
    assert not [word for word in (NIP, "fake-apim-token", "fake-sso-token") if word in shown]
