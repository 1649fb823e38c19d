"""A region that took one of the shipped examples as it is: its database, a BKN of its own, the daemon as a process.

Only what every region has to set is set: addresses, secrets, and waits that are shorter than an office's.
"""

import shutil
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import yaml
from sqlalchemy import Engine, create_engine

from simpeg_sync import wiring
from simpeg_sync.demo.bkn_start import BknStart
from simpeg_sync.demo.people import Person, invent_people
from simpeg_sync.demo.simpeg import World
from simpeg_sync.demo.stage import LOGIN, SHORTENED, Stage
from simpeg_sync.simulator import process
from simpeg_sync.source.connect import DRIVERS

EXAMPLES = Path(__file__).parents[2] / "config" / "examples"
LIMIT_S = 40.0
Value = str | int | None


@dataclass(slots=True)
class Region:
    stage: Stage
    people: Sequence[Person]
    """Of eight the seventh is retired, and BKN does not know the eighth."""
    quote: str
    _seen: int = field(default=0, init=False)

    def run(self, *statements: str) -> None:
        """One transaction of SIMPEG's application."""
        with self.stage.simpeg.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with self.stage.simpeg.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def start(self) -> None:
        """What an operator does once, and the first start to its end."""
        for command in ("db upgrade", "source install", "plan --look 0", "plan --approve --reason test"):
            self.stage.command(*command.split())
        # BKN knows every code of the example's tables, as far as anybody can tell.
        assert self.stage.command("codes", "check")["unknown"] == []
        self.stage.start_daemon()
        self.settle()

    def settle(self) -> None:
        self.stage.wait_until_settled(limit_s=LIMIT_S)

    def writes(self) -> Counter[str]:
        """What BKN has stored since the last question, by its own books; the calls that follow a post change no history."""
        effects = self.stage.bkn.control.effects(after=self._seen)
        self._seen = max([self._seen, *(effect["seq"] for effect in effects)])
        return Counter(f"{one['kind']} {one['resource']}" for one in effects if one["kind"] != "sync")

    def at_bkn(self, resource: str, name: str, *fields: str) -> dict[str, list[Any]]:
        """By the field ``name`` of BKN's rows, as the saves spell it. No two rows may agree in it: that would be a double."""
        rows = self.stage.bkn.control.rows(resource=resource)
        found = {str(row["fields"][name]): [row["fields"].get(field) for field in fields] for row in rows}
        assert len(found) == len(rows), f"a double among {resource}"
        return found

    def id_at_bkn(self, resource: str, name: str, value: str) -> str:
        [found] = [
            row["id"] for row in self.stage.bkn.control.rows(resource=resource) if str(row["fields"][name]) == value
        ]
        return str(found)

    def standing_still(self) -> Counter[str]:
        """Records that do not go on, by feed and reason."""
        rows = wiring.open_reader(self.stage.config).reasons()
        counts: Counter[str] = Counter()
        for row in rows:
            counts[f"{row['feed']} {row['reason']}"] += row["count"]
        return counts

    def pdf(self, folder: str, name: str) -> None:
        path = self.stage.folder / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%PDF-1.4 " + name.encode())


def insert(table: str, **columns: Value) -> str:
    values = ", ".join("NULL" if value is None else f"'{value}'" for value in columns.values())
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"


def open_region(folder: Path, example: str, schema: str, source_url: str, *, seed: int) -> Region:
    """The example's files are copied unchanged; ``schema`` is the DDL beside this file."""
    sys.stdout.write(f"seed {seed}\n")
    shutil.copytree(EXAMPLES / example, folder, dirs_exist_ok=True)
    people = invent_people(Random(seed), 8)
    simpeg = _filled(source_url, (Path(__file__).parent / schema).read_text(encoding="utf-8"))
    bkn = process.start(state=folder / "bkn.db")
    bkn.control.add_persons(
        *({"id": p.pns_id, "nipBaru": p.nip, "nama": p.nama, "tglLahir": f"{p.born:%d-%m-%Y}"} for p in people[:-1])
    )
    path = folder / "simpeg-sync.yaml"
    path.write_text(
        yaml.safe_dump(_at_home(yaml.safe_load(path.read_text(encoding="utf-8")), bkn.url)), encoding="utf-8"
    )
    (folder / "state").mkdir()
    for name, secret in {**LOGIN, "source_url": source_url}.items():
        (folder / name).write_text(secret, encoding="utf-8")
    nobody = World(folder, (), (), frozenset(), BknStart((), (), frozenset()), 0)
    return Region(Stage(folder, nobody, simpeg, bkn, path), people, simpeg.dialect.identifier_preparer.initial_quote)


def _filled(url: str, script: str) -> Engine:
    scheme, _, rest = url.partition("://")
    engine = create_engine(f"{DRIVERS.get(scheme, scheme)}://{rest}", execution_options={"no_parameters": True})
    plain = "\n".join(line.partition("--")[0] for line in script.splitlines())
    with engine.begin() as connection:
        for statement in plain.split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    return engine


def _at_home(settings: Mapping[str, Any], bkn_url: str) -> dict[str, Any]:
    addresses = {
        "base_url": f"{bkn_url}/apisiasn/1.0",
        "apim_token_url": f"{bkn_url}/oauth2/token",
        "sso_token_url": f"{bkn_url}/auth/realms/public-siasn/protocol/openid-connect/token",
        "sso_client_id": "fake-instansi-client",
        "calls_in_flight": 6,
        "calls_per_second": 400,
        "call_limit": "2 s",
        "gateway_life": "500 ms",
    }
    return {
        **settings,
        "source": {**settings["source"], "poll": "200 ms"},
        "bkn": {**settings["bkn"], **addresses},
        "timing": dict(SHORTENED),
    }
