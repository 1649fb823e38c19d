"""From the settings file to a Config, with what BKN's resources let a feed name; and the log."""

import json
import secrets as chance
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from simpeg_sync import logs
from simpeg_sync.bkn.codes import load_bundle
from simpeg_sync.bkn.resources import Choices, chosen
from simpeg_sync.config.document import read_yaml
from simpeg_sync.config.feeds import Target, Targets, check_together, read_feed
from simpeg_sync.config.load import Config, load
from simpeg_sync.config.schema import feed_schema, settings_schema
from simpeg_sync.config.settings import BknSettings, likely
from simpeg_sync.domain.errors import ConfigError, Problem
from simpeg_sync.secret import Secret
from simpeg_sync.wiring.captures import MODES

FAMILY_REMEDY = (
    "Relatives are nobody's employees: bkn.family_data_ground has to name the legal ground for sending their data."
)


def targets(settings: BknSettings | None) -> Targets:
    """BKN's resources that a feed may name, by the settings as far as they can be read."""
    has_ground = settings is not None and bool(settings.family_data_ground.strip())
    return {
        name: Target(
            api.known_fields(),
            api.resource.document_kinds,
            needs_natural_key=api.resource.is_listed and not api.resource.is_single,
            says_who=bool(api.resource.identity),
            switched_off="" if has_ground or not api.is_family else FAMILY_REMEDY,
        )
        for name, api in chosen(choices_of(settings)).items()
    }


def editor_schema(*, feed: bool) -> str:
    """As JSON, for the settings or for feeds; the same text for the same program."""
    schema = feed_schema(targets(None)) if feed else settings_schema()
    return json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def choices_of(settings: BknSettings | None) -> Choices:
    return Choices(**settings.choices.model_dump()) if settings is not None else Choices()


def read_config(path: Path) -> Config:
    """Raises ConfigError."""
    config = load(path, targets=targets)
    _check_cuts(config)
    _check_modes(config)
    tables = load_bundle().tables
    unknown = [name for name in config.settings.bkn.extra_codes if name not in tables]
    if unknown:
        file = read_yaml(config.path)
        raise ConfigError(
            [
                Problem(
                    file.place(("bkn", "extra_codes", name)),
                    f"{name} is not a code table of BKN",
                    f"{likely(name, tables)} Known: {', '.join(tables)}.".strip(),
                )
                for name in unknown
            ]
        )
    return config


def read_proposal(config: Config, path: Path) -> Config:
    """Another configuration that would take the running one's place: a settings file, a folder with one, or one feed that
    would take the place of the running feed of its name, or be added. Raises ConfigError."""
    path = path / "simpeg-sync.yaml" if path.is_dir() else path
    file = read_yaml(path)
    if not isinstance(file.data, Mapping) or "feed" not in file.data:
        return _in_place(read_config(path), config.folder)
    feed, problems = read_feed(file, targets=targets(config.settings.bkn), base=config.folder)
    if feed is not None:
        files = {**config.feed_files, feed.name: file}
        feeds = {**config.feeds, feed.name: feed}
        problems = check_together([(feeds[name], files[name]) for name in feeds], are_all=True)
        if not problems:
            return replace(config, feeds=feeds, feed_files=files)
    raise ConfigError(problems)


def _in_place(config: Config, folder: Path) -> Config:
    """With its folders of certificates beside the running settings, where it would stand then."""

    def moved(directory: str) -> str:
        path = Path(directory)
        return str(folder / path.relative_to(config.folder)) if path.is_relative_to(config.folder) else directory

    feeds = {
        name: replace(feed, documents=tuple(replace(rule, directory=moved(rule.directory)) for rule in feed.documents))
        for name, feed in config.feeds.items()
    }
    return replace(config, feeds=feeds)


def _check_cuts(config: Config) -> None:
    """A cut of a field that does not exist would be obeyed in silence."""
    known = {f"{name}.{field}" for name, target in targets(config.settings.bkn).items() for field in target.fields}
    file = read_yaml(config.path)
    problems = [
        Problem(file.place(("bkn", "choices", "cuts", name)), f"{name} is not a field of a target", likely(name, known))
        for name in config.settings.bkn.choices.cuts
        if name not in known
    ]
    if problems:
        raise ConfigError(problems)


def _check_modes(config: Config) -> None:
    file = read_yaml(config.path)
    problems = [
        Problem(
            file.place(("source", "capture", index)),
            f"capture names {mode!r}, which is no mode",
            f"{likely(mode, MODES)} Known: {', '.join(MODES)}.".strip(),
        )
        for index, mode in enumerate(config.settings.source.capture)
        if mode not in MODES
    ]
    if problems:
        raise ConfigError(problems)


def configure_logs(
    config: Config, *, level: str | None = None, stream: TextIO | None = None, gathers: bool = False
) -> None:
    """``stream``: where the lines go; standard output when it is missing. ``gathers``: as for `logs.configure`."""
    settings = config.settings
    key = chance.token_bytes(32)
    if settings.person_key_file is not None:
        key = (
            Secret.from_file(config.secret(settings.person_key_file), f"{config.path}: person_key_file")
            .reveal()
            .encode()
        )
    logs.configure(
        level=level or settings.log.level, form=settings.log.format, stream=stream, person_key=key, gathers=gathers
    )
