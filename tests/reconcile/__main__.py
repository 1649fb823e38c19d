"""`make reconcile`: a whole region with planted differences; found, missed and invented by situation, calls, time, memory."""

import argparse
import contextlib
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.reconcile.compare import AFRESH
from tests.reconcile.play import Play, Round, open_play
from tests.servers import MariaDbServer, PostgresServer, Server

SERVERS: Mapping[str, type[Server]] = {"mariadb": MariaDbServer, "postgresql": PostgresServer}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make reconcile", description=__doc__)
    parser.add_argument("--employees", type=int, default=13_000)
    parser.add_argument("--copies", type=int, help="of every plant (default: one for each 200 employees)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--source", choices=sorted(SERVERS), help="SIMPEG's database (default: SQLite)")
    parser.add_argument("--ledger", choices=["postgresql"], help="the ledger's database (default: SQLite)")
    parser.add_argument("--folder", type=Path, help="where everything is kept (default: a folder that goes away)")
    parser.add_argument("--look-only", action="store_true", help="compare twice, and bring nothing together")
    args = parser.parse_args()
    began = time.monotonic()

    def tell(line: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - began:7.1f} s] {line}\n")
        sys.stdout.flush()

    with contextlib.ExitStack() as stack:
        folder = args.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reconcile-")))
        play = open_play(
            folder,
            seed=args.seed,
            employees=args.employees,
            copies=args.copies or max(1, args.employees // 200),
            source_url=stack.enter_context(_database(args.source)) if args.source else "",
            ledger_url=stack.enter_context(_database(args.ledger)) if args.ledger else "",
            tell=tell,
        )
        stack.callback(play.region.close)
        is_good = _played(play, tell, look_only=args.look_only)
    places = "".join(f" --{name} {kind}" for name in ("source", "ledger") if (kind := getattr(args, name)))
    tell(f"again with: make reconcile ARGS='--employees {args.employees} --seed {args.seed}{places}'")
    sys.stdout.write(f"{'1 passed, 0 failed' if is_good else '0 passed, 1 failed'}\n")
    return 0 if is_good else 1


def _played(play: Play, tell: Callable[[str], None], *, look_only: bool) -> bool:
    play.plant()
    first = play.compare_all()
    _show(first, "the first comparison")
    second = play.compare_all()
    same = set(first.findings) == set(second.findings)
    tell(f"twice in a row the same: {'yes' if same else 'NO'}; the second took {second.calls} calls")
    if look_only:
        return first.verdict.is_good and same and second.calls == 0
    superfluous, undone = play.bring_together()
    tell(f"writes that were not needed: {superfluous.total()}; needed and not done: {undone.total()}")
    third = play.compare_all(play.afterwards(), *AFRESH)
    _show(third, "what must stay")
    rounds_good = first.verdict.is_good and third.verdict.is_good
    return rounds_good and same and second.calls == 0 and not superfluous and not undone


def _show(round_: Round, name: str) -> None:
    sys.stdout.write(f"\n{name}\n" + "\n".join(round_.verdict.lines()) + "\n")
    for said, count in round_.verdict.plants().most_common(40):
        sys.stdout.write(f"{count:6} {said}\n")
    sys.stdout.write("\n")


@contextlib.contextmanager
def _database(kind: str) -> Iterator[str]:
    server = SERVERS[kind]()
    try:
        yield server.create_database()
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(main())
