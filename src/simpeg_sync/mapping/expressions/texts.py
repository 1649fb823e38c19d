"""Texts: a column cleaned, several joined, a piece of one."""

from dataclasses import dataclass

from simpeg_sync.domain.change import Row
from simpeg_sync.mapping.expressions.base import Expression, Unfit, clean, text_of
from simpeg_sync.mapping.text import is_readable, plain


@dataclass(frozen=True, slots=True)
class Column:
    """The column as cleaned text: trimmed, blanks collapsed, control characters gone."""

    column: str
    case: str = ""
    max_length: int = 0
    """Longer text is held."""
    cut: int = 0
    """Longer text is cut."""
    strip: str = ""
    """Letters that are taken off both ends: the quote mark of a spreadsheet."""
    of: Expression | None = None
    """Instead of a column."""

    @property
    def columns(self) -> list[str]:
        return [self.column] if self.of is None else self.of.columns

    def value(self, row: Row) -> str | None:
        text = clean(plain(row.get(self.column))) if self.of is None else text_of(self.of, row)
        place = self.column or ", ".join(self.columns)
        if not is_readable(text):
            raise Unfit("text.unreadable", place)
        text = clean(text.strip(self.strip)) if self.strip else text
        if self.max_length and len(text) > self.max_length:
            raise Unfit("text.too_long", place)
        match self.case:
            case "upper":
                text = text.upper()
            case "lower":
                text = text.lower()
            case "title":
                text = text.title()
        return (text[: self.cut].rstrip() if self.cut else text) or None


@dataclass(frozen=True, slots=True)
class Concat:
    """Several texts in one, those without a value left out."""

    parts: tuple[Expression, ...]
    between: str = " "

    @property
    def columns(self) -> list[str]:
        return [column for part in self.parts for column in part.columns]

    def value(self, row: Row) -> str | None:
        texts = [text_of(part, row) for part in self.parts]
        return self.between.join(text for text in texts if text) or None


@dataclass(frozen=True, slots=True)
class Split:
    """One piece of a text that holds several: ``golongan,years,months``. A piece that is not there is no value."""

    of: Expression
    by: str
    part: int
    """From 1; from the end when negative."""

    @property
    def columns(self) -> list[str]:
        return self.of.columns

    def value(self, row: Row) -> str | None:
        pieces = text_of(self.of, row).split(self.by)
        index = self.part - 1 if self.part > 0 else self.part + len(pieces)
        return clean(pieces[index]) or None if 0 <= index < len(pieces) else None


@dataclass(frozen=True, slots=True)
class Substring:
    """Some letters of a text, from one place on."""

    of: Expression
    start: int
    """From 1."""
    length: int = 0
    """0: to the end."""

    @property
    def columns(self) -> list[str]:
        return self.of.columns

    def value(self, row: Row) -> str | None:
        text = text_of(self.of, row)[self.start - 1 :]
        return clean(text[: self.length] if self.length else text) or None
