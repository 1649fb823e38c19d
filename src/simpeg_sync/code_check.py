"""Does BKN know every code that the feeds may send? Found out before a record is refused for it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from simpeg_sync.bkn.codes import CodeBook
from simpeg_sync.config.load import Config
from simpeg_sync.config.national import FromSource, UsedCode, used_codes

TableOf = Callable[[str, str], str | None]
"""Target and field -> the BKN code table of the field."""


@dataclass(frozen=True, slots=True)
class UnknownCode:
    used: UsedCode
    table: str


@dataclass(frozen=True, slots=True)
class NotChecked:
    """Codes of one field about which nobody can say that BKN does not know them."""

    feed: str
    field: str
    table: str
    why: str


@dataclass(frozen=True, slots=True)
class CodeReport:
    known: int
    unknown: Sequence[UnknownCode]
    not_checked: Mapping[NotChecked, int]
    """How many codes each concerns; 0 where the configuration does not name them."""


def check_codes(config: Config, book: CodeBook, table_of: TableOf) -> CodeReport:
    """Raises LedgerDown, LedgerUnfit: the book looks into what was pulled."""
    known, unknown, not_checked = 0, list[UnknownCode](), Counter[NotChecked]()
    for used in used_codes(config):
        table = table_of(used.target, used.field)
        if table is None:
            continue
        if isinstance(used, FromSource):
            why = "the value comes from SIMPEG as it is; no configuration names its codes"
            not_checked[NotChecked(used.feed, used.field, table, why)] += 0
            continue
        match book.has(table, used.national):
            case True:
                known += 1
            case False:
                unknown.append(UnknownCode(used, table))
            case None:
                not_checked[NotChecked(used.feed, used.field, table, book.why_unsure(table))] += 1
    return CodeReport(known, unknown, not_checked)
