"""One simulated BKN for this folder, tidied up after each test; a client of it; and people with their own NIPs."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from simpeg_sync.bkn import siasn
from simpeg_sync.bkn.calls import Calls
from simpeg_sync.bkn.client import BknClient
from simpeg_sync.bkn.gate import Gate
from simpeg_sync.bkn.httpx_exchange import HttpxExchange
from simpeg_sync.bkn.tokens import Login, Tokens, client_credentials, password_grant
from simpeg_sync.clock import Clock
from simpeg_sync.domain.change import Nip
from simpeg_sync.domain.outcome import TokenName
from simpeg_sync.domain.record import BknId
from simpeg_sync.secret import Secret
from simpeg_sync.simulator import process
from simpeg_sync.simulator.process import Simulator

SSO_PATH = "/auth/realms/public-siasn/protocol/openid-connect/token"
CALL_LIMIT_S = 5.0


@pytest.fixture(scope="session")
def shared_simulator() -> Iterator[Simulator]:
    with process.start() as simulator:
        yield simulator


@pytest.fixture
def sim(shared_simulator: Simulator) -> Iterator[Simulator]:
    before = shared_simulator.control.settings()
    shared_simulator.control.restart_counters()
    yield shared_simulator
    shared_simulator.control.outage("off")
    shared_simulator.control.delete_faults()
    shared_simulator.control.delete_refusals()
    shared_simulator.control.patch_settings(**before)


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.stop.set()


@pytest.fixture
def exchange() -> Iterator[HttpxExchange]:
    exchange = HttpxExchange()
    yield exchange
    exchange.close()


def apim_login(sim: Simulator, *, secret: str = "fake-consumer-secret") -> Login:
    return client_credentials(f"{sim.url}/oauth2/token", Secret("fake-consumer-key"), Secret(secret))


def sso_login(sim: Simulator, *, username: str = "199001012020011001", password: str = "fake-password") -> Login:
    return password_grant(f"{sim.url}{SSO_PATH}", "fake-instansi-client", Secret(username), Secret(password))


@pytest.fixture
def events() -> list[tuple[TokenName, str]]:
    return []


@pytest.fixture
def bkn(sim: Simulator, exchange: HttpxExchange, clock: Clock, events: list[tuple[TokenName, str]]) -> BknClient:
    tokens = Tokens(
        exchange,
        clock,
        {"apim": apim_login(sim), "sso": sso_login(sim)},
        scheme=siasn.SCHEME,
        deadline_s=CALL_LIMIT_S,
        on_event=lambda token, what: events.append((token, what)),
    )
    gate = Gate(clock, per_second=200.0, in_flight=4)
    return BknClient(siasn.dialect(f"{sim.url}/apisiasn/1.0"), Calls(exchange, tokens, gate, clock, CALL_LIMIT_S))


class Someone:
    def __init__(self, nip: str, pns_id: str) -> None:
        self.nip, self.pns_id = Nip(nip), BknId(pns_id)


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count(100)


@pytest.fixture
def someone(sim: Simulator, numbers: Iterator[int]) -> Callable[[str], Someone]:
    """A new invented civil servant."""

    def make(name: str) -> Someone:
        number = next(numbers)
        nip = f"1985{1 + number // 1000:02}12201001{1 + number % 2}{number % 1000:03}"
        return Someone(nip, sim.control.add_persons({"nipBaru": nip, "nama": f"{name} Rekaan"})[nip])

    return make


@pytest.fixture
def alice(someone: Callable[[str], Someone]) -> Someone:
    return someone("Alice")


@pytest.fixture
def bob(someone: Callable[[str], Someone]) -> Someone:
    return someone("Bob")
