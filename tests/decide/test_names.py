"""Two spellings of one name are equal when they differ in case, punctuation or titles, and in nothing else."""

import pytest

from simpeg_sync.bkn.resources import RESOURCES
from simpeg_sync.decide.identity import doubt
from simpeg_sync.decide.names import digits, person_name, title
from simpeg_sync.domain.change import Nip
from simpeg_sync.domain.record import BknId, Digest
from simpeg_sync.mapping.render import Wanted

NIP = Nip("198501012010012001")


@pytest.mark.parametrize(
    ("simpeg", "bkn"),
    [
        ("Siti Aminah", "SITI AMINAH   "),
        ("Siti Aminah, S.Pd., M.Pd.", "SITI AMINAH"),
        ("Dr. Ir. H. Budi Santoso, M.T.", "BUDI SANTOSO"),
        ("Drs.H.Ahmad Ma'ruf", "AHMAD MARUF"),
        ("dr. Rina Wati, Sp.A", "Rina Wati"),
        ("Budi Santoso, SE", "BUDI SANTOSO"),
        ("Budi Santoso S.Kom", "BUDI SANTOSO"),
        ("Dewi Lestari, S.Tr.Keb.", "DEWI LESTARI"),
        ("Abd.Rahman", "ABD. RAHMAN"),
        ("Nur-Aini", "NUR AINI"),
        ("M. Yusuf", "M YUSUF"),
        ("Prof. Dr. Sri Rahayu, S.H., M.Hum., Ph.D.", "sri rahayu"),
        ("Ｓiti Aminah", "Siti Aminah"),
    ],
)
def test_titles_punctuation_and_case_do_not_count(simpeg: str, bkn: str) -> None:
    assert person_name(simpeg) == person_name(bkn)


@pytest.mark.parametrize(
    ("simpeg", "bkn"),
    [
        ("Siti Aminah", "Siti Aminan"),
        ("Siti Aminah", "Siti"),
        ("Siti Aminah", "Aminah Siti"),
        ("Nuraini", "Nur Aini"),
        ("Muhammad Yusuf", "M. Yusuf"),
        ("Ahmad M.Yusuf", "Ahmad"),
        ("Budi Sag", "Budi"),
        ("Siti Ma", "Siti"),
        ("R. Agus", "Agus"),
        ("Budi", ""),
    ],
)
def test_anything_else_is_another_name(simpeg: str, bkn: str) -> None:
    assert person_name(simpeg) != person_name(bkn)


def test_a_name_of_nothing_but_titles_stays() -> None:
    assert person_name("Dr. H.") == "dr h"
    assert person_name(None) == person_name("") == person_name(" ,. ") == ""


def test_titles_and_numbers_in_any_spelling() -> None:
    assert title("S.Pd., M.Pd.") == title("SPd MPd") != title("S.Pd.")
    assert digits("19850101 201001 2 001") == digits("198501012010012001")
    assert (title(None), digits(None)) == ("", "")


# ------------------------------------------------------------------------------------------------------------ doubts


def of(row: dict[str, object], *, linked: str | None = "a" * 32, **body: object) -> tuple[str, ...]:
    wanted = Wanted(NIP, {"nama": "Siti Aminah, S.Pd.", "tglLahir": "01-01-1985", **body}, Digest("d"), None, None, {})
    shown = {"id": "A" * 32, "nama": "SITI AMINAH", "tglLahir": "01-01-1985", "nipBaru": NIP, **row}
    found = doubt(RESOURCES["identitas"].resource, wanted, shown, linked=BknId(linked) if linked else None)
    return found.fields if found else ()


def test_what_contradicts_is_a_doubt_and_what_is_missing_is_not() -> None:
    assert of({}) == of({}, linked=None) == ()
    assert of({"tglLahir": "02-01-1985"}) == ("tglLahir",)
    assert of({"nama": "SITI AMINAN"}) == ("nama",)
    assert of({"nipBaru": "198501012010012002"}) == ("nipBaru",)
    assert of({"id": "B" * 32}) == ("id",)
    assert of({"tglLahir": "", "nama": None, "nipBaru": None}) == ()
    assert of({"nama": "ANI"}, nama=None) == ()
    assert of({"gelarDepan": "Dr."}, gelarDepan="Ir.") == (), "another title is no other person"


def test_a_word_holds_for_the_facts_it_was_given_for() -> None:
    resource = RESOURCES["identitas"].resource
    wanted = Wanted(NIP, {"nama": "Siti"}, Digest("d"), None, None, {})
    one, again, other = (
        doubt(resource, wanted, {"id": "a", "nama": name, "nipBaru": NIP}, linked=None)
        for name in ("SITI A", "siti a.", "SITI B")
    )
    assert one is not None and again is not None and other is not None
    assert one.digest == again.digest != other.digest
