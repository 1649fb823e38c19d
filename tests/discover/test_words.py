"""Names are cut into words however they are written."""

import pytest

from simpeg_sync.discover.words import load_lexicon

LEXICON = load_lexicon()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tanggal_sttp", {"tanggal", "sertifikat"}),
        ("TGL_STTP", {"tanggal", "sertifikat"}),
        ("tglSttp", {"tanggal", "sertifikat"}),
        ("tgsttp", {"tanggal", "sertifikat"}),
        ("nosk", {"nomor", "sk"}),
        ("tmulai", {"tanggal", "mulai"}),
        ("namasekolah", {"nama", "sekolah"}),
        ("CertificateNumber", {"sertifikat", "nomor"}),
    ],
)
def test_a_name_is_its_words(name: str, words: set[str]) -> None:
    assert LEXICON.name(name).words == words


def test_strange_letters_are_told() -> None:
    assert LEXICON.name("xqzwv").strange == 1.0
    assert LEXICON.name("xqzwv").words == frozenset()


def test_every_kind_names_fields_that_bkn_has() -> None:
    from simpeg_sync.bkn.codes import load_bundle
    from simpeg_sync.discover.shapes import shapes

    known = shapes(load_bundle(), LEXICON.code_tables)
    for target, kind in LEXICON.kinds.items():
        fields = set(known[target].fields)
        assert (target, {*kind.core, *kind.natural_key, *kind.fields} - fields) == (target, set())
    assert {name.partition(".")[2] in known[name.partition(".")[0]].fields for name in LEXICON.code_tables} == {True}
