"""BKN as far as it is known without asking it: what it wants of each kind of row. No login, no call."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from simpeg_sync.bkn.client import Dialect
from simpeg_sync.bkn.codes import CodeCheck, PulledCodes
from simpeg_sync.bkn.resources.base import BadField
from simpeg_sync.decide.fields import Resource
from simpeg_sync.decide.look import BknRow
from simpeg_sync.domain.change import Nip
from simpeg_sync.domain.errors import BknDown
from simpeg_sync.domain.outcome import Outcome
from simpeg_sync.domain.record import BknId
from simpeg_sync.ports import Certificate

REMEMBERED_MAX = 100_000


@dataclass(frozen=True, slots=True)
class UnaskedBkn:
    """Implements ports.Bkn; whoever asks it more than what is known beforehand hears BknDown."""

    dialect: Dialect
    codes: CodeCheck

    def resource(self, name: str) -> Resource:
        return self.dialect.apis[name].resource

    def check(self, name: str, body: Mapping[str, Any]) -> BadField | None:
        return self.dialect.apis[name].check(body) or self.codes.unknown(name, body)

    def person(self, nip: Nip) -> BknId | None:
        raise _unasked()

    def rows(self, name: str, nip: Nip, *, pns_id: BknId | None = None) -> Sequence[BknRow]:
        raise _unasked()

    def about_to_write(self, *, leaves_before: Callable[[], float] | None = None) -> AbstractContextManager[None]:
        raise _unasked()

    def save(
        self,
        name: str,
        body: Mapping[str, Any],
        *,
        pns_id: BknId,
        bkn_id: BknId | None,
        files: Mapping[str, Certificate],
    ) -> Outcome:
        raise _unasked()

    def follow_up(self, name: str, pns_id: BknId) -> Outcome:
        raise _unasked()

    def delete(self, name: str, bkn_id: BknId) -> Outcome:
        raise _unasked()

    def upload(self, name: str, bkn_id: BknId, kind: str, certificate: Certificate) -> Outcome:
        raise _unasked()

    def document(self, name: str, row: BknRow, kind: str) -> bytes | None:
        raise _unasked()


@dataclass(slots=True)
class RememberedCodes:
    """What was pulled, asked once for each code: over a whole table the same few codes come again and again."""

    pulled: PulledCodes
    lasts_s: float = float("inf")
    """So old what is remembered may be; another process may pull meanwhile."""
    monotonic: Callable[[], float] = time.monotonic
    known: dict[tuple[str, str], bool] = field(default_factory=dict)
    complete: dict[str, bool] = field(default_factory=dict)
    _until: float = float("-inf")

    def has(self, table: str, code: str) -> bool:
        self._forget_old()
        known = self.known.get((table, code))
        if known is None:
            if len(self.known) >= REMEMBERED_MAX:
                self.known.clear()
            known = self.known[(table, code)] = self.pulled.has(table, code)
        return known

    def is_complete(self, table: str) -> bool:
        self._forget_old()
        known = self.complete.get(table)
        if known is None:
            known = self.complete[table] = self.pulled.is_complete(table)
        return known

    def _forget_old(self) -> None:
        now = self.monotonic()
        if now >= self._until:
            self.known, self.complete, self._until = {}, {}, now + self.lasts_s


class NothingPulled:
    """Before the first `codes pull`, or without a ledger: only what is bundled is known."""

    def has(self, table: str, code: str) -> bool:
        return False

    def is_complete(self, table: str) -> bool:
        return False


def _unasked() -> BknDown:
    return BknDown("BKN was not asked")
