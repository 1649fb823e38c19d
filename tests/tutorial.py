"""Types what a page tells its reader to type, in order, and keeps what came.

A block ```sh is typed, ```sh second in a second terminal; ```yaml FILE and ```csv FILE write that file, with a + behind it
its end. A block ```text is what the commands before it print.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from simpeg_sync.simulator import process

LIMIT_S = 90
MAY_COMPLAIN = r"(simpeg-sync (config|map) check)"
"""They end with a code of their own when they have found something, and that is what the page shows."""


@dataclass(frozen=True, slots=True)
class Block:
    line: int
    kind: str
    words: tuple[str, ...]
    content: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the page says is printed, and what was."""

    line: int
    page: str
    printed: str

    def missing(self) -> list[str]:
        """Lines of the page that were not printed, in this order. ``...`` stands for anything, alone for any lines."""
        printed = iter(self.printed.splitlines())
        wanted = [line.rstrip() for line in self.page.splitlines() if line.strip() not in ("", "...")]
        return [line for line in wanted if not any(_fits(line, one.rstrip()) for one in printed)]


def blocks(page: str) -> Iterator[Block]:
    found = re.finditer(r"^```(\w+)(.*)\n((?:.*\n)*?)```$", page, flags=re.MULTILINE)
    for block in found:
        yield Block(page.count("\n", 0, block.start()) + 1, block[1], tuple(block[2].split()), block[3])


class Reader:
    """Sits at a bash in ``folder``; close it with ``close``."""

    def __init__(self, folder: Path, ports: dict[str, str]) -> None:
        self.folder, self.ports = folder, ports
        self.here = folder
        self.environment = {**process.environment(), "PATH": f"{folder}/bin{os.pathsep}{os.environ['PATH']}"}
        self.second: list[subprocess.Popen[str]] = []
        self.printed = ""

    def follow(self, page: str) -> Iterator[Told]:
        for block in blocks(page):
            content = self._with_ports(block.content)
            match block.kind, block.words:
                case "sh", ():
                    self.printed = self._typed(content)
                case "sh", ("second",):
                    self.printed = self._in_second_terminal(content)
                case "text", _:
                    yield Told(block.line, content, self.printed)
                case _, (name, *more):
                    path = self.here / name
                    before = path.read_text(encoding="utf-8") if more == ["+"] else ""
                    path.write_text(before + content, encoding="utf-8")
                case kind, _:
                    raise AssertionError(f"line {block.line}: nobody knows what to do with {kind}")

    def close(self) -> None:
        for one in self.second:
            one.terminate()
            one.wait(LIMIT_S)
            assert one.stdout is not None
            one.stdout.close()

    def _typed(self, commands: str) -> str:
        """One shell a block; the folder and what was exported stay."""
        script = f"cd {self.here}\nset -e\n{commands}\nenv -0 > {self.folder}/environment; pwd > {self.folder}/pwd\n"
        done = subprocess.run(
            ["bash", "-c", re.sub(MAY_COMPLAIN, r"\1 || true", script)],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{commands}\n{done.stdout}"
        self.here = Path((self.folder / "pwd").read_text(encoding="utf-8").strip())
        pairs = (self.folder / "environment").read_text(encoding="utf-8").split("\0")
        self.environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        return done.stdout

    def _in_second_terminal(self, command: str) -> str:
        running = subprocess.Popen(
            ["bash", "-c", f"exec {command}"], cwd=self.here, env=self.environment, stdout=subprocess.PIPE, text=True
        )
        self.second.append(running)
        assert running.stdout is not None
        return running.stdout.readline()

    def _with_ports(self, text: str) -> str:
        for written, ours in self.ports.items():
            text = text.replace(written, ours)
        return text


def tools(folder: Path) -> None:
    """The programs that the page asks for: ours, and a sqlite3 that any machine with Python has."""
    (folder / "bin").mkdir()
    programs = {"simpeg-sync": "from simpeg_sync.cli import main\nmain()\n", "sqlite3": SQLITE}
    for name, program in programs.items():
        path = folder / "bin" / name
        path.write_text(f"#!{sys.executable}\n{program}", encoding="utf-8")
        path.chmod(0o755)


def free_ports(*names: str) -> dict[str, str]:
    import socket

    held = [socket.socket() for _ in names]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = {name: str(one.getsockname()[1]) for name, one in zip(names, held, strict=True)}
    for one in held:
        one.close()
    return ports


SQLITE = """import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
if len(sys.argv) < 3:
    db.executescript(sys.stdin.read())
elif sys.argv[2].startswith(".schema "):
    for (text,) in db.execute("SELECT sql FROM sqlite_master WHERE name = ?", sys.argv[2].split()[1:]):
        print(text + ";")
else:
    for row in db.execute(sys.argv[2]):
        print(*("" if value is None else value for value in row), sep="|")
    db.commit()
"""


def _fits(line: str, printed: str) -> bool:
    if "..." not in line:
        return line == printed
    return re.fullmatch(".*".join(re.escape(part) for part in line.split("...")), printed) is not None
