"""Commands that run or prepare something: run, db, config, simulator, demo."""

from pathlib import Path

import click

from simpeg_sync.cli.common import Shared, pass_shared
from simpeg_sync.cli.demo import demo
from simpeg_sync.cli.simulator import simulator
from simpeg_sync.domain.errors import ConfigError


@click.command()
@click.option("--once", is_flag=True, help="Until nothing is left to do.")
@pass_shared
def run(shared: Shared, once: bool) -> None:
    """The daemon: until SIGTERM, then it drains and leaves nothing in doubt."""
    from simpeg_sync import wiring
    from simpeg_sync.clock import Clock
    from simpeg_sync.ledger.lock import alone
    from simpeg_sync.ledger.schema import check_file

    config, clock = shared.config, Clock()
    wiring.configure_logs(config, gathers=True)
    ledger = wiring.open_ledger(config, clock)
    with alone(ledger.engine):
        check_file(ledger.engine)
        daemon = wiring.open_daemon(config, clock, ledger)
        daemon.stop_on_signals(on_hup=lambda: _say_whether_settings_are_fine(shared.path))
        daemon.run(once=once)
    ledger.close()


def _say_whether_settings_are_fine(path: Path) -> None:
    """SIGHUP: the running daemon keeps its settings; the log says whether the files would do for a restart."""
    from simpeg_sync import logs, wiring

    try:
        wiring.read_config(path)
    except ConfigError as error:
        for problem in error.problems:
            logs.get().error("config.read", problem=str(problem), remedy="the running daemon keeps its settings")
    else:
        logs.get().info("config.read", remedy="the settings are fine; restart the service to use them")


@click.group()
def db() -> None:
    """The ledger's own care."""


@db.command("upgrade")
@pass_shared
def db_upgrade(shared: Shared) -> None:
    """Make a new ledger, or bring an old one to this program's schema."""
    from simpeg_sync import wiring

    config = shared.config
    wiring.ledger_engine(config, create=True).dispose()
    shared.show({"ledger": "ready"}, lambda: click.echo("the ledger is ready"))


@click.group()
def config() -> None:
    """The settings."""


@config.command("check")
@pass_shared
def config_check(shared: Shared) -> None:
    """Read everything and report every problem at once."""
    try:
        read = shared.config
    except ConfigError as error:
        problems = [{"place": p.place, "what": p.what, "remedy": p.remedy} for p in error.problems]
        if shared.as_json:
            shared.show({"problems": problems}, lambda: None)
        raise
    feeds = ", ".join(read.feeds)
    shared.show(
        {"problems": [], "feeds": list(read.feeds)}, lambda: click.echo(f"the settings are fine; feeds: {feeds}")
    )


@config.command("schema")
@click.option("--feed", is_flag=True, help="Of feed files instead of the settings.")
def config_schema(feed: bool) -> None:
    """Print the JSON Schema by which an editor completes and checks settings or feeds."""
    from simpeg_sync import wiring

    click.echo(wiring.editor_schema(feed=feed), nl=False)


COMMANDS = (run, db, config, simulator, demo)
