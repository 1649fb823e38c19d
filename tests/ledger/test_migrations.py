"""The ledger's schema: all steps in order give what the code expects; a step that dies leaves nothing of itself."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, TextClause, inspect, text

from simpeg_sync.domain.errors import LedgerUnfit
from simpeg_sync.ledger import schema
from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.rowset import GroupStatement

from .desk import Desk, child

HEAD = ScriptDirectory(str(schema.migrations_folder())).get_current_head()
NEXT = "9998"
"""A step of the next release."""


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def test_all_steps_in_order_give_the_schema_that_the_program_asks_for_and_once_more_changes_nothing(
    empty_url: str,
) -> None:
    engine = open_engine(empty_url, create=True)
    with pytest.raises(LedgerUnfit, match=r"no ledger yet.*db upgrade"):
        schema.check(engine)
    schema.upgrade(engine)
    schema.check(engine)
    schema.upgrade(engine)
    schema.check(engine)
    engine.dispose()


def statements() -> dict[str, TextClause]:
    found = {name: value for name, value in vars(sql).items() if isinstance(value, TextClause)}
    found["CLAIM"] = sql.claim(skip_locked=False)
    found["CLAIM SKIP LOCKED"] = sql.claim(skip_locked=True)
    groups = {name: value for name, value in vars(sql).items() if isinstance(value, GroupStatement)}
    for name, group in {**groups, "FINISH": sql.finish(("bkn_id", "failures"))}.items():
        found |= {f"{name} on {dialect}": group.on(dialect) for dialect in ("sqlite", "postgresql")}
    return found


@pytest.mark.parametrize("name", statements())
def test_the_schema_has_every_table_and_column_that_a_statement_names(desk: Desk, name: str) -> None:
    dialect = desk.engine.dialect.name
    on_postgresql_only = "SKIP LOCKED" in name or name.startswith(("LOCK_LANES", "LOCK_AND_HOLD", "SERVER_TIME"))
    if (on_postgresql_only and dialect == "sqlite") or name.partition(" on ")[2] not in ("", dialect):
        return
    statement = statements()[name]
    values: dict[str, Any] = {bind: [0] if bind == "ids" else 0 for bind in statement.compile().params}
    for bind in values:
        if bind == "records":
            values[bind] = [("x", "x")]
        elif bind == "rows" and " on " in name:
            values[bind] = "[]"
        elif re.search(
            r"\b(configuration|lane|feed|source_key|name|nip|status|owner|expected|next|reason|detail|after|shape|digest|entries|kind|dead|gone)\b",
            bind,
        ):
            values[bind] = "x"
    explain = text(f"EXPLAIN {statement.text}")
    explain = explain.bindparams(*(p for p in statement._bindparams.values() if p.expanding))
    with desk.engine.connect() as connection:
        assert connection.execute(explain, values).all()


def folder_with(tmp_path: Path, revision: str, body: str) -> Path:
    """The program's own steps and one more."""
    folder = tmp_path / "migrations"
    shutil.copytree(schema.migrations_folder(), folder, dirs_exist_ok=True)
    (folder / "versions" / f"{revision}_next.py").write_text(
        f'import os\nfrom alembic import op\nrevision = "{revision}"\ndown_revision = "{HEAD}"\n'
        f"def upgrade() -> None:\n    op.execute('CREATE TABLE next_one (it INTEGER)')\n"
        f"    op.execute('INSERT INTO next_one VALUES (1)')\n    {body}\n"
    )
    return folder


UPGRADE = """
import sys
from pathlib import Path
from simpeg_sync.ledger import schema
from simpeg_sync.ledger.engine import open_engine
schema.migrations_folder = lambda: Path(sys.argv[2])
schema.upgrade(open_engine(sys.argv[1], create=True))
"""


def run_upgrade(url: str, folder: Path) -> int:
    process: subprocess.Popen[str]
    with child(UPGRADE, url, str(folder)) as process:
        process.communicate(timeout=30)
    return process.returncode


def test_a_step_that_is_killed_half_way_leaves_nothing_and_the_next_run_succeeds(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_upgrade(url, folder_with(tmp_path, NEXT, "os._exit(9)")) == 9
    engine = open_engine(url)
    schema.check(engine)
    assert "next_one" not in tables(engine)
    engine.dispose()
    folder = folder_with(tmp_path, NEXT, "pass")
    assert run_upgrade(url, folder) == 0
    assert "next_one" in tables(engine)
    monkeypatch.setattr(schema, "migrations_folder", lambda: folder)
    schema.check(engine)
    engine.dispose()


def test_the_very_first_step_killed_at_its_end_leaves_an_empty_database(empty_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(schema.migrations_folder(), folder)
    (first,) = (folder / "versions").glob("0001_*.py")
    first.write_text(first.read_text() + "\n    import os\n    os._exit(9)\n")
    assert run_upgrade(empty_url, folder) == 9
    engine = open_engine(empty_url)
    assert tables(engine) <= {"alembic_version"}
    schema.upgrade(engine)
    schema.check(engine)
    engine.dispose()


def test_a_ledger_that_is_newer_than_the_program_is_neither_used_nor_upgraded(desk: Desk) -> None:
    desk.run("UPDATE alembic_version SET version_num = '9999'")
    for use in (schema.check, schema.upgrade):
        with pytest.raises(LedgerUnfit, match=rf"9999.*newer.*{HEAD}.*install the newer program"):
            use(desk.engine)


def test_a_ledger_that_is_older_than_the_program_names_the_command(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_with(tmp_path, NEXT, "pass")
    monkeypatch.setattr(schema, "migrations_folder", lambda: folder)
    with pytest.raises(LedgerUnfit, match=rf"{HEAD} is older.*{NEXT}.*db upgrade"):
        schema.check(desk.engine)


def test_records_that_an_older_release_left_sending_are_recovered_as_uncertain(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, record = desk.taken()
    attempt = desk.ledger.begin_attempt(claim, desk.intent(record))
    folder = folder_with(tmp_path, NEXT, "pass")
    monkeypatch.setattr(schema, "migrations_folder", lambda: folder)
    schema.upgrade(desk.engine)
    schema.check(desk.engine)
    assert desk.ledger.recover() == 1
    assert desk.status() == "uncertain"
    assert desk.ledger.open_attempt(record) == attempt
