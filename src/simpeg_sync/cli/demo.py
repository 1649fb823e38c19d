"""`simpeg-sync demo`: the whole product on invented data, in a minute."""

import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from simpeg_sync.cli.common import FAILED, Shared, pass_shared, say, table

PACE_S = 0.03
"""Between two edits of the day."""


@click.command()
@click.option("--employees", default=500, show_default=True, type=click.IntRange(40, 5000))
@click.option("--seed", default=2026, show_default=True, help="Every invented person and edit follows from it.")
@click.option("--keep", is_flag=True, help="Leave everything running to play with.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to build it; default: a temporary folder.")
@pass_shared
def demo(shared: Shared, employees: int, seed: int, keep: bool, folder: Path | None) -> None:
    """A SIMPEG of invented employees, a BKN on this machine, and one working day between them."""
    from simpeg_sync.demo.play import Play
    from simpeg_sync.demo.stage import StageFailed, set_up

    place = folder or Path(tempfile.mkdtemp(prefix="simpeg-sync-demo-"))
    if place.exists() and any(place.iterdir()):
        raise click.UsageError(f"{place} is not empty; name another --folder")
    screen = _Screen(employees)
    begun = time.monotonic()
    screen.tell(f"Seed {seed}: a SIMPEG of {employees} invented employees, and a BKN that holds part of them.")
    stage = set_up(place, seed=seed, employees=employees, outlives_us=keep)
    play = Play(stage, screen.tell, between=screen.tick, while_waiting=screen.tick, pause=time.sleep)
    kept = False
    try:
        play.prepare()
        screen.tell(
            "The daemon starts: what BKN already has is linked, the rest is sent. Waits are shortened for the demo."
        )
        screen.watch = stage.counts
        play.first_start()
        screen.tell("The working day begins.")
        screen.pace_s = PACE_S
        result = play.day()
        kept = keep
    except StageFailed as failed:
        screen.close()
        say(f"simpeg-sync demo: {failed}")
        raise click.exceptions.Exit(FAILED) from None
    finally:
        screen.close()
        if not kept:
            stage.close()
    data = {**result.as_json(), "seconds": round(time.monotonic() - begun, 1), "seed": seed, "employees": employees}
    shared.show(data, lambda: _print(data))
    if keep:
        _say_what_to_try(
            stage.config_path, stage.bkn.control_url, [stage.daemon.pid if stage.daemon else 0, stage.bkn.process.pid]
        )
    elif folder is None:
        shutil.rmtree(place, ignore_errors=True)
    if not result.is_good:
        raise click.exceptions.Exit(FAILED)


class _Screen:
    """A bar on a terminal, plain lines elsewhere; all of it on stderr."""

    def __init__(self, employees: int) -> None:
        self.pace_s = 0.0
        self.watch: Any = None
        self._last = 0.0
        self._progress: Any = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self._progress = Progress(
                TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} records at rest"),
                TimeElapsedColumn(), console=Console(stderr=True), transient=True,
            )  # fmt: skip
            self._task = self._progress.add_task("simpeg-sync", total=1)
            self._progress.start()

    def tell(self, line: str) -> None:
        if self._progress is not None:
            self._progress.console.print(f"[dim]{time.strftime('%H:%M:%S')}[/dim] {line}", highlight=False)
        else:
            say(line)

    def tick(self) -> None:
        if self.pace_s:
            time.sleep(self.pace_s)
        if self.watch is None or time.monotonic() < self._last + 0.5:
            return
        self._last = time.monotonic()
        counts: Mapping[str, int] = self.watch()
        total = sum(counts.values())
        moving = sum(counts.get(status, 0) for status in ("waiting", "working", "sending", "uncertain"))
        if self._progress is not None:
            self._progress.update(self._task, completed=total - moving, total=max(total, 1))

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def _print(data: Mapping[str, Any]) -> None:
    click.echo("\nWhat BKN stored, by its own books, and the fewest writes possible:\n")
    rows = []
    for part, title in (("first_start", "first start"), ("day", "the day")):
        for kind, count in data[part]["stored"].items():
            rows.append([title, kind, count, data[part]["net"][kind]])
    table(["when", "kind", "stored", "net changes"], rows)
    click.echo("\nWhat did not go, and why:\n")
    table(
        ["rows", "feed", "status", "where", "why"],
        [[r["count"], r["feed"], r["status"], r["detail"], r["sentence"]] for r in data["held_and_refused"]],
    )
    day = data["day"]
    click.echo(
        f"\nCalls per net change of the day: {day['writes_per_net_change']} writes, {day['reads_per_net_change']} reads "
        "(uploads apart)."
    )
    if data["findings"]:
        click.echo(f"\nNOT right at BKN: {len(data['findings'])} rows.")
        table(
            ["what", "resource", "fields"],
            [[f["kind"], f["resource"], ", ".join(f["fields"])] for f in data["findings"]],
        )
    else:
        click.echo(
            f"\nCounted at BKN: all {data['rows_right_at_bkn']} verified rows are there exactly once, with their "
            f"certificates; nothing else was touched. ({data['seconds']} s)"
        )


def _say_what_to_try(config: Path, control_url: str, pids: list[int]) -> None:
    say(f"\nStill running in {config.parent} (processes {', '.join(map(str, pids))}). Try:\n")
    for line in ("status", "log --status held", "log --follow", "record list --status refused", "record show 1"):
        say(f"  simpeg-sync --config {config} {line}")
    say(f"  sqlite3 {config.parent}/simpeg.db \"UPDATE pegdiklat SET jam = '50' WHERE id = 5\"")
    say(f"  curl {control_url}/counts")
    say(f"\nStop it with: kill {' '.join(map(str, pids))}")
