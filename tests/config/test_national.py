"""Every national code that the feeds send, with the line on which a person finds it."""

from pathlib import Path
from typing import Any

import pytest

from simpeg_sync.config.feeds import Target
from simpeg_sync.config.load import load
from simpeg_sync.config.national import FromSource, UsedCode, used_codes

TARGETS = {"kursus": Target(["a", "b", "c", "d", "e", "nomor"], ())}
FEED = """\
feed: kursus
target: kursus
table: t
key: [id]
person: nip
natural_key: [nomor]
fields:
  nomor: nomor
  a: {const: 07}
  b:
    code: jenis
    map: {X: 1,
          Y: "02"}
  c: {code: jenis, table: codes/c.csv}
  d: {first: [{const: ""}, {code: jenis, map: {Z: T}}, {column: letter}]}
  e: {integer: jam}
"""
CODES = "\ufefflocal,bkn,note\nx,11,\n\ny,12,\nz,,\n"
SETTINGS = """\
region: x
source: {url: sqlite:///s.db}
ledger: {url: sqlite:///l.db}
bkn: {base_url: https://bkn.example, apim_token_url: https://bkn.example, consumer_key_file: k, consumer_secret_file: s,
      sso_token_file: t}
"""


@pytest.fixture
def found(tmp_path: Path) -> list[Any]:
    files = {"s.yaml": SETTINGS, "feeds/k.yaml": FEED, "codes/c.csv": CODES}
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    return list(used_codes(load(tmp_path / "s.yaml", targets=lambda _: TARGETS)))


def of_field(found: list[Any], field: str) -> list[Any]:
    return [
        (Path(one.place).name, one.local, one.national) if isinstance(one, UsedCode) else Path(one.place).name
        for one in found
        if one.field == field
    ]


@pytest.mark.parametrize(
    ("field", "codes"),
    [
        ("a", [("k.yaml:9", None, "07")]),
        ("b", [("k.yaml:12", "X", "1"), ("k.yaml:13", "Y", "02")]),
        ("c", [("c.csv:2", "x", "11"), ("c.csv:4", "y", "12")]),
        ("d", [("k.yaml:15", "Z", "T"), "k.yaml:15"]),
        ("e", ["k.yaml:16"]),
    ],
)
def test_a_code_is_named_with_its_file_and_line(found: list[Any], field: str, codes: list[Any]) -> None:
    assert of_field(found, field) == codes


def test_each_says_which_feed_and_target_it_belongs_to(found: list[UsedCode | FromSource]) -> None:
    assert {(one.feed, one.target) for one in found} == {("kursus", "kursus")}
