"""What is searched: each is one story of SIMPEG with a budget of things that go wrong."""

from collections.abc import Mapping

from .explore import Story
from .scene import GONE, Times

ALWAYS: Mapping[str, Story] = {
    "an edit, one fault, one worker frozen, daemons that start": Story((2,), faults=1, naps=1, daemons_start=True),
    "an edit, two faults": Story((2,), faults=2, naps=0),
    "a delete, one fault, one worker frozen": Story((GONE,), faults=1, naps=1),
    "a delete, two faults": Story((GONE,), faults=2, naps=0),
    "an edit of a row that BKN has already, two faults": Story((2,), at_bkn=1, faults=2, naps=0),
    "an edit, two faults, one daemon of two threads": Story((2,), faults=2, naps=0, one_process=True),
}
"""Every run of the tests; a minute of one core at most."""

DEEP: Mapping[str, Story] = {
    "an edit, two naps": Story((2,), faults=0, naps=2),
    "an edit, three faults": Story((2,), faults=3, naps=0),
    "an edit, two faults, one worker frozen": Story((2,), faults=2, naps=1),
    "a delete, two faults, one worker frozen": Story((GONE,), faults=2, naps=1),
    "an edit that is taken back, one fault, one worker frozen": Story((2, 1), faults=1, naps=1),
    "a delete that is taken back, one fault, one worker frozen": Story((GONE, 1), faults=1, naps=1),
    "an edit, one fault, interleaved at every call": Story((2,), faults=1, naps=0, every_call=True),
    "an edit, one worker frozen, interleaved at every call": Story((2,), faults=0, naps=1, every_call=True),
    "an edit, one fault, one worker frozen, a lease longer than the settle time": Story(
        (2,), faults=1, naps=1, times=Times(lease=4, asleep=11)
    ),
}
"""Minutes: `python -m tests.search --deep`."""
