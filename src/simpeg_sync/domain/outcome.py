"""What did an attempt come to? One value with its reason; exceptions are for what nobody planned."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Self

from simpeg_sync.domain.record import BknId

TokenName = Literal["apim", "sso", "sapk"]


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    """A rule of BKN says no; the same content will be refused again."""
    NOT_EXECUTED = "not_executed"
    """Proved to have had no effect: never reached the server, or turned away before the work."""
    UNCLEAR = "unclear"
    """It may have had an effect. Only a read-back can say."""


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: Verdict
    code: str = ""
    """Short and stable, for people to look up: ``http.503``, ``wso2.900901``, ``bkn.required``."""
    message: str = ""
    """BKN's own words, kept in the ledger only: they may hold personal data."""
    bkn_id: BknId | None = None
    http_status: int | None = None
    dead_token: TokenName | None = None
    stops_all: bool = False
    """Not this record's fault: the whole of BKN is down, suspended or throttling us."""
    retry_after_s: float | None = None

    @classmethod
    def accepted(cls, bkn_id: BknId | None, *, http_status: int = 200) -> Self:
        return cls(Verdict.ACCEPTED, bkn_id=bkn_id, http_status=http_status)

    @classmethod
    def refused(cls, code: str, message: str, *, http_status: int) -> Self:
        return cls(Verdict.REFUSED, code, message, http_status=http_status)

    @classmethod
    def not_executed(
        cls,
        code: str,
        *,
        http_status: int | None = None,
        dead_token: TokenName | None = None,
        stops_all: bool = False,
        retry_after_s: float | None = None,
    ) -> Self:
        return cls(
            Verdict.NOT_EXECUTED,
            code,
            http_status=http_status,
            dead_token=dead_token,
            stops_all=stops_all,
            retry_after_s=retry_after_s,
        )

    @classmethod
    def unclear(cls, code: str, *, http_status: int | None = None, stops_all: bool = False) -> Self:
        return cls(Verdict.UNCLEAR, code, http_status=http_status, stops_all=stops_all)
