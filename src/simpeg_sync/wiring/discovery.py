"""A first configuration for a SIMPEG that nobody has described yet: looked at, recognised, written, and read again.

And what `codes suggest` compares: local codes of SIMPEG, BKN's codes of the bundle and of the ledger.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from simpeg_sync.bkn.codes import load_bundle
from simpeg_sync.clock import Clock
from simpeg_sync.config.load import Config
from simpeg_sync.config.schema import FEED_FILE, SETTINGS_FILE
from simpeg_sync.config.settings import likely
from simpeg_sync.discover import pages
from simpeg_sync.discover.drafts import Discovery, discover
from simpeg_sync.discover.likeness import Entry
from simpeg_sync.discover.lookups import LocalCode, different_codes
from simpeg_sync.discover.shapes import shapes
from simpeg_sync.discover.words import load_lexicon
from simpeg_sync.domain.errors import ConfigError, OperatorError, SourceError, SourceUnfit
from simpeg_sync.source.connect import open_reading
from simpeg_sync.source.settings import Limits
from simpeg_sync.source.survey import Survey
from simpeg_sync.wiring.bkn import open_codes
from simpeg_sync.wiring.settings import editor_schema, read_config, targets
from simpeg_sync.wiring.stores import open_ledger, source_engine

SETTINGS_NAME = "simpeg-sync.yaml"
SECRET_NAME = "source_url"
PRIVATE = frozenset({SECRET_NAME})
"""Written with mode 0600."""

Files = Mapping[str, str]
"""Path inside the folder -> content."""


def first_configuration(url: str, *, url_file: Path | None, schemas: Sequence[str]) -> tuple[Discovery, Files]:
    """``url_file``: where the address came from, to be named in the settings. Raises SourceError, OperatorError."""
    url, source, secret = _source_line(url, url_file)
    engine = open_reading(url, Limits(pool_size=1))
    try:
        survey, lexicon = Survey(engine, schemas), load_lexicon()
        switched_off = {name: target.switched_off for name, target in targets(None).items() if target.switched_off}
        found = discover(survey, shapes(load_bundle(), lexicon.code_tables), lexicon, switched_off=switched_off)
        try:
            facts = survey.capture_facts()
        except SourceError:
            facts = None  # rights that cannot be read are no reason to give up the rest
    finally:
        engine.dispose()
    if not found.feeds:
        raise SourceUnfit(
            "no table was recognised as a history of persons with NIPs; name other databases or schemas with --schema, "
            "or copy the template folder config/ and write the feeds by hand"
        )
    fixed = {
        SETTINGS_NAME: pages.settings_page(source=source, facts=facts, discovery=found),
        f"schema/{SETTINGS_FILE}": editor_schema(feed=False),
        f"schema/{FEED_FILE}": editor_schema(feed=True),
        **{draft.file: pages.code_page(draft) for draft in found.codes},
        **secret,
    }
    found = _usable(found, fixed)
    return found, {**fixed, **{pages.feed_path(feed): pages.feed_page(feed) for feed in found.feeds}}


def local_codes(config: Config, table: str, column: str, text: str | None) -> Sequence[LocalCode]:
    """The different codes of a column of SIMPEG, with their texts. Raises SourceError."""
    engine = source_engine(config)
    try:
        return different_codes(Survey(engine), table, column, text)
    finally:
        engine.dispose()


def code_names(config: Config, table: str, *, with_ledger: bool = True) -> Sequence[Entry]:
    """BKN's codes of a table by its name in the annex or at the reference API. Raises OperatorError, LedgerError."""
    bundle = load_bundle()
    known = bundle.tables.get(table) or next((one for one in bundle.tables.values() if one.pulled_as == table), None)
    if known is None:
        hint = f"{likely(table, bundle.tables)} Known: {', '.join(sorted(bundle.tables))}.".strip()
        raise OperatorError(f"{table} is not a code table of BKN. {hint}")
    labels = dict(known.codes)
    if with_ledger and known.pulled_as is not None:
        clock = Clock()
        ledger = open_ledger(config, clock)
        labels |= {code: text for code, text in open_codes(ledger, clock).labels(known.pulled_as).items() if text}
        ledger.close()
    if not labels:
        raise OperatorError(f"nothing is known of table {table} ({known.gap}); fetch it with `simpeg-sync codes pull`")
    return [Entry(code, label) for code, label in sorted(labels.items())]


def write_folder(folder: Path, files: Files, *, force: bool) -> None:
    """Raises OperatorError when a file is there already, and writes nothing then."""
    there = sorted(name for name in files if (folder / name).exists())
    if there and not force:
        raise OperatorError(
            f"{folder} has {', '.join(there[:3])} already; name another folder, or overwrite with --force"
        )
    try:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = 0o600 if name in PRIVATE else 0o644
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:  # noqa: PTH123 - the mode is needed at once
                if name in PRIVATE:
                    os.fchmod(file.fileno(), mode)
                file.write(content)
        (folder / "state").mkdir(mode=0o700, exist_ok=True)  # where the template puts the ledger
    except OSError as error:
        raise OperatorError(f"{folder} cannot be written ({error.strerror}); name another folder") from None


def _usable(found: Discovery, fixed: Files) -> Discovery:
    """What `config check` would refuse becomes an example with the reason in it; a guess must never stop the daemon."""
    for _ in range(2):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place).resolve()
            feeds = {pages.feed_path(feed): pages.feed_page(feed) for feed in found.feeds}
            write_folder(folder, {**fixed, **feeds}, force=True)
            try:
                read_config(folder / SETTINGS_NAME)
            except ConfigError as error:
                bad = {
                    problem.place.rpartition(":")[0].removeprefix(f"{folder}/"): problem.what
                    for problem in error.problems
                }
            else:
                return found
        found = replace(
            found,
            feeds=[
                replace(feed, why_not=bad[pages.feed_path(feed)]) if pages.feed_path(feed) in bad else feed
                for feed in found.feeds
            ],
        )
    return found


def _source_line(url: str, url_file: Path | None) -> tuple[str, str, Files]:
    """The address as it is opened, the setting that names it, and the file that keeps it when it holds a password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number; its text could hold the password
        raise OperatorError(
            "the address of the source cannot be read; write it like postgresql://user@host/name"
        ) from None
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        parsed = parsed.set(database=str(Path(parsed.database).resolve()))
    full = parsed.render_as_string(hide_password=False)
    if url_file is not None:
        return full, f"url_file: {pages.flow(str(url_file.resolve()))}", {}
    if parsed.password is not None:
        return full, f"url_file: {SECRET_NAME}", {SECRET_NAME: full + "\n"}
    return full, f"url: {pages.flow(full)}", {}
