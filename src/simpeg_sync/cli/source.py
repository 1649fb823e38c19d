"""`simpeg-sync source`: how changes in SIMPEG are noticed. Install, look, remove, print the SQL for its DBA."""

from pathlib import Path
from typing import Any

import click

from simpeg_sync.cli.common import IN_PART, Shared, pass_shared, say, table
from simpeg_sync.domain.errors import LedgerError, SourceError, SourceUnfit
from simpeg_sync.insights import rfc3339


@click.group()
def source() -> None:
    """SIMPEG's change log: install, look, remove, or print the SQL for its DBA."""


@source.command("install")
@click.option("--url-file", type=click.Path(path_type=Path), help="Address of an account that may create triggers.")
@pass_shared
def source_install(shared: Shared, url_file: Path | None) -> None:
    """Create the log table and the triggers on the feeds' tables; safe to repeat."""
    from simpeg_sync import wiring
    from simpeg_sync.source import triggers

    config = shared.config
    engine = _writable(config, url_file)
    try:
        state = triggers.install(engine, list(config.feeds.values()), wiring.log_settings(config))
    except SourceUnfit as error:
        if url_file is not None:
            raise
        hint = "name an account that may create triggers with --url-file, or give its DBA `simpeg-sync source sql`"
        raise SourceUnfit(f"{error}; {hint}") from None
    _show_source(shared, state)


@source.command("status")
@click.option("--url-file", type=click.Path(path_type=Path), help="Address of an account that may see triggers.")
@pass_shared
def source_status(shared: Shared, url_file: Path | None) -> None:
    """How each capture mode of the settings stands; of mode `log`, whether log and triggers are what the feeds want."""
    from simpeg_sync import wiring
    from simpeg_sync.source import triggers

    config = shared.config
    modes = _states(config)
    if "log" not in config.settings.source.capture:
        _show_modes_alone(shared, modes)
        return
    engine = _writable(config, url_file) if url_file else wiring.source_engine(config)
    state = triggers.status(engine, list(config.feeds.values()), wiring.log_settings(config))
    _show_source(shared, state, modes)


def _states(config: Any) -> dict[str, dict[str, Any]]:
    """Each mode's facts and problems. Without a ledger no mode has a cursor, and that is said."""
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock
    from simpeg_sync.ledger.reading import LedgerReader

    try:
        ledger = wiring.open_ledger(config, Clock())
    except LedgerError as error:
        return {mode: {"facts": {}, "problems": [str(error)]} for mode in config.settings.source.capture}
    found: dict[str, dict[str, Any]] = {}
    reader = LedgerReader(ledger.engine)
    for mode, capture in wiring.open_captures(config, ledger).items():
        try:
            state = capture.state(ledger.cursor(mode))
        except SourceError as error:
            found[mode] = {"facts": {}, "problems": [str(error)]}
            continue
        facts = {"cursor moved": rfc3339(reader.cursor_moved_at(mode)), **state.facts}
        found[mode] = {"facts": facts, "problems": list(state.problems)}
        if state.polled_because:
            found[mode]["polled_because"] = state.polled_because
    ledger.close()
    return found


def _print_modes(modes: dict[str, dict[str, Any]]) -> None:
    for mode, state in modes.items():
        facts = ", ".join(f"{name} {value}" for name, value in state["facts"].items() if value is not None)
        click.echo(f"capture {mode}: {facts or 'not started'}")
        for problem in state["problems"]:
            click.echo(f"  {problem}")


def _show_modes_alone(shared: Shared, modes: dict[str, dict[str, Any]]) -> None:
    is_complete = not any(state["problems"] for state in modes.values())
    shared.show({"complete": is_complete, "modes": modes}, lambda: _print_modes(modes))
    if not is_complete:
        raise click.exceptions.Exit(IN_PART)


@source.command("sql")
@click.option("--dialect", help="postgresql, mariadb, sqlite, oracle or mssql; default: the source's own.")
@click.option("--remove", is_flag=True, help="What takes triggers and log away again (oracle, mssql).")
@pass_shared
def source_sql(shared: Shared, dialect: str | None, remove: bool) -> None:
    """Print what SIMPEG's DBA has to run for the modes of the settings, with the rights the daemon's account needs."""
    from simpeg_sync import wiring

    script = wiring.removal_sql if remove else wiring.setup_sql
    click.echo(script(shared.config, dialect))


@source.command("remove")
@click.option("--url-file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True)
@pass_shared
def source_remove(shared: Shared, url_file: Path | None, yes: bool) -> None:
    """Remove exactly what was installed, and the log with it."""
    from simpeg_sync import wiring
    from simpeg_sync.source import triggers

    config = shared.config
    if not yes:
        click.confirm("Remove the triggers and the change log from SIMPEG?", abort=True, err=True)
    removed = triggers.remove(_writable(config, url_file), wiring.log_settings(config))
    shared.show({"removed": list(removed)}, lambda: click.echo(f"removed {len(removed)} triggers and the log table"))


@source.command("sweep")
@pass_shared
def source_sweep(shared: Shared) -> None:
    """Look at every row again, as the calendar does: finds what no trigger sees, e.g. files that changed on disk."""
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock

    config = shared.config
    wiring.configure_logs(config, level="ERROR")
    intake = wiring.open_intake(config, wiring.open_ledger(config, Clock()))
    rows = {name: intake.sweep(name, why="operator") for name in config.feeds}
    shared.show({"rows": rows}, lambda: table(["feed", "rows marked"], list(rows.items())))


def _writable(config: Any, url_file: Path | None) -> Any:
    from simpeg_sync import wiring
    from simpeg_sync.secret import Secret

    url = Secret.from_file(url_file, "--url-file").reveal() if url_file else None
    return wiring.source_engine(config, writable=True, url=url)


def _show_source(shared: Shared, state: Any, modes: dict[str, dict[str, Any]] | None = None) -> None:
    others = {mode: found for mode, found in (modes or {}).items() if mode != "log"}
    polled_because = (modes or {}).get("log", {}).get("polled_because", "")
    is_complete = state.is_complete and not polled_because and not any(found["problems"] for found in others.values())
    data = {
        "complete": is_complete,
        "log": state.has_log,
        "missing": list(state.missing),
        "disabled": list(state.disabled),
        "outdated": list(state.outdated),
        "visible": state.is_visible,
    }
    if modes is not None:
        data["modes"] = modes

    def as_text() -> None:
        if state.has_log and not state.is_visible:
            click.echo("the change log is there; this account may not see its triggers")
        else:
            click.echo("the change log is complete" if state.is_complete else "the change log is NOT complete")
        rows = [[kind, name] for kind in ("missing", "disabled", "outdated") for name in data[kind]]
        if rows:
            table(["what", "table: trigger"], rows)
        if not state.is_visible:
            say("whether the triggers are complete is told to their owner: run with --url-file, or ask the DBA")
        click.echo("Triggers do not see: TRUNCATE (except PostgreSQL), cascades on some engines, files on disk.")
        if polled_because:
            click.echo(polled_because)
        _print_modes(others)

    shared.show(data, as_text)
    if not is_complete:
        raise click.exceptions.Exit(IN_PART)


COMMANDS = (source,)
