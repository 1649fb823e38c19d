"""Reads the settings and all feeds, and reports every problem of all files in one error."""

import glob
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from simpeg_sync.config.document import YamlFile, read_yaml
from simpeg_sync.config.feeds import Targets, check_together, read_feed
from simpeg_sync.config.settings import BknSettings, Settings, check
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.errors import ConfigError, Problem
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.secret import Secret, located

DATABASES: Mapping[str, tuple[str, ...]] = {
    "source": ("postgresql", "mariadb", "mysql", "sqlite"),
    "ledger": ("sqlite", "postgresql"),
}


@dataclass(frozen=True, slots=True)
class Config:
    path: Path
    settings: Settings
    feeds: Mapping[FeedName, Feed]
    feed_files: Mapping[FeedName, YamlFile] = field(default_factory=dict)
    """As they are written, for what has to name file and line."""

    @property
    def folder(self) -> Path:
        return self.path.parent

    def file(self, path: Path) -> Path:
        """A path of the settings: relative ones are relative to the settings file."""
        return path if path.is_absolute() else self.folder / path

    def secret(self, path: Path) -> Path:
        return located(path, self.folder)

    @property
    def source_url(self) -> str:
        return self._url(self.settings.source.url, self.settings.source.url_file, "source")

    @property
    def ledger_url(self) -> str:
        return self._url(self.settings.ledger.url, self.settings.ledger.url_file, "ledger")

    @property
    def digest(self) -> str:
        """What an approval is given to: where data go and what is sent, not how fast."""
        bkn = self.settings.bkn
        sent = bkn.choices.model_dump_json()
        parts = [
            bkn.dialect,
            bkn.base_url,
            sent,
            *(f"{name}={feed.digest}" for name, feed in sorted(self.feeds.items())),
        ]
        return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()

    def _url(self, url: str, file: Path | None, section: str) -> str:
        text = url or Secret.from_file(self.secret(file or Path()), f"{self.path}: {section}.url_file").reveal()
        try:
            parsed = make_url(text)
        except (ArgumentError, ValueError):  # ValueError: a port that is no number; its text could hold the password
            raise ConfigError(
                [Problem(f"{self.path}: {section}", "not a database address", "Write it like postgresql://host/name.")]
            ) from None
        if parsed.get_backend_name() not in DATABASES[section]:
            what = f"{parsed.get_backend_name()} is not a database that the {section} may be"
            raise ConfigError([Problem(f"{self.path}: {section}", what, f"Known: {', '.join(DATABASES[section])}.")])
        drivers = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
        parsed = parsed.set(drivername=drivers.get(parsed.drivername, parsed.drivername))
        if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
            parsed = parsed.set(database=str(self.file(Path(parsed.database)).resolve()))
        return parsed.render_as_string(hide_password=False)


def load(path: Path, *, targets: Callable[[BknSettings | None], Targets]) -> Config:
    """``targets``: what feeds may name, by the settings as far as they can be read. Raises ConfigError with all problems of
    all files at once."""
    path = path.resolve()
    file = read_yaml(path)
    settings, problems = check(Settings, file)
    patterns = settings.feeds if settings else _patterns(file)
    known = targets(settings.bkn if settings else None)
    read: list[tuple[Feed, YamlFile]] = []
    before = len(problems)
    for feed_path in _feed_paths(path, patterns, problems, file):
        try:
            feed_file = read_yaml(feed_path)
        except ConfigError as error:
            problems += error.problems
            continue
        feed, feed_problems = read_feed(feed_file, targets=known, base=path.parent)
        problems += feed_problems
        if feed is not None:
            read.append((feed, feed_file))
    problems += check_together(read, are_all=len(problems) == before)
    if problems or settings is None:
        raise ConfigError(sorted(problems, key=_place))
    return Config(path, settings, {feed.name: feed for feed, _ in read}, {feed.name: file for feed, file in read})


def _place(problem: Problem) -> tuple[str, int]:
    """``file:line``, for sorting by lines and not by their digits."""
    path, _, line = problem.place.rpartition(":")
    return (path, int(line)) if line.isdigit() else (problem.place, 0)


def _patterns(file: YamlFile) -> list[str]:
    written = file.data.get("feeds") if isinstance(file.data, Mapping) else None
    return [str(item) for item in written] if isinstance(written, list) else ["feeds/*.yaml"]


def _feed_paths(path: Path, patterns: list[str], problems: list[Problem], file: YamlFile) -> list[Path]:
    found: list[Path] = []
    for pattern in patterns:
        matching = sorted(Path(name) for name in glob.glob(str(path.parent / pattern)))
        if not matching:
            problems.append(
                Problem(
                    file.place(("feeds",)), f"no file matches {pattern}", "Write a feed file, or correct the pattern."
                )
            )
        found += matching
    return list(dict.fromkeys(found))
