"""Which dialect's DDL is it? The only place that knows them all."""

from collections.abc import Mapping

from sqlalchemy.engine import Dialect

from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.source.ddl import Ddl
from simpeg_sync.source.ddl_mariadb import MariaDbDdl
from simpeg_sync.source.ddl_mssql import MsSqlDdl
from simpeg_sync.source.ddl_oracle import OracleDdl
from simpeg_sync.source.ddl_postgresql import PostgresDdl
from simpeg_sync.source.ddl_sqlite import SqliteDdl
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.watch import Watched


def ddl_of(dialect: Dialect, settings: LogSettings, watched: Mapping[str, Watched]) -> Ddl:
    match dialect.name:
        case "postgresql":
            return PostgresDdl(dialect, settings)
        case "mysql" | "mariadb":
            return MariaDbDdl(dialect, settings, several_schemas=any("." in table for table in watched))
        case "sqlite":
            return SqliteDdl(dialect, settings)
        case "oracle":
            return OracleDdl(dialect, settings, several_schemas=any("." in table for table in watched))
        case "mssql":
            return MsSqlDdl(dialect, settings)
        case name:
            raise SourceUnfit(f"there are no triggers for {name}; use capture mode `table` or `scan`")
