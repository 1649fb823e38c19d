"""The same pull from the simulated BKN, which was written from the reference alone and not from the puller."""

from collections.abc import Iterator

import pytest

from simpeg_sync.bkn.calls import Calls
from simpeg_sync.bkn.codes import ReferenceTable, load_bundle
from simpeg_sync.bkn.gate import Gate
from simpeg_sync.bkn.httpx_exchange import HttpxExchange
from simpeg_sync.bkn.reference import UNOR, ReferencePuller
from simpeg_sync.bkn.refusals import Keys
from simpeg_sync.bkn.siasn import SCHEME
from simpeg_sync.bkn.tokens import Tokens, client_credentials, password_grant
from simpeg_sync.clock import Clock
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.reference import Pull, ReferenceCodes
from simpeg_sync.secret import Secret
from simpeg_sync.simulator import process
from simpeg_sync.simulator.process import Simulator
from tests.ledger.desk import ManualClock
from tests.ledger.test_reference import GOLONGAN, stored

SSO_PATH = "/auth/realms/public-siasn/protocol/openid-connect/token"
OPERATOR = Secret("199001012020011001")


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with process.start() as simulator:
        yield simulator


@pytest.fixture
def puller(sim: Simulator, sqlite_url: str) -> Iterator[ReferencePuller[Pull]]:
    exchange, clock = HttpxExchange(), Clock()
    keys: Keys = {
        "apim": client_credentials(
            f"{sim.url}/oauth2/token", Secret("fake-consumer-key"), Secret("fake-consumer-secret")
        ),
        "sso": password_grant(f"{sim.url}{SSO_PATH}", "fake-instansi-client", OPERATOR, Secret("fake-password")),
    }
    tokens = Tokens(exchange, clock, keys, scheme=SCHEME, deadline_s=5.0, on_event=lambda token, what: None)
    calls = Calls(exchange, tokens, Gate(clock, per_second=500.0, in_flight=1), clock, 5.0)
    store = ReferenceCodes(open_engine(sqlite_url), ManualClock())
    yield ReferencePuller(store, calls, f"{sim.url}/apisiasn/1.0", calls, f"{sim.url}/referensi_siasn/1", page_size=7)
    exchange.close()


def test_the_bundled_tables_come_back_as_they_are(puller: ReferencePuller[Pull], sqlite_url: str) -> None:
    bundle = load_bundle()
    assert puller.pull(GOLONGAN) == 17
    assert set(stored(open_engine(sqlite_url))) == set(bundle.tables["golongan"].codes)
    assert puller.pull(ReferenceTable("jenis-diklat", "jenis_diklat")) == 25
    assert stored(open_engine(sqlite_url), "jenis-diklat") == bundle.tables["jenisDiklat"].codes


def test_a_large_table_and_the_unit_tree_come_page_by_page(
    sim: Simulator, puller: ReferencePuller[Pull], sqlite_url: str
) -> None:
    sim.control.add_references("instansi", [{"id": f"{n:032x}", "nama": f"Instansi {n}"} for n in range(1, 24)])
    sim.control.add_references("ref-unor", [{"Id": f"{n:032x}", "NamaUnor": f"Unit {n}"} for n in range(1, 16)])
    for table, count in ((ReferenceTable("instansi", "nama"), 23), (UNOR, 15)):
        assert puller.pull(table) == count
    assert stored(open_engine(sqlite_url), "ref-unor")[f"{9:032x}"] == "Unit 9"
