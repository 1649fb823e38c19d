"""The patterns of BKN's complaints and what each means, in both languages. Data for complaints.py."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Words:
    """``{field}`` stands for the field, ``{1}`` and on for what the pattern found."""

    rule: str
    indonesian: str
    """Empty where BKN's own sentence is Indonesian already."""
    english: str


@dataclass(frozen=True)
class Pattern:
    """``(?P<field>…)`` names the field. No pattern has a repetition within another, so that none takes long."""

    text: str
    words: Words | Callable[[re.Match[str]], Words]

    @cached_property
    def compiled(self) -> "re.Pattern[str]":
        return re.compile(self.text, re.IGNORECASE)


TAGS: Mapping[str, Words] = {
    "required": Words("required", "{field} wajib diisi.", "{field} is required."),
    "min": Words("too_little", "{field} terlalu kecil atau terlalu pendek.", "{field} is too small or too short."),
    "max": Words("too_much", "{field} terlalu besar atau terlalu panjang.", "{field} is too large or too long."),
    "len": Words("length", "Panjang {field} tidak sesuai.", "{field} has not the right length."),
    "oneof": Words(
        "not_one_of", "{field} bukan salah satu nilai yang diterima.", "{field} is none of the values that BKN takes."
    ),
    "numeric": Words("type", "{field} harus berupa angka.", "{field} must be a number."),
    "datetime": Words(
        "date",
        "{field} bukan tanggal dengan bentuk yang diminta BKN.",
        "{field} is no date in the form that BKN wants.",
    ),
    "uuid": Words("id", "{field} bukan id BKN.", "{field} is no id of BKN."),
    "email": Words("email", "{field} bukan alamat surel.", "{field} is no e-mail address."),
    "unique": Words("duplicate", "{field} sudah ada di BKN.", "{field} exists at BKN already."),
}
SAME_TAGS = {
    "gt": "min", "gte": "min", "gtfield": "min", "gtefield": "min", "lt": "max", "lte": "max", "ltfield": "max",
    "ltefield": "max", "number": "numeric", "date": "datetime", "uuid4": "uuid", "uuid_rfc4122": "uuid",
    "alphanum": "oneof", "eq": "oneof",
}  # fmt: skip


def _of_tag(found: re.Match[str]) -> Words:
    tag = found["tag"].lower()
    known = TAGS.get("required" if tag.startswith("required") else SAME_TAGS.get(tag, tag))
    return known or Words(
        tag if re.fullmatch(r"[a-z0-9_]{1,40}", tag) else "rule",
        "{field} tidak memenuhi aturan BKN ({tag}).",
        "{field} breaks BKN's rule {tag}.",
    )


_GO_TYPES = {"string": ("teks", "a text"), "bool": ("ya/tidak", "yes or no")}


def _of_type(found: re.Match[str]) -> Words:
    wanted = found["wanted"].lower().lstrip("*")
    number = ("angka", "a number") if wanted.startswith(("int", "uint", "float")) else (wanted, f"of type {wanted}")
    indonesian, english = _GO_TYPES.get(wanted, number)
    return Words("type", f"{{field}} harus berupa {indonesian}.", f"{{field}} must be {english}.")


_DATE = TAGS["datetime"]
_WRONG = Words("type", "{field} harus berupa angka.", "{field} must be a number.")
_GO = r"(?P<field>[\w.\[\]]{1,120})"
_SAID = r"(?P<field>[\w ./()-]{1,80}?)"
"""A field as people say it: "Nomor SK", "unorId"."""

