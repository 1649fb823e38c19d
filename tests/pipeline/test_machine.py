"""Random days with lying, failing and dying neighbours; when all is quiet: does the ledger tell the truth?"""

import contextlib
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import text
from tests.adapters.memory import ProcessDied
from tests.pipeline.conftest import BUDI, GAP_S, GRACE_S, QUIET_S, SETTLE_S, SITI, TABLE, Office

from simpeg_sync import logs
from simpeg_sync.domain.change import SourceKey

KEYS = st.sampled_from(["1", "2", "3", "4"])
PERSON = {"1": SITI, "2": SITI, "3": SITI, "4": BUDI}
TROUBLES = st.sampled_from(["lost_after", "lost_before", "not_executed", "down", "no_id", "dies_after", "dies_before"])
WAITS = st.sampled_from([1.0, QUIET_S + 1, GAP_S + 1, SETTLE_S + 1, GRACE_S + 1])


class OfficeMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        logs.configure(level="CRITICAL")
        self.folder = tempfile.TemporaryDirectory(prefix="machine-")
        self.office = Office(Path(self.folder.name))
        self.serial = 0

    # ------------------------------------------------------------------------------------------------- SIMPEG

    @rule(key=KEYS, hours=st.integers(1, 50), status=st.sampled_from([2, 2, 2, 1]))
    def save(self, key: str, hours: int, status: int) -> None:
        self.office.enter(key, nip=PERSON[key], jam=str(hours), status=status, nomor=self._number(key))

    @rule(key=KEYS, kind=st.sampled_from(["00", "02"]))
    def change_kind(self, key: str, kind: str) -> None:
        self.office.enter(key, nip=PERSON[key], jenis=kind, nomor=self._number(key))

    @rule(key=KEYS)
    def erase(self, key: str) -> None:
        self.office.erase(key)

    @rule(key=KEYS)
    @precondition(lambda self: bool(self.office.source.tables.get(TABLE)))
    def enter_anew_under_another_key(self, key: str) -> None:
        rows = self.office.source.tables[TABLE]
        old = rows.get(SourceKey(f'["{key}"]'))
        if old is None:
            return
        self.serial += 1
        columns: dict[str, Any] = {name: value for name, value in old.items() if name not in ("id", "nip")}
        self.office.erase(key)
        self.office.enter(f"9{self.serial}", nip=str(old["nip"]), **columns)

    # --------------------------------------------------------------------------------------------- what may happen

    @rule(trouble=TROUBLES)
    def trouble(self, trouble: Any) -> None:
        self.office.bkn.troubles.append(trouble)

    @rule(is_down=st.booleans())
    def outage(self, is_down: bool) -> None:
        self.office.bkn.is_down = is_down

    @rule(seconds=st.sampled_from([0.0, SETTLE_S - 1]))
    def reading_side_lags(self, seconds: float) -> None:
        """Never for longer than the settle time: that is what the settle time is for."""
        self.office.bkn.lag_s = seconds

    @rule(seconds=WAITS)
    def pass_time(self, seconds: float) -> None:
        with self._dying():
            self.office.pass_time(seconds)

    @rule()
    def restart(self) -> None:
        self.office.restart()

    # ------------------------------------------------------------------------------------------------------- truth

    @invariant()
    def at_most_one_open_attempt_a_record_and_it_is_uncertain(self) -> None:
        rows = self._all("""SELECT records.status FROM attempts JOIN records ON records.id = attempts.record_id
                            WHERE attempts.ended_at IS NULL""")
        assert all(status == "uncertain" for (status,) in rows), rows

    def teardown(self) -> None:
        try:
            self._quiet()
            self._judge()
        finally:
            self.office.ledger.close()
            self.folder.cleanup()

    def _quiet(self) -> None:
        self.office.bkn.troubles.clear()
        self.office.bkn.is_down = False
        self.office.bkn.lag_s = 0.0
        for _ in range(12):
            self.office.pass_time(GRACE_S + SETTLE_S)

    def _judge(self) -> None:
        unresting = self._all(
            "SELECT status, reason FROM records WHERE status IN ('waiting','working','sending','uncertain')"
        )
        assert unresting == []
        wanted: Counter[tuple[str, str, str, int]] = Counter()
        for row in self.office.source.tables.get(TABLE, {}).values():
            if row["status"] == 2:
                name = "diklat" if row["jenis"] == "00" else "kursus"
                wanted[(name, row["nip"], row["nomor"], int(str(row["jam"]).split()[0]))] += 1
        there = Counter(
            (name, row["nipBaru"], row[number], int(row["jumlahJam"]))
            for name, number in (("kursus", "noSertipikat"), ("diklat", "nomor"))
            for row in self.office.at_bkn(name)
        )
        assert wanted - there == Counter(), "verified rows that BKN lacks"
        unverified = {row["nomor"] for row in self.office.source.tables.get(TABLE, {}).values() if row["status"] != 2}
        extra = {key for key in there - wanted if key[2] not in unverified}
        assert extra == set(), "rows at BKN that nobody wants"
        # An unverified row keeps what BKN had of it, but never two of them in one place.
        assert max(Counter(key[:3] for key in there.elements()).values(), default=0) <= 1, "a certificate twice"

    @contextlib.contextmanager
    def _dying(self) -> Any:
        try:
            yield
        except ProcessDied:
            self.office.restart()

    def _number(self, key: str) -> str:
        """A certificate keeps its number however its row is saved, until it is entered anew."""
        row = self.office.source.tables.get(TABLE, {}).get(SourceKey(f'["{key}"]'))
        if row is not None:
            return str(row["nomor"])
        self.serial += 1
        return f"SERT/{key}/{self.serial}"

    def _all(self, statement: str) -> list[Any]:
        with self.office.ledger.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]


OfficeMachine.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestOffice = pytest.mark.timeout(300)(OfficeMachine.TestCase)
