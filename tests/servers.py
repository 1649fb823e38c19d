"""Real PostgreSQL and MariaDB servers for one test process: private, on loopback, gone when the process is.

Each worker of pytest-xdist starts its own, and only when a test asks for it. Data lies under a short path
because a socket's path has a limit of 108 bytes.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest

START_LIMIT_S = 60.0
DATABASE_USER = "owner"


class Server(ABC):
    """One private server. ``create_database`` gives the URL of an empty database of its own."""

    package: str
    accounts: tuple[str, ...]

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="ss-", dir="/tmp"))
        self.data = self.directory / "data"
        self.port = _free_port()
        self.password = secrets.token_hex(8)
        self._account = _unprivileged_account(self.accounts)
        self._process: subprocess.Popen[bytes] | None = None
        if self._account is not None:
            os.chown(self.directory, self._account.pw_uid, self._account.pw_gid)
        try:
            self._initialise()
            self.start()
        except BaseException:
            self.close()
            raise

    @abstractmethod
    def _initialise(self) -> None: ...

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def connect(self, database: str | None = None) -> contextlib.AbstractContextManager[Any]:
        """A driver connection of the all-powerful account, in autocommit."""

    @abstractmethod
    def url(self, database: str, *, user: str = DATABASE_USER, password: str | None = None) -> str: ...

    def create_database(self) -> str:
        name = f"t_{secrets.token_hex(5)}"
        with self.connect() as connection:
            connection.cursor().execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def start(self) -> None:
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._as_account(self._command()),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.directory,
            )
        self._until(self._answers, "it does not answer")

    def kill(self) -> None:
        """As if the power had gone. Its children are waited for, so that the next start finds the data
        free."""
        if self._process is not None:
            family = self._family()
            self._send(signal.SIGKILL, family)
            self._process.wait(START_LIMIT_S)
            self._process = None
            self._until(lambda: not any(_is_running(pid) for pid in family), "it does not end")

    def restart(self) -> None:
        self.kill()
        self.start()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Reachable, and silent."""
        family = self._family()
        self._send(signal.SIGSTOP, family)
        try:
            yield
        finally:
            self._send(signal.SIGCONT, family)

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _family(self) -> list[int]:
        assert self._process is not None
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError, IndexError):  # a process may end while we look
                    parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                    children.setdefault(parent, []).append(int(entry.name))
        found = [self._process.pid]
        for pid in found:
            found += children.get(pid, [])
        return found

    def _send(self, number: signal.Signals, family: Sequence[int]) -> None:
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _answers(self) -> bool:
        try:
            with self.connect():
                return True
        except (psycopg.OperationalError, pymysql.OperationalError):
            return False

    def _until(self, is_so: Callable[[], bool], otherwise: str) -> None:
        end = time.monotonic() + START_LIMIT_S
        while not is_so():
            dead = self._process is not None and self._process.poll() is not None
            if dead or time.monotonic() > end:
                log = (self.directory / "log").read_text(errors="replace")[-2000:]
                pytest.fail(f"{self.package}: {otherwise}\n{log}")
            time.sleep(0.02)

    def _as_account(self, command: Sequence[str]) -> list[str]:
        """Never as root (both servers refuse), and never longer than the test process."""
        guard = ["setpriv", "--pdeathsig", "KILL"]
        if self._account is not None:
            guard += [
                "--reuid",
                str(self._account.pw_uid),
                "--regid",
                str(self._account.pw_gid),
                "--clear-groups",
            ]
        return [*guard, *command]

    def _run(self, command: Sequence[str]) -> None:
        done = subprocess.run(
            self._as_account(command),
            capture_output=True,
            cwd=self.directory,
            timeout=START_LIMIT_S,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"{command[0]} failed:\n{done.stdout.decode()[-1000:]}\n{done.stderr.decode()[-1000:]}")


