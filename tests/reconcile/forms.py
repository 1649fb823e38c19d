"""How a value is spelled: by people in SIMPEG, by BKN, and in the plainest form for a naive comparison.

A spelling changes the form and not the value; a slip changes the value.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

Spelling = Callable[[Any], Any]

# ----------------------------------------------------------------------------------------- the plain forms


def words(value: Any) -> str:
    return " ".join(str("" if value is None else value).lower().split())


def ident(value: Any) -> str:
    plain = words(value)
    return "" if plain == "0" else plain


def figure(value: Any) -> str:
    """The first number that stands in it."""
    found = re.search(r"[0-9]+(\.[0-9]+)?", str("" if value is None else value))
    return str(Fraction(found[0])) if found else ""


def yes(value: Any) -> str:
    return "yes" if str(value) in ("1", "True", "true") else "no"


def day(value: Any) -> str:
    plain = str("" if value is None else value)
    if found := re.match(r"([0-9]{2})[-/]([0-9]{2})[-/]([0-9]{4})", plain):
        plain = f"{found[3]}-{found[2]}-{found[1]}"
    return "" if plain[:10] in ("0001-01-01", "0000-00-00") else plain[:10]


# ------------------------------------------------------------------------- spellings: the value stays what it is


def capitals(value: Any) -> str:
    return str(value).upper()


def small(value: Any) -> str:
    return str(value).lower()


def padded(value: Any) -> str:
    """Blanks before, between and behind, as BKN pads names."""
    return f"  {str(value).replace(' ', '   ')}      "


def as_text(value: Any) -> str:
    return str(value)


def with_zeros(value: Any) -> str:
    """``40`` as ``40.0``, ``12.5`` as ``12.500``."""
    whole, _, rest = str(value).partition(".")
    return f"{whole}.{rest.ljust(3, '0')}" if rest else f"{whole}.0"


def without_zeros(value: Any) -> str:
    """``12.500`` as ``12.5``."""
    return str(value).rstrip("0").rstrip(".") if "." in str(value) else str(value)


def with_unit(value: Any) -> str:
    return f"{value} JP"


def year_first(value: Any) -> str:
    return day(value)


def day_first(value: Any) -> str:
    year, month, number = day(value).split("-")
    return f"{number}-{month}-{year}"


def with_slashes(value: Any) -> str:
    return day_first(value).replace("-", "/")


def with_time(value: Any) -> str:
    return f"{day(value)}T00:00:00Z"


def always(value: Any) -> Spelling:
    return lambda _value: value


# -------------------------------------------------------------------------- slips: the value is another one


def other_digit(value: Any) -> Any:
    """The last digit is another one; the type stays."""
    text = str(value)
    at = max(index for index, letter in enumerate(text) if letter.isdigit())
    changed = f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}"
    return int(changed) if isinstance(value, int) else changed


def first_digit(value: Any) -> str:
    """One digit in the middle of a number with letters."""
    text = str(value)
    at = next(index for index, letter in enumerate(text) if letter.isdigit())
    return f"{text[:at]}{(int(text[at]) + 4) % 9 + 1}{text[at + 1 :]}"


def next_day(value: Any) -> str:
    """One day later, in the spelling that it has; no planted day lies at the end of a month."""
    text = str(value)
    at = 8 if re.match(r"[0-9]{4}-", text) else 0
    return f"{text[:at]}{int(text[at : at + 2]) + 1:02}{text[at + 2 :]}"


def one_letter(value: Any) -> str:
    """Two neighbours change places, as typing does."""
    text = str(value)
    at = next(index for index in range(len(text) // 2, len(text) - 1) if text[index] != text[index + 1])
    return f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"


def another_name(_value: Any) -> str:
    return "Pengelolaan Barang Milik Daerah"
