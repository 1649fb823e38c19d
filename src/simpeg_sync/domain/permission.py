"""What an operator has allowed for one record by applying a plan: an action, tied to the facts that the plan showed.

While the facts hold, exactly this is done. Where they do not, the permission is void and the ordinary rules decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Wish(StrEnum):
    OVERWRITE = "overwrite"
    """SIMPEG wins over what another hand changed at BKN."""
    DOCUMENTS = "documents"
    """Certificates are sent again."""
    RECREATE = "recreate"
    """A row that is gone at BKN is matched or created anew."""
    DELETE = "delete"
    """A delete that waits for a person's word has it."""


class Stage(StrEnum):
    OPEN = "open"
    """Nothing has been done by it yet."""
    BEGUN = "begun"
    """A write has left by it, and is not proved: should it have had no effect, the facts count again."""
    SPENT = "spent"
    """What was allowed is done; what is left to do goes by the ordinary rules."""


class ItemState(StrEnum):
    """Where one item of a plan stands."""

    OPEN = "open"
    ORDERED = "ordered"
    DONE = "done"
    CHANGED = "changed"
    """A fact was no longer what the plan had shown; the record went by the ordinary rules."""
    HELD = "held"
    REFUSED = "refused"
    NOTHING = "nothing"
    """The plan found nothing to do."""


ENDED = frozenset({ItemState.DONE, ItemState.CHANGED, ItemState.HELD, ItemState.REFUSED, ItemState.NOTHING})

NOT_LOOKED_AT = "to_look_at"
"""The action of an item whose person was not looked up at BKN: what is done is what the ordinary rules find."""


@dataclass(frozen=True, slots=True)
class Permission:
    plan_id: int
    number: int
    """Of the item in its plan."""
    action: str
    """The first thing that the daemon would have done when the plan was made."""
    wishes: frozenset[Wish] = frozenset()
    wanted: str = ""
    """Digest of what SIMPEG wants."""
    files: str = ""
    """Digest of the certificates that go with it; empty where they were not read."""
    bkn: str = ""
    """Digest of BKN's row, or of there being none; empty where nobody looked."""
    stage: Stage = Stage.OPEN
    before: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the record as they were before a write left by this permission; they come back if it has no effect."""
