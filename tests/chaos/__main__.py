"""`make chaos`: many rounds, one fresh seed unless one is given, and the books at the end."""

import argparse
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.killer import play_with_kills


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--employees", type=int, default=60)
    args = parser.parse_args()
    sys.stdout.write(f"seed {args.seed}; again with: make chaos ROUNDS={args.rounds} SEED={args.seed}\n")
    sys.stdout.flush()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        end = play_with_kills(Path(folder), rounds=args.rounds, seed=args.seed, employees=args.employees)
        if not end.is_good:
            keep = Path(tempfile.mkdtemp(prefix="chaos-failed-"))
            for path in Path(folder).glob("*.*"):
                if path.is_file():
                    shutil.copy(path, keep)
            sys.stdout.write(f"kept in {keep}\n")
            for finding in end.result.findings:
                sys.stdout.write(f"{finding.kind} {finding.key.resource} {finding.fields} {finding.bkn_ids}\n")
    sys.stdout.write(
        f"{end.killed} kills in {time.monotonic() - begun:.0f} s; they found records {dict(end.found)}\n"
        f"wrong at BKN: {len(end.result.findings)}, writes without effect: {end.result.useless}, "
        f"created twice: {end.doubles}, attempts left open: {end.left_open}\n"
        f"wrong with the trail: {'; '.join(end.trail) or 'nothing'}\n"
        f"{'1 passed, 0 failed' if end.is_good else '0 passed, 1 failed'}\n"
    )
    return 0 if end.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
