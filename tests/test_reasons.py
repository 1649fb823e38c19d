"""Every reason a record may have, and every log line, is in its catalogue."""

import ast
import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import pytest

import simpeg_sync
from simpeg_sync import logs
from simpeg_sync.cli import commands
from simpeg_sync.reasons import PLACES, REASONS, RELEASES, Where, explained, sentence

SOURCES = sorted(
    path for path in Path(simpeg_sync.__file__).parent.rglob("*.py") if not {"simulator", "demo"} & set(path.parts)
)
FIRST_IS_REASON = {
    "Hold", "Report", "Later", "Unready", "Unfit", "Gone", "Ignore", "Removed", "Undecidable",
    "removed", "ignored", "held", "put_back", "still_unclear", "decided", "_problem",
}  # fmt: skip
# Words of a comparison and of a plan, which are given where they are made.
OF_SITUATIONS = {
    "compare.only_at_bkn", "compare.twice_at_bkn", "compare.twice_in_simpeg", "compare.not_kept",
    "compare.missing", "compare.unequal", "compare.contradicts",
    "policy.keeps_bkn", "policy.reports", "policy.holds", "plan.changed",
}  # fmt: skip
LEVELS = {"debug", "info", "warning", "error"}
LOGGERS = ("logs.get()", "_log")


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                yield name, node


def literals(node: ast.AST) -> list[str]:
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def used_reasons() -> set[str]:
    found: set[str] = set()
    for name, call in calls():
        places = list(call.args[:1]) if name in FIRST_IS_REASON else []
        places += [word.value for word in call.keywords if word.arg in ("problem", "reason") and name != "echo"]
        places += [key for word in call.keywords if isinstance(word.value, ast.Dict) for key in word.value.keys if key]
        for place in places:
            if isinstance(place, ast.Constant | ast.IfExp):
                found |= {text for text in literals(place) if text == "unverified" or ("." in text and " " not in text)}
    return found


def test_the_search_finds_reasons_of_every_kind() -> None:
    assert {"unverified", "code.unknown", "match.several", "conflict.gone_at_bkn", "tries.exhausted"} <= used_reasons()
    assert {"settle.no_trace_yet", "document.missing", "row.gone", "delete.grace", "bkn.unsettled"} <= used_reasons()


def test_every_reason_that_the_program_gives_has_its_sentences() -> None:
    assert [code for code in sorted(used_reasons()) if sentence(code) == code] == []


def test_no_reason_stands_in_the_catalogue_for_nothing() -> None:
    texts = {
        text for path in SOURCES if path.name != "reasons.py" for text in literals(ast.parse(path.read_text("utf-8")))
    }
    unused = {code for code in REASONS if code not in texts} - OF_SITUATIONS
    assert unused == {"field.invalid"}  # the sentence of all finer codes


@pytest.mark.parametrize("code", REASONS)
def test_a_reason_says_what_is_wrong_and_what_to_do_in_both_languages(code: str) -> None:
    one = REASONS[code]
    indonesian, english = (one.indonesian, one.todo_indonesian), (one.english, one.todo_english)
    assert all(text.endswith(".") and len(text) > 10 for text in (*indonesian, *english))
    assert not words(indonesian) & {"the", "is", "of", "and", "it", "a", "not", "nothing", "correct", "then"}, (
        indonesian
    )
    assert not words(english) & {"di", "yang", "dan", "tidak", "baris", "bila", "lalu", "ada", "perbaiki"}, english
    assert (words(indonesian) & INDONESIAN) and (words(english) & ENGLISH)


INDONESIAN = {"di", "tidak", "yang", "ada", "dengan", "oleh", "sudah", "bukan", "pada", "perbaiki", "ini", "dari"}
ENGLISH = {"the", "is", "it", "in", "not", "of", "and", "to", "nothing"}


