"""Of several daemons on one ledger one looks after the change log and the calendar: a lease with a fence, as for a lane."""

from sqlalchemy import Connection

from simpeg_sync.domain.errors import LostLead
from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger.core import Core
from simpeg_sync.ledger.owner import is_dead


class Leading(Core):
    def leads(self, name: str = "intake") -> bool:
        """Whether this process is the one that looks after the change log and the calendar, for one more lease.

        On a ledger that only one daemon may open it always is.
        """
        if self._is_alone:
            return True
        begun_at, lease_now = self._clock.monotonic(), self._lease_now(ask=True)
        standing = self._one(sql.LEADER, {"name": name})
        values = {
            "name": name,
            "owner": self._owner,
            "lease_now": lease_now,
            "until": lease_now + self.lead_s,
            "dead": standing["owner"] if standing and is_dead(standing["owner"]) else "",
        }
        fence = self._writer.write(lambda c: c.execute(sql.LEAD, values).scalar())
        self._lead = None if fence is None else (name, int(fence), begun_at + self.lead_s)
        return fence is not None

    def stop_leading(self) -> None:
        """Another process may begin at once."""
        lead, self._lead = self._lead, None
        if lead is not None:
            values = {"name": lead[0], "owner": self._owner}
            self._writer.write(lambda c: c.execute(sql.STOP_LEADING, values) and None)

    def _still_leads(self, connection: Connection) -> None:
        """In the transaction that moves a cursor. Raises LostLead."""
        if self._is_alone or not self._is_shared:
            return
        lead = self._lead
        held = lead is not None and self._clock.monotonic() < lead[2]
        if lead is None or not held:
            raise LostLead("another daemon looks after the change log now")
        values = {"name": lead[0], "owner": self._owner, "fence": lead[1]}
        if connection.execute(sql.HOLD_LEAD, values).rowcount != 1:
            raise LostLead("another daemon looks after the change log now")
