"""Invented civil servants: names from small lists, and a NIP that obeys the rule (Perka BKN 22/2007)."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

Sex = Literal["L", "P"]

GIVEN_NAMES: dict[Sex, tuple[str, ...]] = {
    "L": (
        "Adiraka",
        "Bagasta",
        "Candrika",
        "Darmaji",
        "Ekawira",
        "Fajarno",
        "Galuhan",
        "Hariswara",
        "Jatmiko",
        "Kertanu",
        "Lukmawan",
        "Mardinata",
        "Nugrahadi",
        "Panjinara",
        "Rakanta",
        "Surawan",
        "Tirtaka",
        "Wiranu",
    ),
    "P": (
        "Anggita",
        "Bulanita",
        "Cempakasari",
        "Dewiyani",
        "Elokasih",
        "Fitrawati",
        "Gendisari",
        "Hapsarini",
        "Intanira",
        "Kemalawati",
        "Larasanti",
        "Melatina",
        "Nirmalaya",
        "Puspaningsih",
        "Ratnawuni",
        "Sekarini",
    ),
}
FAMILY_NAMES = (
    "Bahtera",
    "Danuraja",
    "Gumilar",
    "Hadiwangsa",
    "Kartanegara",
    "Lembayung",
    "Mahendrata",
    "Pakusari",
    "Rantauan",
    "Samudrana",
    "Tanjungan",
    "Wanasari",
    "Wirabuana",
    "Yudhapati",
)

MAN, WOMAN = 1, 2


@dataclass(frozen=True, slots=True)
class Person:
    id_peg: str
    nama: str
    nip: str
    born: date
    sex: Sex
    pns_id: str
    is_known_to_bkn: bool = True
    is_active: bool = True


def invent_people(rng: Random, count: int) -> list[Person]:
    """The last one is unknown to BKN; the few before are retired. Nothing may be sent for either."""
    retired = max(1, count // 100)
    numbers: Counter[str] = Counter()
    return [
        _invent_person(
            rng, n, numbers, is_known_to_bkn=n < count - 1, is_active=not count - 1 - retired <= n < count - 1
        )
        for n in range(count)
    ]


def _invent_person(rng: Random, n: int, numbers: Counter[str], *, is_known_to_bkn: bool, is_active: bool) -> Person:
    sex: Sex = rng.choice(("L", "P"))
    born = date(1968, 1, 1) + timedelta(days=rng.randrange(30 * 365))
    appointed = date(born.year + rng.randrange(20, 28), rng.randrange(1, 13), 1)
    stem = nip_stem(born=born, appointed=appointed, sex=sex)
    numbers[stem] += 1
    return Person(
        id_peg=f"PEG{n + 1:06d}",
        nama=f"{rng.choice(GIVEN_NAMES[sex])} {rng.choice(FAMILY_NAMES)}",
        nip=f"{stem}{numbers[stem]:03d}",
        born=born,
        sex=sex,
        pns_id=f"{rng.getrandbits(128):032X}",
        is_known_to_bkn=is_known_to_bkn,
        is_active=is_active,
    )


def nip_stem(*, born: date, appointed: date, sex: Sex) -> str:
    """The 15 digits within which people are numbered from 001."""
    return f"{born:%Y%m%d}{appointed:%Y%m}{MAN if sex == 'L' else WOMAN}"


def nip_fault(nip: str, *, born: date, sex: Sex) -> str | None:
    """The first rule of a PNS's NIP that is broken, or None. (A PPPK's number follows other rules.)"""
    if len(nip) != 18 or not (nip.isascii() and nip.isdigit()):
        return "not 18 digits"
    if nip[:8] != f"{born:%Y%m%d}":
        return "birth date differs"
    if not 1 <= int(nip[12:14]) <= 12:
        return "no such month of appointment"
    if int(nip[8:12]) - born.year < 18:
        return "appointed too young"
    if int(nip[14]) != (MAN if sex == "L" else WOMAN):
        return "sex differs"
    if nip[15:] == "000":
        return "running number starts at 001"
    return None
