"""What BKN wants of each kind of row, as far as it is known without asking BKN: no login, no call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simpeg_sync.bkn.client import Dialect
from simpeg_sync.bkn.codes import CodeCheck
from simpeg_sync.bkn.resources.base import BadField
from simpeg_sync.decide.fields import Resource


@dataclass(frozen=True, slots=True)
class BknKinds:
    dialect: Dialect
    codes: CodeCheck

    def resource(self, name: str) -> Resource:
        return self.dialect.apis[name].resource

    def check(self, name: str, body: Mapping[str, Any]) -> BadField | None:
        """As ``ports.Bkn.check``."""
        return self.dialect.apis[name].check(body) or self.codes.unknown(name, body)


class NothingPulled:
    """Before the first `codes pull`, or without a ledger: only what is bundled is known."""

    def has(self, table: str, code: str) -> bool:
        return False

    def is_complete(self, table: str) -> bool:
        return False
