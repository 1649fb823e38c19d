"""When are two spellings one person's name? When they differ in case, punctuation or titles, and in nothing else.

BKN pads names and writes them in capitals; titles stand in fields of their own there and inside the name here, or the other
way round. Nothing is likely or alike: one letter more or less is another name.
"""

import re
import unicodedata
from typing import Any

BEFORE = frozenset({
    "alm", "almh", "apt", "dr", "dra", "drg", "drh", "drs", "h", "hj", "ir", "kh", "ners", "ns", "prof",
})  # fmt: skip
"""Titles before a name. ``R``, ``Tb``, ``Andi`` and such are part of a name; a single ``M`` is Muhammad."""

AFTER = frozenset({
    "ak", "ama", "amapd", "amd", "amdak", "amdfarm", "amdgz", "amdkeb", "amdkep", "amdkl", "amdkom", "ap",
    "apd", "apt", "ba", "bkp", "bsc", "ca", "cfp", "cfra", "cgcae", "ciqar", "cpa", "dr", "drs", "finasim",
    "fisqua", "llm", "ma", "mag", "mak", "map", "mars", "mba", "mec", "mecdev", "mei", "meng", "mepid",
    "mfarm", "mgz", "mh", "mha", "mhi", "mhum", "mhut", "mik", "mikom", "mip", "mkep", "mkes", "mkm", "mkn",
    "mkom", "mm", "mp", "mpa", "mpd", "mpdi", "mpi", "mpp", "mpsdm", "mpsi", "mpt", "msc", "mse", "msi",
    "msn", "msos", "msp", "mstp", "mt", "mtek", "mth", "mthi", "mtp", "mtrip", "ners", "ns", "phd", "qia",
    "sadm", "sag", "sak", "sap", "sars", "sbns", "sds", "se", "sei", "sfarm", "sgz", "sh", "shi", "shum",
    "shut", "sik", "sikom", "sip", "sked", "skep", "skm", "skom", "sos", "sp", "spa", "span", "spb", "spbs",
    "spd", "spdi", "spdsd", "spi", "spjp", "spkfr", "spkj", "spkk", "spkom", "spm", "spog", "spot", "spp",
    "sppd", "sppk", "sprad", "spsi", "spt", "sptht", "sptk", "spu", "ssi", "ssit", "ssn", "ssos", "sst",
    "sstft", "sstp", "ssy", "st", "stek", "sth", "sthi", "strak", "strip", "strkeb", "strkep", "strt",
})  # fmt: skip
"""Titles behind a name, without their points."""

_JOINED = re.compile(r"['`´‘’ʼ]")
"""Ma'ruf and Maruf: marks within a word."""
_WORD = re.compile(r"[^\W_]+")
_DEGREE = re.compile(r"[a-z]{1,4}(\.[a-z]{1,5}){1,3}\.?")
"""Behind a comma also a degree that nobody has listed: S.Tr.Sos, A.Md.Kes."""


def person_name(value: Any) -> str:
    """The name without titles, punctuation and case. A value that is nothing but titles stays as it is."""
    plain = _plain(value)
    before_comma, *behind = plain.split(",")
    behind_words = [word for part in behind for word in part.split()]
    kept = [word for word in behind_words if not _is_degree(word)]
    words = [*_without_last_titles(before_comma.split()), *kept]
    names = _words(" ".join(words))
    first = next((index for index, name in enumerate(names) if name not in BEFORE), 0)
    return " ".join(names[first:]) or " ".join(_words(plain))


def title(value: Any) -> str:
    """A title without points, blanks and case: ``S.Pd., M.Pd.`` and ``SPd MPd`` are one."""
    return "".join(_words(_plain(value)))


def digits(value: Any) -> str:
    """A number that people write with blanks, points or dashes: a NIP, a NIK."""
    return re.sub(r"[\s.\-]", "", "" if value is None else str(value))


def _plain(value: Any) -> str:
    return _JOINED.sub("", unicodedata.normalize("NFKC", "" if value is None else str(value))).casefold()


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _is_degree(word: str) -> bool:
    squashed = "".join(_words(word))
    return not squashed or squashed in AFTER or _DEGREE.fullmatch(word) is not None


def _without_last_titles(words: list[str]) -> list[str]:
    """Without a comma only what is written with a point is a title: Sag and Ma are names too."""
    while len(words) > 1 and "." in words[-1].rstrip(".") and "".join(_words(words[-1])) in AFTER:
        words = words[:-1]
    return words
