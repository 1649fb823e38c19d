"""Where a read is asked for: its path and query, from parameters under BKN's own names.

A wrong parameter is a bug of the caller: ValueError, and its text holds no value, since values are personal data.
"""

import datetime as dt
import re
import urllib.parse
from collections.abc import Callable, Mapping

from simpeg_sync.bkn.reads.catalogue import Parameter, Read

Given = str | int | dt.date

NIP = re.compile(r"[0-9]{18}")
COUNT = re.compile(r"[0-9]{1,9}")
YEAR = re.compile(r"[0-9]{4}")
DATE_FORMATS = {"dd-mm-yyyy": "%d-%m-%Y", "yyyy-mm-dd": "%Y-%m-%d"}


def address(read: Read, given: Mapping[str, Given]) -> str:
    """Path and query below the API base. Raises ValueError for a parameter that is unknown, missing or malformed."""
    names = [parameter.name for parameter in read.parameters]
    if unknown := sorted(set(given) - set(names)):
        raise ValueError(f"{read.name} takes no {', '.join(unknown)}; it takes {', '.join(names) or 'no parameter'}")
    if missing := [item.name for item in read.parameters if item.is_required and item.name not in given]:
        raise ValueError(f"{read.name} needs {', '.join(missing)}")
    path, query = read.path, {}
    for parameter in read.parameters:
        if parameter.name in given:
            written = _written(read, parameter, given[parameter.name])
            if parameter.place == "path":
                path = path.replace(f"{{{parameter.name}}}", urllib.parse.quote(written, safe=""))
            else:
                query[parameter.name] = written
    return f"{path}?{urllib.parse.urlencode(query, quote_via=urllib.parse.quote)}" if query else path


def _written(read: Read, parameter: Parameter, value: Given) -> str:
    if isinstance(value, dt.date):
        if parameter.format not in DATE_FORMATS:
            raise ValueError(f"{parameter.name} of {read.name} is no date")
        return value.strftime(DATE_FORMATS[parameter.format])
    plain = str(value)
    if not FORMS.get(parameter.format, _is_text)(plain):
        raise ValueError(f"{parameter.name} of {read.name} must be {parameter.format or 'a text'}")
    return plain


def _is_text(plain: str) -> bool:
    # "." and ".." would climb to another path: they are not escaped in one.
    return bool(plain.strip()) and plain.isprintable() and plain not in (".", "..")


def _is_date(form: str) -> Callable[[str], bool]:
    def is_date(plain: str) -> bool:
        try:
            return dt.datetime.strptime(plain, form).strftime(form) == plain
        except ValueError:
            return False

    return is_date


FORMS: Mapping[str, Callable[[str], bool]] = {
    "nip18": lambda plain: NIP.fullmatch(plain) is not None,
    "integer": lambda plain: COUNT.fullmatch(plain) is not None,
    "yyyy": lambda plain: YEAR.fullmatch(plain) is not None,
    **{name: _is_date(form) for name, form in DATE_FORMATS.items()},
}
