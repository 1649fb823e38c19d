"""From YAML to what stands beside a feed's own table: joins, and where certificates are kept."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from simpeg_sync.config.document import YamlFile
from simpeg_sync.config.grammar import Grammar
from simpeg_sync.config.settings import Section, likely
from simpeg_sync.domain.errors import Problem
from simpeg_sync.mapping.expressions import Expression
from simpeg_sync.mapping.feed import NO_FILE, DocumentRows, DocumentRule, Join, Pick
from simpeg_sync.mapping.text import plain

Where = tuple[str | int, ...]


class ConstantFile(Section):
    const: str | int | float | bool


def _column_or_constant(value: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, Mapping) and set(value) == {"const"}):
        return value
    raise ValueError("name a column that is known before, or a value as {const: SK}")


Partner = Annotated[str | ConstantFile, BeforeValidator(_column_or_constant)]
On = Annotated[dict[str, Partner], Field(min_length=1)]
Alias = Annotated[str, Field(alias="as", pattern=r"^[A-Za-z_][A-Za-z0-9_]*(?!\n)$")]


class PickFile(Section):
    newest: str = ""
    oldest: str = ""


class JoinFile(Section):
    table: str
    alias: Alias
    on: On
    pick: PickFile | None = None


class RowsFile(Section):
    table: str
    alias: Alias
    on: On
    where: Any = None
    order: list[str] | str = Field(default_factory=list)
    pick: PickFile | None = None


class DocumentFile(Section):
    file: Any = None
    directory: str = ""
    content: str = ""
    rows: RowsFile | None = None
    changes_with: list[str] | str = Field(default_factory=list)
    required: bool = False
    kind: Annotated[str, Field(pattern=r"^[0-9a-z]*(?!\n)$")] = ""


Written = tuple[DocumentFile, Where]
"""A certificate as it is written, and where."""


class Beside:
    def __init__(self, file: YamlFile, base: Path, problems: list[Problem], grammar: Grammar) -> None:
        self._file, self._base, self._problems, self._grammar = file, base, problems, grammar
        self.rules: list[tuple[Where, DocumentRule]] = []
        """What was read, for the check of its columns."""

    # ------------------------------------------------------------------------------------------------------ joins

    def join(self, written: JoinFile, where: Where) -> Join:
        return self._join(written, where, self._pick(written.pick, (*where, "pick")))

    def _join(self, written: JoinFile | RowsFile, where: Where, pick: Pick | None) -> Join:
        columns = {its: known for its, known in written.on.items() if isinstance(known, str)}
        constants = {its: value for its, value in written.on.items() if isinstance(value, ConstantFile)}
        if not columns:
            what = f"`on` of {written.alias} names values only"
            self._problem((*where, "on"), what, "Name at least one column by which its rows belong to the feed's rows.")
        texts = tuple((its, plain(value.const)) for its, value in constants.items())
        return Join(written.table, written.alias, tuple(columns.items()), texts, pick)

    def _pick(self, written: PickFile | None, where: Where) -> Pick | None:
        if written is None:
            return None
        if bool(written.newest) == bool(written.oldest):
            self._problem(where, "pick names not exactly one of newest and oldest", "Write pick: {newest: column}.")
        return Pick(written.newest or written.oldest, newest=bool(written.newest))

    # --------------------------------------------------------------------------------------------------- certificates

    def documents(self, written: Any) -> list[Written]:
        """As far as their words are right; the others are among the problems."""
        if written is None:
            return []
        each: list[tuple[Any, Where]] = []
        if isinstance(written, list):
            each.extend((one, ("document", index)) for index, one in enumerate(written))
        else:
            each.append((written, ("document",)))
        found = [(self._model(one, where), where) for one, where in each]
        return [(model, where) for model, where in found if model is not None]

    def document(self, written: DocumentFile, where: Where) -> DocumentRule:
        self._check_together(written, where)
        rule = DocumentRule(
            file=self._file_name(written, where),
            directory=str(self._base / written.directory),
            required=written.required,
            kind=written.kind,
            content=written.content,
            rows=self._rows(written.rows, (*where, "rows")) if written.rows is not None else None,
            changes_with=_listed(written.changes_with),
        )
        self.rules.append((where, rule))
        return rule

    def _file_name(self, written: DocumentFile, where: Where) -> Expression:
        found = self._grammar.expression(written.file, (*where, "file")) if written.file is not None else None
        return found or NO_FILE

    def place_of(self, where: Where, rule: DocumentRule, column: str) -> Where:
        """Which word of a certificate names the column."""
        rows = rule.rows
        if column == rule.content:
            return (*where, "content")
        if column in rule.file.columns:
            return (*where, "file")
        if column in rule.place_columns:
            return (*where, "directory")
        if rows is not None and column in rows.order:
            return (*where, "rows", "order")
        return (*where, "rows", "pick" if rows is not None and rows.pick and rows.pick.column == column else "where")

    def _rows(self, written: RowsFile, where: Where) -> DocumentRows:
        order, pick = _listed(written.order), self._pick(written.pick, (*where, "pick"))
        condition = self._grammar.condition(written.where, (*where, "where"))
        if written.where is None and "where" in written.model_fields_set:
            self._problem((*where, "where"), "where says nothing", "Write the condition, or remove the word.")
        if order and pick is not None:
            what = "order and pick exclude each other"
            self._problem(
                (*where, "pick"), what, "order: all rows are pages of one document. pick: one row is the document."
            )
        named = [*order, *([pick.column] if pick is not None else []), *(condition.columns if condition else [])]
        for column in named:
            if column and "." not in column:
                remedy = f"Write {written.alias}.{column}, or the alias of a join before it."
                self._problem(where, f"{column} is a column of the feed's own table", remedy)
        return DocumentRows(self._join(written, where, None), condition, order, pick)

    def _check_together(self, written: DocumentFile, where: Where) -> None:
        if written.file is not None and written.content:
            self._problem(
                where, "file and content exclude each other",
                "file: the certificate lies in a folder and a column has its name. content: a column holds the "
                "certificate itself.",
            )  # fmt: skip
        elif written.file is None and not written.content:
            self._problem(
                where, "a document needs file or content",
                "file: the expression that gives its name, with directory. content: the column that holds it.",
            )  # fmt: skip
        elif written.file is not None and not written.directory:
            self._problem(where, "directory is missing", "Name the folder in which the files lie.")
        elif written.content and written.directory:
            self._problem((*where, "directory"), "content lies in no directory", "Remove directory.")
        if written.directory.count("{") != written.directory.count("}") or "{}" in written.directory:
            what = "the braces of directory do not fit"
            self._problem((*where, "directory"), what, "A folder that a column names is written {column}.")

    def _model(self, written: Any, where: Where) -> DocumentFile | None:
        try:
            return DocumentFile.model_validate(written)
        except ValidationError as errors:
            for error in errors.errors(include_url=False, include_input=False):
                self._explain(cast("Mapping[str, Any]", error), where)
            return None

    def _explain(self, error: Mapping[str, Any], where: Where) -> None:
        place: Where = tuple(error["loc"])
        match error["type"]:
            case "extra_forbidden":
                words = _words(place[:-1])
                remedy = f"{likely(str(place[-1]), words)} Known: {', '.join(words)}.".strip()
                self._problem((*where, *place), f"{place[-1]} is not a known word of a document", remedy)
            case "missing":
                self._problem((*where, *place), f"{place[-1]} is missing", "Add it.")
            case _:
                message = str(error["msg"]).removeprefix("Value error, ")
                self._problem((*where, *place), f"{'.'.join(map(str, place)) or 'document'}: {message}", "Correct it.")

    def _problem(self, where: Sequence[str | int], what: str, remedy: str) -> None:
        self._problems.append(Problem(self._file.place(where), what, remedy))


def _listed(written: list[str] | str) -> tuple[str, ...]:
    return (written,) if isinstance(written, str) else tuple(written)


def _words(place: Where) -> list[str]:
    """What may stand where the unknown word stands."""
    models: Mapping[str | int, type[BaseModel]] = {"rows": RowsFile, "pick": PickFile}
    model = next((models[word] for word in reversed(place) if word in models), DocumentFile)
    return [field.alias or name for name, field in model.model_fields.items()]
