"""A YAML file that remembers on which line everything stands, so that an error can point at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from simpeg_sync.domain.errors import ConfigError, Problem

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlFile:
    path: Path
    data: Any
    lines: dict[Path_, int]

    def place(self, where: Sequence[str | int]) -> str:
        """``file:line`` of the thing, or of the nearest thing around it that stands in the file."""
        where = tuple(where)
        while where and where not in self.lines:
            where = where[:-1]
        return f"{self.path}:{self.lines.get(where, 1)}"


def read_yaml(path: Path) -> YamlFile:
    """Raises ConfigError for a missing file, bad YAML, and keys that stand twice."""
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: dict[Path_, int] = {}
        problems: list[Problem] = []
        data = _value(node, (), lines, problems, path) if node is not None else {}
    except OSError as error:
        raise _error(
            f"{path}", f"the file cannot be read ({error.strerror})", "Check the path and its rights."
        ) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _error(f"{path}:{line}", f"not valid YAML ({error.problem})", "Check indentation and quotes.") from None
    except (UnicodeDecodeError, yaml.YAMLError):
        raise _error(f"{path}", "not text in UTF-8, or with control characters in it", "Save it as UTF-8.") from None
    except RecursionError:
        raise _error(f"{path}", "nested without end (an alias inside its own anchor?)", "Remove the alias.") from None
    if problems:
        raise ConfigError(problems)
    return YamlFile(path, data, lines)


def _value(node: yaml.Node, where: Path_, lines: dict[Path_, int], problems: list[Problem], path: Path) -> Any:
    lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            here = (*where, key)
            if key in mapping:
                problems.append(
                    Problem(f"{path}:{key_node.start_mark.line + 1}", f"{key!r} stands twice", "Keep one of them.")
                )
            lines[here] = key_node.start_mark.line + 1
            mapping[key] = _value(value_node, here, lines, problems, path)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*where, index), lines, problems, path) for index, item in enumerate(node.value)]
    # Codes like 01, 1.10 and NO, and dates, stay the text they are written as; only true numbers, true and false are
    # converted.
    try:
        scalar = yaml.SafeLoader("").construct_object(node)
    except ValueError:  # looks like a date and is none: 0000-00-00
        return node.value
    if isinstance(scalar, bool):
        return scalar if node.value.lower() in ("true", "false") else node.value
    converts = scalar is None or (isinstance(scalar, int | float) and str(scalar) == node.value)
    return scalar if converts else node.value


def _error(place: str, what: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(place, what, remedy)])