def words(texts: Iterable[str]) -> set[str]:
    """Without commands, settings and BKN's names, which are the same in both."""
    return {word for text in texts for word in re.findall(r"[a-z]+", re.sub(r"`[^`]*`", "", text.lower()))}


@pytest.mark.parametrize("code", REASONS)
def test_a_reason_says_where_to_act_and_agrees_with_what_it_says(code: str) -> None:
    one = REASONS[code]
    assert one.where in PLACES and one.released_by in RELEASES
    says_nothing = one.todo_english.startswith("Nothing")
    assert says_nothing == (one.where is Where.NOBODY)
    assert says_nothing == one.todo_indonesian.startswith("Tidak ada")


@pytest.mark.parametrize("code", REASONS)
def test_a_command_that_a_reason_names_is_there_with_its_options(code: str) -> None:
    one, known = REASONS[code], dict(every_command(commands, ""))
    said = [re.findall(r"`simpeg-sync ([^`]+)`", text) for text in (one.todo_english, one.todo_indonesian)]
    assert sorted(said[0]) == sorted(said[1])
    for line in said[0] + said[1]:
        path = next((path for path in known if f"{line} ".startswith(f"{path} ") and path), None)
        assert path, line
        assert set(re.findall(r"--[a-z-]+", line)) <= known[path], line


def every_command(command: click.Command, path: str) -> Iterator[tuple[str, set[str]]]:
    """The innermost commands with their options."""
    if isinstance(command, click.Group):
        if command.invoke_without_command:
            yield path, {name for option in command.params for name in option.opts}
        for name, inner in command.commands.items():
            yield from every_command(inner, f"{path} {name}".strip())
    else:
        yield path, {name for option in command.params for name in option.opts}


def test_the_record_is_named_in_the_command_that_concerns_it() -> None:
    assert "`simpeg-sync record retry 17 --reason '...'`" in explained("tries.exhausted", record_id=17)["todo"]
    assert "record retry ID" in explained("tries.exhausted")["todo"]
    assert explained("") == {"sentence": "", "todo": "", "where": ""}
    assert explained("field.string_too_long", indonesian=True)["where"] == "simpeg"


def test_finer_codes_of_a_bad_field_share_a_sentence_and_an_unknown_code_speaks_for_itself() -> None:
    assert sentence("field.string_too_long") == REASONS["field.invalid"].english
    assert sentence("something.new") == "something.new"


def test_every_log_line_of_the_program_is_a_known_event() -> None:
    lines = [call for name, call in calls() if name in LEVELS and ast.unparse(call.func).startswith(LOGGERS)]
    used = {call.args[0].value for call in lines if isinstance(call.args[0], ast.Constant)}
    assert len(used) > 10
    assert used - logs.EVENTS == set()


def test_every_word_of_a_log_line_is_one_that_is_printed() -> None:
    lines = [call for name, call in calls() if name in LEVELS and ast.unparse(call.func).startswith(LOGGERS)]
    assert {word.arg for call in lines for word in call.keywords if word.arg} - logs.ALLOWED == set()


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.configure(level="INFO", stream=stream, person_key=b"key")
    yield stream
    logs.configure(level="ERROR")


def test_an_unknown_event_is_an_error_of_the_program(stream: io.StringIO) -> None:
    with pytest.raises(logs.UnknownEvent, match=r"record\.teleported"):
        logs.get().info("record.teleported")
    assert stream.getvalue() == ""


def test_what_is_not_on_the_list_is_not_printed_and_a_person_only_as_a_hash(stream: io.StringIO) -> None:
    nip = "198501012010012001"
    logs.get().info("record.synced", record_id=1, person=nip, nama="Siti", message="BKN's words")
    line = json.loads(stream.getvalue())
    assert set(line) == {"ts", "level", "event", "record_id", "person"}
    assert nip not in stream.getvalue()
    assert line["person"] == logs.person_hash(nip, b"key") != logs.person_hash(nip, b"other key")
