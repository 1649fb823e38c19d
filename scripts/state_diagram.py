"""Prints docs/states.md: the picture and the table of a record's states, from the table in domain/status.py.

python scripts/state_diagram.py > docs/states.md
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from enum import StrEnum
from itertools import pairwise

from simpeg_sync.domain import status
from simpeg_sync.domain.status import BUSY, MOVES, RESTING, Event, Status

HEAD = """\
# The life of a record

<!-- Written by scripts/state_diagram.py from src/simpeg_sync/domain/status.py. Do not edit. -->

Every state and every legal move stands in one table of the program. A move that is not in it is an error.
An arrow that leads back to its own state is left out of the picture; the table below has it.
"""


def page() -> str:
    return "\n".join([HEAD, *picture(), "", *states(), "", *moves(), ""])


def picture() -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {Status.WAITING}: {Event.CHANGED}"
    for state, ways in MOVES.items():
        by_target: dict[Status, list[Event]] = {}
        for event, target in ways.items():
            if target is not state:
                by_target.setdefault(target, []).append(event)
        for target, events in by_target.items():
            yield f"    {state} --> {target}: {', '.join(events)}"
    yield "```"


def states() -> Iterator[str]:
    words = docstrings(Status)
    yield "| state | what it means | kind |"
    yield "|---|---|---|"
    for state in Status:
        yield f"| `{state}` | {words[state.name]} | {kind(state)} |"
    yield ""
    yield "*At rest*: nothing happens by itself, except looking again where a time for it is set. *Busy*: a change only"
    yield "raises the record's mark; the worker that has the record, or the settle time, comes first."


def kind(state: Status) -> str:
    if state in RESTING:
        return "at rest"
    return "busy" if state in BUSY else "waits for its turn"


def moves() -> Iterator[str]:
    used = [event for event in Event if any(event in ways for ways in MOVES.values())]
    words = docstrings(Event)
    yield "| event | " + " | ".join(f"`{state}`" for state in Status) + " |"
    yield "|---" * (len(Status) + 1) + "|"
    for event in used:
        yield f"| `{event}` | " + " | ".join(MOVES[state].get(event, "") for state in Status) + " |"
    yield ""
    yield "The first column is what happened, the first line the state before, the cell the state after."
    yield ""
    yield from (f"* `{event}`: {words[event.name]}" for event in used if event.name in words)


def docstrings(kind: type[StrEnum]) -> dict[str, str]:
    """The text under each member, which Python itself forgets."""
    body = ast.parse(inspect.getsource(status)).body
    found = next(node for node in body if isinstance(node, ast.ClassDef) and node.name == kind.__name__).body
    words: dict[str, str] = {}
    for member, text in pairwise(found):
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            words[ast.unparse(member.targets[0])] = " ".join(str(text.value.value).split())
    return words


if __name__ == "__main__":
    sys.stdout.write(page())
