"""The command line: parse, call, print, exit code."""

import io
import sys
import traceback
from pathlib import Path

import click

from simpeg_sync import __version__
from simpeg_sync.cli import act, audit, bkn, codes, compare, init, look, serve, source, suggest, tokens
from simpeg_sync.cli import map as maps
from simpeg_sync.cli import plan as plans
from simpeg_sync.cli.common import FAILED, Shared, exit_code, say
from simpeg_sync.domain.errors import SyncError

DEFAULT_CONFIG = Path("config/simpeg-sync.yaml")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=DEFAULT_CONFIG,
    envvar="SIMPEG_SYNC_CONFIG",
    show_default=True,
    help="The settings file.",
)
@click.option("--json", "as_json", is_flag=True, help="Results as JSON on stdout.")
@click.option("--debug", is_flag=True, help="A traceback for unforeseen errors.")
@click.version_option(__version__, prog_name="simpeg-sync")
@click.pass_context
def commands(context: click.Context, path: Path, as_json: bool, debug: bool) -> None:
    """What is verified once in SIMPEG arrives at BKN by itself, exactly once.

    \b
    simpeg-sync demo                     see the whole day on invented data
    simpeg-sync init my-region ...       look into a SIMPEG, write a first configuration
    simpeg-sync status                   is all well?
    simpeg-sync log --status held        what does not go on, and why
    simpeg-sync record show 17           the whole life of one record
    simpeg-sync compare --all            has BKN the same, row for row?
    simpeg-sync plan                     what would be done, before anything is
    """
    context.obj = Shared(path, as_json, debug)


codes.codes.add_command(suggest.codes_suggest)

for module in (init, serve, source, look, compare, bkn, plans, act, codes, tokens, maps, audit):
    for command in module.COMMANDS:
        commands.add_command(command)


def main() -> None:
    """The console entry: every error becomes a sentence and an exit code (see docs/cli.md)."""
    arguments = _flags_first(sys.argv[1:])
    debug, stdout = "--debug" in arguments, sys.stdout
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter is no reason to fail
    try:
        code = commands.main(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("stopped; nothing more was done")
        sys.exit(130)
    except SystemExit:
        # click ends with 1, after it has replaced stdout, when the reader of our output has gone, e.g. `| head`: that is
        # the reader's business.
        if sys.stdout is not stdout:
            sys.exit(0)
        raise
    except SyncError as error:
        if debug:
            raise
        say(f"simpeg-sync: {error}")
        sys.exit(exit_code(error))
    except Exception as error:
        if debug:
            raise
        # The error's own text may hold what a row held.
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
        say(f"simpeg-sync: the program failed ({where}); please report it. --debug shows more")
        sys.exit(FAILED)
    # A command that ends with a code of its own (done in part, not complete) hands it back instead of raising it.
    sys.exit(code if isinstance(code, int) else 0)


def _flags_first(arguments: list[str]) -> list[str]:
    """``--json`` and ``--debug`` may stand anywhere, as people type them."""
    flags = [flag for flag in ("--json", "--debug") if flag in arguments]
    return flags + [argument for argument in arguments if argument not in flags]
