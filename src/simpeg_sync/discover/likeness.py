"""How alike are two names of one thing? ``Ka. Bid. Mutasi`` and ``KEPALA BIDANG MUTASI``, ``III/a`` and ``IIIA``.

Names are brought to one form, cut into words, and compared by their words (rare ones count more) and their letters.
An index finds the few of many thousand names that are worth comparing.
"""

import difflib
import heapq
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Literal

import yaml

Sureness = Literal["sure", "likely", "unsure"]

LIKELY_FROM = 0.8
LOOKED_AT = 15
"""Names that are compared in full for one local name."""
WEIGHED = 1_000
"""Names whose words are weighed for one local name: those with its rarest words."""
OTHER_NUMBER = 0.7
"""Names that differ in a number are seldom names of the same thing."""
CORRECTED = 0.95
ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9",
         "x": "10", "xi": "11", "xii": "12", "xiii": "13", "xiv": "14", "xv": "15", "xvi": "16", "xvii": "17"}  # fmt: skip
_RANK = re.compile(r"\b(i{1,3}|iv|v|[1-5])\s?[/.\-]?\s?([a-e])\b")
_LADDER = re.compile(r"\b([sd])\s?[.\-]?\s?(i{1,3}|iv|[1-4])\b")
_LADDERS = {"s": "strata", "d": "diploma"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One of BKN's codes."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    code: str
    label: str
    score: float
    """0 to 1; 1 for names that are equal once their form is the same."""
    sureness: Sureness


def load_abbreviations() -> Mapping[str, str]:
    """Short form -> words."""
    text = resources.files("simpeg_sync.discover").joinpath("abbreviations.yaml").read_text(encoding="utf-8")
    return {short: full for full, known in yaml.safe_load(text).items() for short in known}


def words_of(text: str, abbreviations: Mapping[str, str]) -> tuple[str, ...]:
    """The name's words in one form."""
    plain = text.casefold()
    plain = _RANK.sub(lambda found: f" {ROMAN.get(found[1], found[1])}{found[2]} ", plain)
    plain = _LADDER.sub(lambda found: f" {_LADDERS[found[1]]} {ROMAN.get(found[2], found[2])} ", plain)
    words: list[str] = []
    for word in re.findall(r"[a-z0-9]+", plain):
        words += abbreviations.get(word, ROMAN.get(word, word)).split()
    # A name of nothing but empty words is these words.
    return tuple(words) or tuple(re.findall(r"[a-z0-9]+", plain))


class Names:
    """BKN's names of one code table, ready to be asked many times."""

    def __init__(self, entries: Iterable[Entry], abbreviations: Mapping[str, str]) -> None:
        self._abbreviations = abbreviations
        self._entries = [entry for entry in entries if entry.label.strip()]
        self._forms: list[tuple[int, tuple[str, ...]]] = []
        """Every form that an entry's name has, with the entry's number."""
        self._sets: list[frozenset[str]] = []
        self._equal: dict[tuple[str, ...], set[int]] = defaultdict(set)
        self._with: dict[str, list[int]] = defaultdict(list)
        for number, entry in enumerate(self._entries):
            for form in self._forms_of(entry.label):
                for word in set(form):
                    self._with[word].append(len(self._forms))
                self._forms.append((number, form))
                self._sets.append(frozenset(form))
                self._equal[tuple(sorted(form))].add(number)
        self._near: dict[str, str] = {}
        self._by_start: dict[str, list[str]] = defaultdict(list)
        for word in self._with:
            self._by_start[word[0]].append(word)

    def suggest(self, text: str, *, least: float, most: int = 3) -> Sequence[Suggestion]:
        """The best first. ``sure`` only where one code alone has exactly this name."""
        wanted = words_of(text, self._abbreviations)
        if not wanted:
            return ()
        equal = self._equal.get(tuple(sorted(wanted)), set())
        scored: dict[int, float] = dict.fromkeys(equal, 1.0)
        known = tuple(self._known(word) for word in wanted)
        for form in self._candidates(known):
            number, words = self._forms[form]
            score = round(min(0.99, self._score(wanted, known, words)), 3)
            if score > scored.get(number, 0.0):
                scored[number] = score
        best = sorted(scored.items(), key=lambda item: (-item[1], self._entries[item[0]].code))
        return [
            Suggestion(
                self._entries[number].code, self._entries[number].label, score, self._sureness(score, len(equal))
            )
            for number, score in best[:most]
            if score >= least
        ]

    def _sureness(self, score: float, equal: int) -> Sureness:
        if score == 1.0 and equal == 1:
            return "sure"
        return "likely" if score >= LIKELY_FROM and equal <= 1 else "unsure"

    def _forms_of(self, label: str) -> Iterable[tuple[str, ...]]:
        """The name; each part between slashes; a rank alone, and what follows it."""
        whole = words_of(label, self._abbreviations)
        forms = [whole]
        parts = [words_of(part, self._abbreviations) for part in re.split(r"[/(),]", _RANK.sub(" ", label.casefold()))]
        if len(parts) > 1:
            forms += [part for part in parts if sum(map(len, part)) >= 4]
        if len(whole) > 1 and re.fullmatch(r"[1-5][a-e]", whole[0]):
            forms += [whole[:1], whole[1:]]
        return dict.fromkeys(form for form in forms if form)

    def _known(self, word: str) -> str:
        """The word, or the one that a typing error made of it."""
        if word in self._with or len(word) < 4:
            return word
        if word not in self._near:
            like = [other for other in self._by_start[word[0]] if abs(len(other) - len(word)) <= 2]
            self._near[word] = next(iter(difflib.get_close_matches(word, like, n=1, cutoff=0.75)), word)
        return self._near[word]

    def _weight(self, word: str) -> float:
        return 1.0 + math.log((len(self._forms) + 1) / (len(self._with.get(word, ())) + 1))

    def _candidates(self, wanted: Sequence[str]) -> Sequence[int]:
        rarest = sorted(set(wanted) & self._with.keys(), key=lambda word: (len(self._with[word]), word))
        weights: dict[int, float] = {}
        for rank, word in enumerate(rarest):
            weight, forms = self._weight(word), self._with[word]
            if not rank or len(weights) + len(forms) <= WEIGHED:
                for form in forms[:WEIGHED]:
                    weights[form] = weights.get(form, 0.0) + weight
            else:  # a word of very many names: it only tells apart those that are there by a rarer one
                for form in weights:
                    if word in self._sets[form]:
                        weights[form] += weight
        # Of names with the same words the shorter one says nothing besides.
        return heapq.nsmallest(
            LOOKED_AT, weights, key=lambda form: (-weights[form] / (4 + len(self._forms[form][1])), form)
        )

    def _score(self, wanted: Sequence[str], known: Sequence[str], words: Sequence[str]) -> float:
        ours, theirs = Counter(known), Counter(words)
        common = ours & theirs
        shared = sum(self._weight(word) * count for word, count in common.items())
        all_ours = sum(self._weight(word) * count for word, count in ours.items())
        all_theirs = sum(self._weight(word) * count for word, count in theirs.items())
        by_words = 2 * shared / (all_ours + all_theirs)
        score = 0.65 * by_words + 0.35 * _letters(" ".join(wanted), " ".join(words))
        if tuple(known) != tuple(wanted):
            score *= CORRECTED  # what was taken for a typing error may be another word
        elif common in (ours, theirs):
            score = 0.6 + 0.4 * score  # one says all that the other does
        numbers, others = ({word for word in one if word[0].isdigit()} for one in (ours, theirs))
        return score * OTHER_NUMBER if numbers != others and numbers and others else score


def _letters(one: str, other: str) -> float:
    """By groups of three letters."""
    ours, theirs = _threes(one), _threes(other)
    return 2 * sum((ours & theirs).values()) / max(1, sum(ours.values()) + sum(theirs.values()))


def _threes(text: str) -> Counter[str]:
    padded = f" {text} "
    return Counter(padded[start : start + 3] for start in range(len(padded) - 2))
