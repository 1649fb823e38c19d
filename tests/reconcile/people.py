"""Invented employees in any number, each with a NIP by rule; the same seed gives the same ones."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

from simpeg_sync.demo.people import FAMILY_NAMES, GIVEN_NAMES, Sex, nip_stem

State = Literal["active", "unknown", "inactive", "retires"]
"""Known and active; not known at BKN; no longer active in SIMPEG; active until the differences are planted."""


@dataclass(frozen=True, slots=True)
class Employee:
    id: int
    nip: str
    name: str
    born: date
    pns_id: str
    state: State

    @property
    def is_at_bkn(self) -> bool:
        return self.state != "unknown"


def invent(rng: Random, count: int) -> list[Employee]:
    """Of a hundred one is unknown at BKN, one has left, and one will have left when the differences are planted."""
    share = max(1, count // 100)
    others: tuple[State, ...] = ("unknown", "inactive", "retires")
    states: list[State] = [state for state in others for _ in range(share)]
    states += ["active" for _ in range(count - len(states))]
    rng.shuffle(states)
    numbers: Counter[str] = Counter()
    return [_employee(rng, number, state, numbers) for number, state in enumerate(states, 1)]


def _employee(rng: Random, number: int, state: State, numbers: Counter[str]) -> Employee:
    sex: Sex = rng.choice(("L", "P"))
    born = date(1968, 1, 1) + timedelta(days=rng.randrange(30 * 365))
    stem = nip_stem(born=born, appointed=date(born.year + rng.randrange(20, 28), rng.randrange(1, 13), 1), sex=sex)
    numbers[stem] += 1
    name = f"{rng.choice(GIVEN_NAMES[sex])} {rng.choice(FAMILY_NAMES)}"
    return Employee(number, f"{stem}{numbers[stem]:03d}", name, born, f"{rng.getrandbits(128):032X}", state)
