"""`python -m tests.search [--deep]`: what the search reached, story by story; what it finds, as the shortest way to it."""

import argparse
import sys
import time

from simpeg_sync import logs

from .explore import Found, explore
from .stories import ALWAYS, DEEP


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.search", description=__doc__)
    parser.add_argument(
        "--deep", action="store_true", help="also the long stories: minutes of one core, some GB of memory"
    )
    parser.add_argument("--states", type=int, default=4_000_000, help="no more states than this for one story")
    wanted = parser.parse_args()
    logs.configure(level="CRITICAL")
    for name, story in {**ALWAYS, **(DEEP if wanted.deep else {})}.items():
        started = time.monotonic()
        try:
            report = explore(story, states_max=wanted.states)
        except Found as found:
            print(f"{name}\n{found}")  # noqa: T201
            return 1
        rest = "" if report.is_complete else ", not to its end"
        spent_s = time.monotonic() - started
        print(f"{name}: {report.states:,} states, {report.steps:,} steps, {spent_s:.0f} s{rest}")  # noqa: T201
        for what, count in sorted(report.notes.items()):
            print(f"    {count:9,} {what}")  # noqa: T201
    return 0


sys.exit(main())
