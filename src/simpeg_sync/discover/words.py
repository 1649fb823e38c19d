"""Names of tables and columns, cut into general words: ``tglSttpDiklat``, ``TGL_STTP`` and ``tgsttp`` begin alike."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

UNKNOWN_LETTER_COST = 1.0
WORD_COST = 0.4
"""Cutting into fewer, longer words is better."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How tables of one of BKN's kinds and their columns are called."""

    table: Mapping[str, float]
    core: tuple[str, ...]
    natural_key: tuple[str, ...]
    fields: Mapping[str, tuple[frozenset[str], ...]]
    """BKN's field -> what its column may be called, best first."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name as the words that it is made of."""

    words: frozenset[str]
    strange: float
    """Share of its letters that are no known word."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    spellings: Mapping[str, str]
    prefixes: Mapping[str, str]
    neutral: frozenset[str]
    weak: frozenset[str]
    """Words that many columns carry."""
    needed: frozenset[str]
    """Units that a column has to name."""
    approved: frozenset[str]
    states: frozenset[str]
    structural: frozenset[str]
    labels: tuple[str, ...]
    kinds: Mapping[str, Kind]
    code_tables: Mapping[str, str]
    """``target.field`` -> BKN's code table, where the field's own save does not say."""

    def name(self, text: str) -> Name:
        return _name(self.spellings, self.prefixes, text)


def load_lexicon() -> Lexicon:
    data = yaml.safe_load(resources.files("simpeg_sync.discover").joinpath("lexicon.yaml").read_text(encoding="utf-8"))
    spellings = {spelling: word for word, known in data["words"].items() for spelling in known}
    return Lexicon(
        _Frozen(spellings),
        _Frozen(data["prefixes"]),
        frozenset(data["neutral"]),
        frozenset(data["weak"]),
        frozenset(data["needed"]),
        frozenset(data["approved"]),
        frozenset(data["states"]),
        frozenset(data["structural"]),
        tuple(data["labels"]),
        {target: _kind(one) for target, one in data["targets"].items()},
        data["code_tables"],
    )


def _kind(data: Mapping[str, Any]) -> Kind:
    fields = {field: tuple(frozenset(called.split()) for called in known) for field, known in data["fields"].items()}
    return Kind(data["table"], tuple(data["core"]), tuple(data["natural_key"]), fields)


class _Frozen(dict[str, str]):
    """Never changed, so that cut names can be remembered by it."""

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)


@functools.lru_cache(maxsize=20_000)
def _name(spellings: _Frozen, prefixes: _Frozen, text: str) -> Name:
    # camelCase and letters beside digits are borders as much as what is no letter.
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", text)
    words: set[str] = set()
    strange = letters = 0
    for part in (part.lower() for part in parts):
        found, unknown = _cut(spellings, prefixes, part)
        words |= set(found)
        strange += unknown
        letters += len(part)
    return Name(frozenset(words), strange / letters if letters else 1.0)


def _cut(spellings: _Frozen, prefixes: _Frozen, part: str) -> tuple[Sequence[str], int]:
    """The known words of one run of letters, and how many letters are left over."""
    if part in spellings:
        return [spellings[part]], 0
    best: list[tuple[float, tuple[str, ...], int]] = [(0.0, (), 0)]
    for end in range(1, len(part) + 1):
        cost, words, unknown = best[end - 1]
        options = [(cost + UNKNOWN_LETTER_COST, words, unknown + 1)]
        for start in range(max(0, end - 16), end - 1):
            word = spellings.get(part[start:end])
            if word is not None:
                cost, words, unknown = best[start]
                options.append((cost + WORD_COST + 1 / (end - start), (*words, word), unknown))
        best.append(min(options))
    _, words, unknown = best[-1]
    if unknown and part[0] in prefixes and len(part) > 3:
        rest, left = _cut(spellings, _NO_PREFIXES, part[1:])
        if not left:
            return [prefixes[part[0]], *rest], 0
    # A piece of two letters inside strange ones is chance.
    return [word for word in words if unknown <= len(part) // 2], unknown


_NO_PREFIXES = _Frozen()


def likeness(called: Sequence[frozenset[str]], name: Name, *, own: frozenset[str], lexicon: Lexicon) -> float:
    """How well a column's name fits what the field's column may be called, 0 to 1. ``own``: words of the table's name,
    which columns repeat without saying more."""
    best = 0.0
    for rank, wanted in enumerate(called):
        common = wanted & name.words
        missing = wanted - name.words - own
        if not common or (missing - lexicon.weak and not common - lexicon.weak - lexicon.neutral - own):
            continue
        if missing & lexicon.needed:
            continue
        extra = name.words - wanted - lexicon.neutral - own
        repeated = (name.words & own) - wanted
        fit = len(common) / (len(common) + len(missing) + 0.7 * len(extra) + 0.02 * len(repeated))
        best = max(best, fit * (1 - 0.5 * name.strange) * (1 - 0.04 * min(rank, 8)))
    return best
