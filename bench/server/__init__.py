"""The server that every engine of the bench posts to: nginx and its Lua module, private, on loopback.

What it answers is in bkn.lua. The figures of a run are read from its access log: one line a request.
"""

import contextlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

HERE = Path(__file__).parent
MODULES = Path("/usr/lib/nginx/modules")
START_LIMIT_S = 10.0
LOG_FLUSH_S = 0.1
"""nginx writes its log at least this often."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request for a save, as the server saw it. Times are wall clock seconds."""

    began: float
    ended: float
    status: int
    record: str


@dataclass(frozen=True, slots=True)
class Books:
    """All that the server saw of one run."""

    saves: Sequence[Seen]
    reads: int

    @property
    def seconds(self) -> float:
        """From the first request to the end of the last."""
        return max(seen.ended for seen in self.saves) - self.first_at if self.saves else 0.0

    @property
    def first_at(self) -> float:
        return min(seen.began for seen in self.saves)

    @property
    def per_second(self) -> float:
        return len(self.saves) / self.seconds if self.seconds else 0.0

    @property
    def by_record(self) -> Mapping[str, int]:
        return Counter(seen.record for seen in self.saves)


class Bkn:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bench-bkn-", dir="/tmp"))
        self.port = _free_port()
        self._runs = 0
        self._process = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def new_run(self) -> str:
        self._runs += 1
        return f"r{self._runs}"

    def url(self, run: str, *, delay_ms: int = 0, trouble: str = "calm") -> str:
        """The beginning of all addresses of a run."""
        return f"http://127.0.0.1:{self.port}/{run}/{delay_ms}/{trouble}"

    def count(self, run: str) -> int:
        """Saves of the run up to now."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{run}/count", timeout=5) as answer:
            return int(answer.read())

    def wait_for(self, run: str, count: int, *, limit_s: float, is_alive: Callable[[], bool] = lambda: True) -> bool:
        """Until so many saves have come; False when they do not come in time, or who sends them has ended."""
        ends_at = time.monotonic() + limit_s
        while self.count(run) < count:
            if time.monotonic() > ends_at or not is_alive():
                return self.count(run) >= count
            time.sleep(0.02)
        return True

    def books(self, run: str) -> Books:
        time.sleep(2 * LOG_FLUSH_S)
        saves, reads = [], 0
        with (self.folder / "access.log").open() as log:
            for line in log:
                of_run, began, ended, status, method, record = line.split(" ", 5)
                if of_run != run:
                    continue
                if method == "POST" and record != "-\n":
                    saves.append(Seen(float(began), float(ended), int(status), record.rstrip("\n")))
                elif method == "GET":
                    reads += 1
        return Books(saves, reads)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=START_LIMIT_S)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> subprocess.Popen[bytes]:
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        if not Path(program).exists() or not (MODULES / "ngx_http_lua_module.so").exists():
            raise SystemExit(
                "the bench needs nginx with its Lua module. Type: sudo apt-get install nginx-light libnginx-mod-http-lua"
            )
        # A server started by root works as nobody, who has to reach its folder.
        self.folder.chmod(0o755)
        names = {"MODULES": str(MODULES), "FOLDER": str(self.folder), "PORT": str(self.port), "HERE": str(HERE)}
        text = re.sub(r"@(\w+)@", lambda found: names[found[1]], (HERE / "nginx.conf").read_text())
        (self.folder / "nginx.conf").write_text(text)
        with (self.folder / "out.log").open("wb") as log:
            process = subprocess.Popen(
                [program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")], stdout=log, stderr=log
            )
        ends_at = time.monotonic() + START_LIMIT_S
        while time.monotonic() < ends_at and process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/up", timeout=1):
                return process
            time.sleep(0.02)
        process.kill()
        raise SystemExit(f"nginx does not start: {(self.folder / 'out.log').read_text()[-2000:]}")


def check_all_arrived(books: Books, rows: int) -> None:
    """Raises RuntimeError when a record is missing or came more than once: such a run counts for nothing."""
    counts = books.by_record
    if len(counts) != rows or set(counts.values()) != {1}:
        twice = sum(1 for count in counts.values() if count > 1)
        raise RuntimeError(f"{len(counts)} of {rows} records arrived, {twice} of them more than once")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