class PostgresServer(Server):
    package = "postgresql-15"
    accounts = ("postgres", "nobody")

    def _initialise(self) -> None:
        self._bin = find_binary("postgres", "/usr/lib/postgresql/*/bin", package="postgresql").parent
        secret = self.directory / "secret"
        secret.write_text(self.password)
        secret.chmod(0o644)
        self._run([str(self._bin / "initdb"), "-D", str(self.data), "-U", DATABASE_USER,
                   "-A", "scram-sha-256", "--pwfile", str(secret),
                   "--no-sync", "-E", "UTF8", "--locale", "C"])  # fmt: skip

    def _command(self) -> list[str]:
        options = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.directory,
            "fsync": "off", "shared_buffers": "32MB", "max_connections": 60, "wal_level": "logical",
            "autovacuum": "off", "timezone": "Asia/Makassar", "datestyle": "SQL, DMY",
            "max_prepared_transactions": 5,
        }  # fmt: skip
        return [str(self._bin / "postgres"), "-D", str(self.data)] + [
            part for name, value in options.items() for part in ("-c", f"{name}={value}")
        ]

    def connect(self, database: str | None = None) -> contextlib.AbstractContextManager[Any]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=DATABASE_USER, password=self.password,
            dbname=database or "postgres", autocommit=True, connect_timeout=5,
        )  # fmt: skip

    def url(self, database: str, *, user: str = DATABASE_USER, password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"


class MariaDbServer(Server):
    package = "mariadb-server"
    accounts = ("mysql", "nobody")

    def _initialise(self) -> None:
        self._binary = find_binary("mariadbd", "/usr/sbin", package="mariadb-server")
        installer = find_binary("mariadb-install-db", "/usr/bin", package="mariadb-server")
        self._run([str(installer), "--no-defaults", f"--datadir={self.data}", "--skip-test-db",
                   "--auth-root-authentication-method=normal", "--innodb-log-file-size=8M"])  # fmt: skip
        # The first start makes the account that listens on TCP; root stays on the socket.
        (self.directory / "init.sql").write_text(
            f"CREATE OR REPLACE USER '{DATABASE_USER}'@'127.0.0.1' IDENTIFIED BY '{self.password}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO '{DATABASE_USER}'@'127.0.0.1' WITH GRANT OPTION;\n"
        )

    def _command(self) -> list[str]:
        return [str(self._binary), "--no-defaults", f"--datadir={self.data}", f"--socket={self.directory}/s",
                f"--pid-file={self.directory}/pid", f"--port={self.port}", "--bind-address=127.0.0.1",
                "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=32M",
                "--innodb-log-file-size=8M", "--performance-schema=OFF",
                f"--init-file={self.directory}/init.sql",
                "--log-bin=bin", "--binlog-format=ROW", "--server-id=1", "--sync-binlog=0",
                # A starting server deletes the temporary tables in its folder, also those of another one's.
                f"--tmpdir={self.directory}",
                "--default-time-zone=+08:00"]  # fmt: skip

    def connect(self, database: str | None = None) -> contextlib.AbstractContextManager[Any]:
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user=DATABASE_USER, password=self.password, database=database,
            charset="utf8mb4", autocommit=True, connect_timeout=5, read_timeout=30,
        )  # fmt: skip

    def url(self, database: str, *, user: str = DATABASE_USER, password: str | None = None) -> str:
        return f"mysql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"


def find_binary(name: str, *places: str, package: str) -> Path:
    """The server's program, from the system's packages; `make test` has installed them where it may."""
    found = _look_for(name, places)
    if found is None:
        pytest.fail(f"{name} is missing. Type: sudo apt-get install -y {package}", pytrace=False)
    return found


def _look_for(name: str, places: Sequence[str]) -> Path | None:
    for place in places:
        candidates = sorted(Path("/").glob(f"{place.lstrip('/')}/{name}"), reverse=True)
        if candidates:
            return candidates[0]
    on_path = shutil.which(name)
    return Path(on_path) if on_path else None


def _unprivileged_account(names: Sequence[str]) -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in names:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    pytest.fail(f"none of the accounts {', '.join(names)} exists, and a server does not run as root", pytrace=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with contextlib.closing(PostgresServer()) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDbServer]:
    with contextlib.closing(MariaDbServer()) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def any_source(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once on each engine."""
    match request.param:
        case "sqlite":
            return f"sqlite:///{tmp_path}/simpeg.db"
        case "postgresql":
            server: Server = request.getfixturevalue("postgres")
        case _:
            server = request.getfixturevalue("mariadb")
    return server.create_database()


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """A test that lets a call escape to the network must fail, even where the code catches OSError."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
    yield
    patch.undo()


def _guarded(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        host = address[0] if isinstance(address, tuple) else ""
        inside = self.family == socket.AF_UNIX or host in ("localhost", "::1") or str(host).startswith("127.")
        if not inside:
            pytest.fail(f"a test tried to reach {host}")  # BaseException-like: `except Exception` does not hide it
        return connect(self, address)

    return guarded