PATTERNS: Sequence[Pattern] = (
    # The validator of the Go service, and the decoder before it.
    Pattern(
        r"Key: '(?P<struct>[^']{0,120})' ?Error: ?Field validation for '(?P<field>[^']{0,120})' failed on "
        r"the '(?P<tag>[^']{0,60})' tag",
        _of_tag,
    ),
    Pattern(
        r"Field validation for '(?P<field>[^']{0,120})' failed on the '(?P<tag>[^']{0,60})' tag",
        _of_tag,
    ),
    Pattern(
        r"cannot unmarshal \S{1,40}( \S{1,40})? into Go struct field (?P<field>\S{1,160}) of type "
        r"(?P<wanted>\S{1,60})",
        _of_type,
    ),
    Pattern(
        r"Unmarshal type error: expected=(?P<wanted>[^\s,]{1,60}), got=[^\s,]{1,60}, "
        r"field=(?P<field>[^\s,]{1,120})",
        _of_type,
    ),
    Pattern(
        r"cannot unmarshal \S{1,40} into Go value of type",
        Words(
            "body",
            "Isi kiriman bukan bentuk yang diminta BKN; laporkan ke pengembang simpeg-sync.",
            "The body has not the form that BKN wants; please report it to simpeg-sync.",
        ),
    ),
    Pattern(
        r"Syntax error|unexpected end of JSON input|invalid character '.{1,10}' (looking for|after|in)",
        Words(
            "body",
            "BKN tidak dapat membaca isi kiriman; laporkan ke pengembang simpeg-sync.",
            "BKN could not read the body; please report it to simpeg-sync.",
        ),
    ),
    Pattern(
        rf"^{_GO}: ?parsing time",
        _DATE,
    ),
    Pattern(
        r"parsing time \"?[^\s\"]{0,80}\"? as",
        _DATE,
    ),
    Pattern(
        rf"^{_GO}: ?strconv\.\w{{1,30}}: parsing",
        _WRONG,
    ),
    Pattern(
        r"strconv\.\w{1,30}: parsing",
        _WRONG,
    ),
    Pattern(
        rf"^{_GO} is (a )?required( field)?\.?$",
        TAGS["required"],
    ),
    Pattern(
        rf"^{_GO}:? (cannot be blank|must not be empty|can'?t be empty|is empty)",
        TAGS["required"],
    ),
    # PostgreSQL, as gorm or lib/pq hand it on.
    Pattern(
        r"duplicate key value violates unique constraint \"?(?P<constraint>[\w.]{1,120})",
        Words(
            "duplicate",
            "BKN sudah memiliki baris dengan kunci yang sama ({constraint}); bandingkan dengan data di BKN.",
            "BKN has a row with the same key already ({constraint}); compare with what BKN has.",
        ),
    ),
    Pattern(
        r"null value in column \"?(?P<field>\w{1,80})",
        TAGS["required"],
    ),
    Pattern(
        r"violates foreign key constraint \"?(?P<constraint>[\w.]{1,120})",
        Words(
            "unknown_code",
            "Kode yang dikirim tidak ada di tabel BKN ({constraint}); periksa tabel kode.",
            "A code is not in BKN's table ({constraint}); check the code tables.",
        ),
    ),
    Pattern(
        r"violates check constraint \"?(?P<constraint>[\w.]{1,120})",
        Words(
            "rule",
            "Nilai tidak memenuhi aturan basis data BKN ({constraint}).",
            "A value breaks a rule of BKN's database ({constraint}).",
        ),
    ),
    Pattern(
        r"value too long for type character varying ?\(?(?P<letters>\d{0,6})",
        Words(
            "too_much",
            "Salah satu teks lebih panjang dari {letters} huruf.",
            "One of the texts has more than {letters} letters.",
        ),
    ),
    Pattern(
        r"invalid input syntax for (type )?uuid",
        Words(
            "id",
            "Salah satu id bukan id BKN; periksa tabel kode.",
            "One of the ids is no id of BKN; check the code tables.",
        ),
    ),
    Pattern(
        r"invalid input syntax for (type )?(integer|bigint|smallint|numeric|double precision|real)",
        Words(
            "type",
            "Salah satu isian harus berupa angka.",
            "One of the values must be a number.",
        ),
    ),
    Pattern(
        r"invalid input syntax for (type )?(date|timestamp)|date/time field value out of range",
        Words(
            "date",
            "Salah satu tanggal tidak sah.",
            "One of the dates is none.",
        ),
    ),
    Pattern(
        r"numeric field overflow|out of range for type (integer|bigint|smallint)",
        Words(
            "too_much",
            "Salah satu angka terlalu besar.",
            "One of the numbers is too large.",
        ),
    ),
    Pattern(
        r"deadlock detected|could not serialize access|canceling statement due to|lock timeout",
        Words(
            "busy",
            "Basis data BKN sedang sibuk; coba lagi nanti.",
            "BKN's database was busy; try again later.",
        ),
    ),
    Pattern(
        r"remaining connection slots|too many (clients|connections)|connection refused|broken pipe|bad "
        r"connection|i/o timeout",
        Words(
            "down",
            "Basis data BKN tidak dapat dihubungi oleh layanannya; coba lagi nanti.",
            "BKN's service could not reach its database; try again later.",
        ),
    ),
    Pattern(
        r"relation \"?[\w.]{1,120}\"? does not exist|column \"?[\w.]{1,120}\"? (of relation \S{1,120} "
        r")?does not exist|permission denied for",
        Words(
            "fault",
            "Kesalahan pada layanan BKN sendiri; laporkan ke BKN.",
            "A fault of BKN's own service; report it to BKN.",
        ),
    ),
    Pattern(
        r"runtime error: |nil pointer dereference|panic:|NullPointerException|Internal Server Error",
        Words(
            "fault",
            "Kesalahan pada layanan BKN sendiri; laporkan ke BKN.",
            "A fault of BKN's own service; report it to BKN.",
        ),
    ),
    Pattern(
        r"record not found",
        Words(
            "not_found",
            "BKN tidak menemukan baris atau pegawai yang dirujuk.",
            "BKN does not find the row or the person that is named.",
        ),
    ),
    Pattern(
        r"Key \((?P<fields>[\w, ]{1,120})\)=\(.{0,200}\) already exists",
        Words("duplicate", "{field} yang sama sudah ada di BKN.", "The same {field} exists at BKN already."),
    ),
    Pattern(
        r"Key \((?P<fields>[\w, ]{1,120})\)=\(.{0,200}\) is not present in table",
        Words("unknown_code", "Kode pada {field} tidak dikenal BKN.", "BKN does not know the code of {field}."),
    ),
    # The login and the gateway.
    Pattern(
        r"invalid or expired jwt|missing or malformed jwt|Token SSO mismatch|invalid_token|Access token "
        r"(invalid|expired)",
        Words(
            "login",
            "Token masuk ke BKN tidak berlaku; lihat `simpeg-sync token status`.",
            "The token is not good (any more); see `simpeg-sync token status`.",
        ),
    ),
    Pattern(
        r"Invalid user credentials|invalid_grant|invalid_client|unauthorized_client|Account (is "
        r")?(disabled|not fully set up)|Invalid Credentials|Missing Credentials|Unclassified "
        r"Authentication",
        Words(
            "login",
            "BKN menolak nama pengguna, sandi, atau kunci aplikasi; lihat `simpeg-sync token status`.",
            "BKN refuses the user, the password or the application's key; see `simpeg-sync token status`.",
        ),
    ),
    Pattern(
        r"Resource forbidden|API Subscription validation failed|not authorized to access",
        Words(
            "not_allowed",
            "Aplikasi ini belum berlangganan layanan tersebut; minta ke BKN.",
            "The application is not subscribed to this service; ask BKN.",
        ),
    ),
    Pattern(
        r"throttled out|exceeded your quota",
        Words(
            "throttled",
            "Jatah panggilan ke BKN habis; dilanjutkan sendiri.",
            "The calls that BKN allows are used up; it goes on by itself.",
        ),
    ),
    Pattern(
        r"SUSPENDED|Error connecting to the back ?end|Runtime Error",
        Words(
            "down",
            "Layanan BKN di balik gerbangnya sedang mati; dicoba lagi sendiri.",
            "BKN's service behind its gateway is down; it is tried again by itself.",
        ),
    ),
    Pattern(
        r"No matching resource found",
        Words(
            "no_path",
            "Alamat layanan ini tidak ada di BKN; periksa `bkn.base_url`.",
            "BKN has no such address; check `bkn.base_url`.",
        ),
    ),
    Pattern(
        r"request entity too large|file too large|payload too large",
        Words(
            "file_size",
            "Berkas lebih besar dari yang diterima BKN (sekitar 1 MB).",
            "The file is larger than BKN takes (about 1 MB).",
        ),
    ),
    # BKN's sentences, in Indonesian.
    Pattern(
        rf"^{_SAID} (wajib|harus|belum) di(isi|pilih|lengkapi|unggah)",
        Words(
            "required",
            "",
            "{field} is required.",
        ),
    ),
    Pattern(
        rf"^{_SAID} (tidak boleh|masih) kosong",
        Words(
            "required",
            "",
            "{field} is required.",
        ),
    ),
    Pattern(
        r"^Hanya satu yang boleh dipilih: (?P<fields>[\w, ]{1,200})",
        Words(
            "only_one",
            "",
            "Only one of several marks may be yes; {field} is one of them.",
        ),
    ),
    Pattern(
        rf"^{_SAID} harus (berupa |berisi )?(angka|numerik|bilangan)",
        Words(
            "type",
            "",
            "{field} must be a number.",
        ),
    ),
    Pattern(
        r"^(format |bentuk )?(?P<field>(tanggal|tgl|tmt)[\w ]{0,60}?) (tidak (valid|sesuai|sah|benar)|"
        r"salah)|format tanggal",
        Words(
            "date",
            "",
            "{field} is no date in the form that BKN wants.",
        ),
    ),
    Pattern(
        r"^(?P<field>\w{1,60}) (?P<code>\S{0,60}[0-9]\S{0,60}) tidak (ditemukan|terdaftar|ada)",
        Words(
            "unknown_code",
            "",
            "BKN does not know the code {code} of {field}; correct the code table.",
        ),
    ),
    Pattern(
        rf"^{_SAID} tidak (ditemukan|terdaftar|dikenal)",
        Words(
            "unknown_code",
            "",
            "BKN does not know what {field} says.",
        ),
    ),
    Pattern(
        rf"^{_SAID} (sudah|telah) (ada|terdaftar|digunakan|dipakai|pernah)|duplikat|data ganda",
        Words(
            "duplicate",
            "",
            "BKN has it already ({field}); compare with what BKN has.",
        ),
    ),
    Pattern(
        r"(ukuran|besar) (file|berkas|dokumen)[\w ]{0,60}(melebihi|maksimal|terlalu besar)|(file|berkas|"
        r"dokumen) terlalu besar",
        Words(
            "file_size",
            "",
            "The file is larger than BKN takes (about 1 MB).",
        ),
    ),
    Pattern(
        r"(format|tipe|jenis) (file|berkas|dokumen) ",
        Words(
            "file_form",
            "",
            "The file has not the form that BKN takes (PDF, for a photo JPG or PNG).",
        ),
    ),
    Pattern(
        rf"^{_SAID} (melebihi|lebih (dari|besar|panjang)|maksimal|terlalu (panjang|besar))",
        Words(
            "too_much",
            "",
            "{field} is too large or too long.",
        ),
    ),
    Pattern(
        rf"^{_SAID} (kurang dari|minimal|terlalu (pendek|kecil))",
        Words(
            "too_little",
            "",
            "{field} is too small or too short.",
        ),
    ),
    Pattern(
        r"tidak dapat disimpan di sini|yang dapat disimpan di sini",
        Words(
            "wrong_address",
            "",
            "This year or kind goes to another of BKN's addresses; check the feed's `scope`.",
        ),
    ),
    Pattern(
        r"(tidak (berhak|berwenang|memiliki (hak|akses|izin))|bukan (pegawai|instansi|kewenangan))",
        Words(
            "not_allowed",
            "",
            "BKN does not let this office change it: the person or the row is another office's.",
        ),
    ),
    Pattern(
        r"(data|pegawai|pns|layanan)[\w ]{0,40}(diblokir|terkunci|dikunci|dibekukan)",
        Words(
            "blocked",
            "",
            "BKN has blocked the person or the row; ask BKN's regional office.",
        ),
    ),
    Pattern(
        rf"^{_SAID} tidak (valid|sah|sesuai|benar|cocok)",
        Words(
            "invalid",
            "",
            "{field} does not fit.",
        ),
    ),
    Pattern(
        r"^data tidak ditemukan",
        Words(
            "not_found",
            "",
            "BKN does not find the row or the person that is named.",
        ),
    ),
)
