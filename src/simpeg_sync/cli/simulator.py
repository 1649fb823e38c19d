"""`simpeg-sync simulator`: a BKN on the desk. The options are those of `python -m simpeg_sync.simulator`, passed on."""

import click

PORT = click.IntRange(0, 65535)
FILE = click.Path(dir_okay=False)


@click.command()
@click.option("--port", type=PORT, default=0, show_default=True, help="Of the simulated BKN; 0 takes a free one.")
@click.option("--control-port", type=PORT, default=0, show_default=True, help="Of the control API.")
@click.option("--state", type=FILE, help="SQLite file; without it nothing outlives the process.")
@click.option("--settings", type=FILE, help="JSON file, see docs/simulator.md.")
@click.option("--ready-file", type=FILE, help="Gets the ready line once both ports are open.")
@click.option("--until-stdin-closes", is_flag=True, help="End together with the parent process.")
def simulator(until_stdin_closes: bool, **given: int | str | None) -> None:
    """A BKN on the desk, in both dialects: real HTTP, on this machine only, until SIGTERM or Ctrl-C."""
    from simpeg_sync.simulator.__main__ import main

    arguments = ["--until-stdin-closes"] if until_stdin_closes else []
    for name, value in given.items():
        if value is not None:
            arguments += [f"--{name.replace('_', '-')}", str(value)]
    raise click.exceptions.Exit(main(arguments))
