"""Which schema does the ledger have, and how does it get the one this program expects? Alembic's, in ``migrations/``.

Alembic itself is 8 MB that a daemon keeps for nothing: it is imported where the schema is not the right one.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

from simpeg_sync.domain.errors import LedgerUnfit, NoLedger
from simpeg_sync.ledger.engine import translated


def migrations_folder() -> Path:
    """Beside the package when installed from a wheel, at the top of the project otherwise."""
    inside = Path(__file__).resolve().parent.parent / "migrations"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[3] / "migrations"


def upgrade(engine: Engine) -> None:
    """Every step in its own transaction; killed half-way, the next run goes on where this one stopped."""
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = _config()
    script = ScriptDirectory.from_config(config)
    with translated(), engine.connect() as connection:
        _refuse_unknown(script, MigrationContext.configure(connection).get_current_revision())
        connection.rollback()  # Alembic opens its own transactions, one a step
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def check(engine: Engine) -> None:
    """Raises LedgerUnfit when the ledger is older or newer than this program."""
    with translated(), engine.connect() as connection:
        have = _current(connection)
    want = head()
    if have == want:
        return
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_config())
    if have is None:
        raise NoLedger("this database holds no ledger yet; `simpeg-sync db upgrade` makes one")
    _refuse_unknown(script, have)
    raise LedgerUnfit(f"the ledger's schema {have} is older than this program ({want}); run `simpeg-sync db upgrade`")


def check_file(engine: Engine) -> None:
    """Raises LedgerUnfit when the file is damaged. Reads all of it (about 2 ms a megabyte): once, before work begins."""
    if engine.dialect.name != "sqlite":
        return
    reading = engine.execution_options(isolation_level="AUTOCOMMIT")
    with translated(), reading.connect() as connection:
        verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if verdict != "ok":
        raise LedgerUnfit("the ledger is damaged (quick_check); bring a backup back as docs/operations.md says")


def head() -> str | None:
    """The revision that no other follows, by the text of the migrations."""
    texts = [path.read_text(encoding="utf-8") for path in (migrations_folder() / "versions").glob("*.py")]
    found = {name: re.findall(rf'^{name} = "(\w+)"', "\n".join(texts), re.M) for name in ("revision", "down_revision")}
    return next(iter(set(found["revision"]) - set(found["down_revision"])), None)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found


def _refuse_unknown(script: "ScriptDirectory", have: str | None) -> None:
    if have is not None and have not in {revision.revision for revision in script.walk_revisions()}:
        want = script.get_current_head()
        raise LedgerUnfit(f"the ledger's schema {have} is newer than this program ({want}); install the newer program")


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    return config
