"""An invented region to plant in: its SIMPEG, a simulated BKN as a process, the settings, and the program's own doors."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
import yaml

from simpeg_sync import wiring
from simpeg_sync.config.load import Config
from simpeg_sync.demo.bkn_start import BknStart
from simpeg_sync.demo.simpeg import World
from simpeg_sync.demo.stage import LOGIN, SHORTENED, Stage
from simpeg_sync.simulator import process
from simpeg_sync.simulator.control_client import row_entry
from simpeg_sync.source.connect import DRIVERS
from tests.reconcile.kinds import CODES, COMMON, KINDS, SCHEMA
from tests.reconcile.planting import Planting, Work
from tests.reconcile.plants import KEPT_LETTERS

Thing = TypeVar("Thing")
AT_ONCE = 2000
"""Rows of one statement, or of one call to the simulator."""


@dataclass(slots=True)
class Region:
    folder: Path
    planting: Planting
    source_url: str = ""
    """Empty: a SQLite file."""
    ledger_url: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Sections that differ from the judge's own."""
    simpeg: sa.Engine = field(init=False)
    stage: Stage = field(init=False)
    _seen: int = 0
    _version: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.source_url = self.source_url or f"sqlite:///{self.folder}/simpeg.db"
        scheme, _, rest = self.source_url.partition("://")
        self.simpeg = sa.create_engine(f"{DRIVERS.get(scheme, scheme)}://{rest}")
        with self.simpeg.begin() as connection:
            for statement in SCHEMA:
                connection.exec_driver_sql(statement)
        bkn = process.start(state=self.folder / "bkn.db", settings={"kept_letters": KEPT_LETTERS})
        nobody = World(self.folder, (), (), frozenset(), BknStart((), (), frozenset()), 0)
        self.stage = Stage(self.folder, nobody, self.simpeg, bkn, self._write_settings(bkn.url))

    # ---------------------------------------------------------------------------------------------------- planting

    def play(self, work: Work) -> None:
        with self.simpeg.begin() as connection:
            for table, rows in work.inserts.items():
                for some in _chunks(rows):
                    connection.execute(_insert(table, some[0]), some)
            for table, key, changes in work.updates:
                connection.execute(_update(table, changes), {**changes, "id": key})
            for table, key in work.deletes:
                connection.execute(sa.text(f"DELETE FROM {table} WHERE id = :id"), {"id": key})
        control = self.stage.bkn.control
        for persons in _chunks(work.persons):
            control.add_persons(*persons)
        for row_id in work.removals:
            control.delete_row(row_id)
        for entered in _chunks(work.rows):
            control.add_rows([row_entry(kind, nip, body, row_id=row_id) for row_id, kind, nip, body in entered])
        for row_id, changes in work.patches:
            control.patch_row(row_id, changes)

    def know_what_was_sent(self) -> None:
        """The ids that BKN gave to what the daemon entered; another hand then changes some of it."""
        for one in self.planting.planted:
            if not one.sent:
                continue
            rows = self.stage.bkn.control.rows(resource=one.feed, nip=one.nip)
            [row_id] = [row["id"] for row in rows if one.sent in row["fields"].values()]
            one.bkn_ids = (row_id,)
            if one.pending:
                self.stage.bkn.control.patch_row(row_id, one.pending)

    # ------------------------------------------------------------------------------------------- what an operator does

    def prepare(self) -> None:
        for command in ("db upgrade", "source install"):
            self.stage.command(*command.split())

    def approve(self) -> None:
        self.stage.command("plan", "--look", "0")
        self.stage.command("plan", "--approve", "--reason", "judge")

    def run(self) -> None:
        """The daemon, until nothing is left to do."""
        code = self.stage.run_once()
        assert code == 0, f"run --once ended with {code}; see {self.folder / 'daemon.log'}"

    def only_observe(self) -> None:
        """Every feed is another one now, as far as its approval goes: the daemon follows changes and sends nothing."""
        self._version += 1
        for path in (self.folder / "feeds").iterdir():
            path.write_text(f"# {self._version}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")

    # ------------------------------------------------------------------------------------------------------ what is

    def writes(self) -> Counter[tuple[str, str, str]]:
        """What BKN did for us since the last question: kind of effect, kind of row, person."""
        effects = self.stage.bkn.control.effects(after=self._seen)
        self._seen = max([self._seen, *(effect["seq"] for effect in effects)])
        return Counter((one["kind"], one["resource"], one["nip"]) for one in effects if one["kind"] != "sync")

    def calls(self) -> int:
        """Calls that BKN's service was asked, logins apart."""
        return int(self.stage.bkn.control.counts()["calls"]) - self._token_calls()

    def lists(self) -> int:
        """Calls for the rows of one kind of one person."""
        by_path = self.stage.bkn.control.counts()["by_path"]
        return sum(count for path, count in by_path.items() if "/pns/rw-" in path)

    def rows_of_simpeg(self, table: str) -> list[dict[str, Any]]:
        with self.simpeg.connect() as connection:
            return [dict(row) for row in connection.execute(sa.text(f"SELECT * FROM {table}")).mappings()]

    @property
    def config(self) -> Config:
        return wiring.read_config(self.stage.config_path)

    def close(self) -> None:
        self.stage.close()

    def _token_calls(self) -> int:
        by_path = self.stage.bkn.control.counts()["by_path"]
        return sum(count for path, count in by_path.items() if "token" in path)

    def _write_settings(self, bkn_url: str) -> Path:
        (self.folder / "feeds").mkdir()
        (self.folder / "codes").mkdir()
        for kind in KINDS:
            feed = {"feed": kind.feed, "target": kind.feed, "table": kind.table, **COMMON, **kind.file}
            text = yaml.safe_dump(feed, sort_keys=False)
            (self.folder / "feeds" / f"{kind.feed}.yaml").write_text(text, encoding="utf-8")
        for name, table in CODES.items():
            lines = ["local,bkn", *(f"{local},{bkn}" for local, bkn in table.items())]
            (self.folder / "codes" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for name, secret in {**LOGIN, "source_url": self.source_url}.items():
            (self.folder / name).write_text(secret, encoding="utf-8")
        no_limit = dict.fromkeys(("vanish_rows", "vanish_percent", "change_rows", "change_percent"), 0)
        settings: dict[str, Any] = {
            "region": "judge",
            "source": {"url_file": "source_url", "poll": "200 ms"},
            "bkn": {
                "base_url": f"{bkn_url}/apisiasn/1.0",
                "apim_token_url": f"{bkn_url}/oauth2/token",
                "sso_token_url": f"{bkn_url}/auth/realms/public-siasn/protocol/openid-connect/token",
                "sso_client_id": "fake-instansi-client",
                **{f"{name}_file": name for name in LOGIN},
                "calls_in_flight": 8,
                "calls_per_second": 5000,
                "call_limit": "2 s",
                "gateway_life": "500 ms",
            },
            "ledger": {"url": self.ledger_url or f"sqlite:///{self.folder}/ledger.db"},
            "timing": dict(SHORTENED),
            "brake": no_limit,
        }
        for section, values in self.settings.items():
            settings[section] = {**settings.get(section, {}), **values}
        path = self.folder / "simpeg-sync.yaml"
        path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        return path

    def copy_ledger(self, to: Path) -> None:
        """A SQLite ledger that nobody has open."""
        for path in self.folder.glob("ledger.db*"):
            shutil.copy(path, to / path.name)

    def restore_ledger(self, kept: Path) -> None:
        for path in self.folder.glob("ledger.db*"):
            path.unlink()
        for path in kept.glob("ledger.db*"):
            shutil.copy(path, self.folder / path.name)


def _chunks(things: Sequence[Thing]) -> Iterator[Sequence[Thing]]:
    for at in range(0, len(things), AT_ONCE):
        yield things[at : at + AT_ONCE]


def _insert(table: str, row: Mapping[str, Any]) -> sa.TextClause:
    return sa.text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})")


def _update(table: str, changes: Mapping[str, Any]) -> sa.TextClause:
    return sa.text(f"UPDATE {table} SET {', '.join(f'{name} = :{name}' for name in changes)} WHERE id = :id")
