"""What people ask about situations. Reads only; values of persons only where they are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text

from simpeg_sync.ledger.comparisons import said
from simpeg_sync.ledger.engine import translated

PAGE = 1000


@dataclass(frozen=True, slots=True)
class SituationFilter:
    """Which situations; everything that is set has to fit."""

    lane: str | None = None
    feeds: Sequence[str] = ()
    situations: Sequence[str] = ()
    drift: str | None = None
    since: float | None = None
    is_equal_wanted: bool = True

    def clause(self) -> tuple[str, dict[str, Any]]:
        tests, values = ["1 = 1"], dict[str, Any]()
        for name, value in (("lane", self.lane), ("drift", self.drift)):
            if value is not None:
                tests.append(f"{name} = :{name}")
                values[name] = value
        for name, some in (("feed", self.feeds), ("situation", self.situations)):
            if some:
                tests.append(f"{name} IN ({', '.join(f':{name}{n}' for n in range(len(some)))})")
                values |= {f"{name}{n}": one for n, one in enumerate(some)}
        if self.since is not None:
            tests.append("since >= :since")
            values["since"] = self.since
        if not self.is_equal_wanted:
            tests.append("situation <> 'equal'")
        return " AND ".join(tests), values


class SituationReader:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    def counts(self, wanted: SituationFilter) -> Sequence[Mapping[str, Any]]:
        """Rows by feed, situation and drift."""
        clause, values = wanted.clause()
        return self._all(
            f"SELECT feed, situation, drift, count(*) AS count FROM situations WHERE {clause} "
            "GROUP BY feed, situation, drift ORDER BY feed, situation, drift",
            **values,
        )

    def page(self, wanted: SituationFilter, *, after: int, limit: int = PAGE) -> Sequence[Mapping[str, Any]]:
        """In the order in which they were first seen. ``said``: field, rule, SIMPEG's value, BKN's of each difference."""
        clause, values = wanted.clause()
        found = self._all(
            f"SELECT * FROM situations WHERE id > :after AND {clause} ORDER BY id LIMIT :limit",
            after=after,
            limit=limit,
            **values,
        )
        return [{**row, "said": said(row)} for row in found]

    def history(self, lane: str, *, limit: int) -> Sequence[Mapping[str, Any]]:
        """The newest changes of one person's situations, oldest first."""
        newest = self._all(
            "SELECT * FROM situation_changes WHERE lane = :lane ORDER BY id DESC LIMIT :limit", lane=lane, limit=limit
        )
        return list(reversed(newest))

    def progress(self, *, since: float) -> Mapping[str, Any]:
        """Comparisons that there are, that were ever made, the time of the oldest, and the calls of this night."""
        [found] = self._all(
            "SELECT count(*) AS known, count(compared_at) AS compared, min(compared_at) AS oldest, "
            "coalesce(sum(CASE WHEN compared_at >= :since THEN calls ELSE 0 END), 0) AS calls FROM comparisons",
            since=since,
        )
        return found

    def _all(self, statement: str, **values: Any) -> Sequence[Mapping[str, Any]]:
        with translated(), self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(statement), values).mappings()]
