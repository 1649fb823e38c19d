"""`make bench`: our engine, naive loops and published engines on the same work, as a table of ratios. The raw figures are kept.

``--quick`` proves within a minute that it all works, and judges nothing. ``--only`` takes parts by name.
"""

import argparse
import datetime as dt
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from bench import report
from bench.calls import calls
from bench.costs import idle, memory
from bench.engine import adapters
from bench.ground import Figure, Ground
from bench.kill import kill
from bench.latency import latency
from bench.peers import PEERS, Installed
from bench.server import Bkn
from bench.throughput import slow_answers, throughput
from bench.trouble import trouble
from bench.workers import workers

RESULTS = Path(__file__).parent / "results"

PARTS: Mapping[str, Callable[[Ground], list[Figure]]] = {
    "throughput": throughput,
    "slow": slow_answers,
    "trouble": trouble,
    "latency": latency,
    "kill": kill,
    "calls": calls,
    "memory": memory,
    "idle": idle,
    "workers": workers,
}

QUICK = ("throughput", "trouble", "kill", "latency", "memory", "idle")
"""Parts of a minute. The day is played by `make demo`, slow answers and two processes differ from these in numbers only."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small, without the peers, once: does it work?")
    parser.add_argument("--only", default="", help=f"parts, with commas between: {', '.join(PARTS)}")
    parser.add_argument("--repeat", type=int, help="runs of each figure; the median counts (default 3)")
    parser.add_argument("--rows", type=int, help="changes of one run (default 10000)")
    parser.add_argument("--adapter", choices=adapters(), help="only this HTTP adapter")
    parser.add_argument("--show", type=Path, help="measure nothing; the table of these raw figures")
    parser.add_argument("--no-peers", action="store_true", help="only our engine and the loops")
    parser.add_argument("--keep", type=Path, help="where the raw figures go (default: bench/results/)")
    arguments = parser.parse_args()
    if arguments.show:
        print("\n".join(report.lines(kept(arguments.show))))
        return 0
    parts = arguments.only.split(",") if arguments.only else list(QUICK if arguments.quick else PARTS)
    if unknown := sorted(set(parts) - set(PARTS)):
        parser.error(f"no such part: {', '.join(unknown)}")
    began = time.monotonic()

    def tell(line: str) -> None:
        print(f"[{time.monotonic() - began:6.1f} s] {line}", file=sys.stderr, flush=True)

    wants_peers = not (arguments.quick or arguments.no_peers) and not {"throughput", "slow"}.isdisjoint(parts)
    figures: list[Figure] = []
    failed: list[str] = []
    place = arguments.keep or RESULTS / f"{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}.json"
    # Whoever stops us gets what was measured so far, and the servers go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with (
        tempfile.TemporaryDirectory(prefix="bench-peers-", dir="/tmp") as folder,
        Bkn() as bkn,
        Ground(
            bkn,
            tell,
            quick=arguments.quick,
            repeat=arguments.repeat or (1 if arguments.quick else 3),
            rows=arguments.rows or (200 if arguments.quick else 10_000),
            adapters=(arguments.adapter,) if arguments.adapter else tuple(adapters()),
            peers=installed(Path(folder), tell) if wants_peers else (),
        ) as ground,
    ):
        for part in parts:
            tell(f"-- {part}")
            try:
                figures += PARTS[part](ground)
            except (RuntimeError, OSError) as error:
                failed.append(part)
                tell(f"{part} failed: {error}")
            keep(figures, place)
    print("\n".join(report.lines(figures)))
    print(f"raw figures: {place}; again: make bench ARGS='--show {place}'")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def installed(folder: Path, tell: Callable[[str], None]) -> list[tuple[str, Installed, str]]:
    found = []
    for number, peer in enumerate(PEERS):
        peer_there, problem = Installed(peer, folder / str(number)), ""
        try:
            peer_there.install()
            tell(f"installed: {peer_there.versions}")
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            problem = f"could not be installed: {error}"
            tell(f"{peer.name} {problem}")
        found.append((peer.name, peer_there, problem))
    return found


def keep(figures: list[Figure], place: Path) -> None:
    place.parent.mkdir(exist_ok=True, parents=True)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "system": platform.platform()}
    content = {
        "at": dt.datetime.now(dt.UTC).isoformat(),
        "machine": machine,
        "figures": [asdict(figure) for figure in figures],
    }
    place.write_text(json.dumps(content, indent=1) + "\n")


def kept(place: Path) -> list[Figure]:
    return [Figure(**figure) for figure in json.loads(place.read_text())["figures"]]


if __name__ == "__main__":
    sys.exit(main())
