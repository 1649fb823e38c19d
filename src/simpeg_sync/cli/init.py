"""The command that begins: look into a SIMPEG, write a first configuration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from simpeg_sync.cli.common import IN_PART, Shared, pass_shared, say, table


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("my-region"))
@click.option("--source-url-file", "url_file", type=click.Path(path_type=Path), help="File with SIMPEG's address.")
@click.option("--source-url", "url", help="SIMPEG's address, if it holds no password: other users can see it.")
@click.option(
    "--schema", "schemas", multiple=True, help="A schema (or database) besides the usual one; may be repeated."
)
@click.option("--force", is_flag=True, help="Overwrite what is in the folder.")
@pass_shared
def init(
    shared: Shared, folder: Path, url_file: Path | None, url: str | None, schemas: tuple[str, ...], force: bool
) -> None:
    """Look into a SIMPEG and write a first configuration into FOLDER (my-region).

    Reads only, a few hundred rows of each table. Says in comments how sure it is of each table and column.
    """
    from simpeg_sync.discover.pages import summary
    from simpeg_sync.secret import Secret
    from simpeg_sync.wiring import discovery

    if (url is None) == (url_file is None):
        raise click.UsageError("name exactly one of --source-url-file and --source-url")
    address = Secret.from_file(url_file, "--source-url-file").reveal() if url_file else str(url)
    found, files = discovery.first_configuration(address, url_file=url_file, schemas=schemas)
    discovery.write_folder(folder, files, force=force)
    data = {"folder": str(folder), "files": sorted(files), **summary(found)}
    shared.show(data, lambda: _print(data))
    if all(feed["why_not"] for feed in data["feeds"]):
        say("no feed can be used as it stands; correct one, and take .example off its name")
        raise click.exceptions.Exit(IN_PART)


def _print(data: Mapping[str, Any]) -> None:
    columns = ("file", "table", "score", "fields", "missing")
    rows = [
        [feed[name] if name != "missing" else ", ".join(feed["missing"]) for name in columns] for feed in data["feeds"]
    ]
    table(("feed", "table", "how sure", "fields", "required, not recognised"), rows)
    if data["codes"]:
        click.echo()
        table(
            ("code table to fill", "codes", "BKN's table"),
            [[one["file"], one["codes"], one["table"]] for one in data["codes"]],
        )
    if data["left_alone"]:
        click.echo()
        table(("left alone", "why"), [[one["table"], one["why"]] for one in data["left_alone"]])
    settings = f"{data['folder']}/simpeg-sync.yaml"
    click.echo(f"\nNext: read the files in {data['folder']} (look for TODO), fill in bkn, then")
    click.echo(f"  simpeg-sync --config {settings} config check")
    click.echo(f"  simpeg-sync --config {settings} codes suggest FILE --table BKN_TABLE")


COMMANDS = (init,)
