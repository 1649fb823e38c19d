"""A ledger on SQLite and the same on PostgreSQL; each test has an empty one of its own, copied from one that was made."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from simpeg_sync.ledger import schema
from simpeg_sync.ledger.engine import open_engine
from tests.servers import PostgresServer

from .desk import Desk, ManualClock

OpenDesk = Callable[..., Desk]


def make_ledger(url: str) -> None:
    engine = open_engine(url, create=True)
    schema.upgrade(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    make_ledger(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    url = postgres.create_database()
    make_ledger(url)
    return str(make_url(url).database)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "ledger.db")
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def postgres_url(postgres: PostgresServer, postgres_template: str) -> str:
    name = f"l_{secrets.token_hex(5)}"
    with postgres.connect() as connection:
        connection.cursor().execute(f"CREATE DATABASE {name} TEMPLATE {postgres_template} STRATEGY file_copy")
    return postgres.url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def open_desk() -> Iterator[OpenDesk]:
    with ExitStack() as stack:

        def open_it(url: str, *, owner: str = "alice", clock: ManualClock | None = None) -> Desk:
            desk = Desk(url, clock or ManualClock(), owner)
            stack.enter_context(closing(desk.ledger))
            return desk

        yield open_it


@pytest.fixture
def desk(open_desk: OpenDesk, url: str) -> Desk:
    return open_desk(url)


@pytest.fixture
def sqlite_desk(open_desk: OpenDesk, sqlite_url: str) -> Desk:
    return open_desk(sqlite_url)


@pytest.fixture
def postgres_desk(open_desk: OpenDesk, postgres_url: str) -> Desk:
    return open_desk(postgres_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database()
