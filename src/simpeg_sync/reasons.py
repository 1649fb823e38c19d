"""Every reason code in words, in Indonesian and English: what is wrong, what to do about it and where, what releases it.

Whoever adds a code adds its sentences here; a test looks for every code that the program uses.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    """Where something is to be done."""

    SIMPEG = "simpeg"
    CODES = "codes"
    FEED = "feed"
    BKN_REGIONAL = "bkn_regional"
    MYASN = "myasn"
    """In BKN's own pages: the employee in MyASN, the office in SIASN."""
    OPERATOR = "operator"
    """On the server of simpeg-sync: a command, a setting, a right, a folder."""
    NOBODY = "nobody"
    """It goes on by itself, or nothing is to be done."""


class Release(StrEnum):
    """What lets a record go on that stands still for the reason."""

    ROW = "row"
    TIME = "time"
    CONFIG = "config"
    COMMAND = "command"
    NOTHING = "nothing"
    """Nothing stands still for it."""


@dataclass(frozen=True, slots=True)
class Words:
    """The same in both languages."""

    indonesian: str
    english: str

    def said(self, *, indonesian: bool = False) -> str:
        return self.indonesian if indonesian else self.english


PLACES: Mapping[Where, Words] = {
    Where.SIMPEG: Words("di SIMPEG", "in SIMPEG"),
    Where.CODES: Words("di tabel kode", "in the code table"),
    Where.FEED: Words("di berkas alur data", "in the feed's file"),
    Where.BKN_REGIONAL: Words("di kantor regional BKN", "at BKN's regional office"),
    Where.MYASN: Words("di MyASN atau SIASN", "in MyASN or SIASN"),
    Where.OPERATOR: Words("oleh operator simpeg-sync", "by the operator of simpeg-sync"),
    Where.NOBODY: Words("berjalan sendiri", "nobody, it goes by itself"),
}

RELEASES: Mapping[Release, Words] = {
    Release.ROW: Words("perubahan barisnya di SIMPEG", "a change of the row in SIMPEG"),
    Release.TIME: Words(
        "dilihat lagi sendiri setelah beberapa waktu, atau perubahan barisnya di SIMPEG",
        "time, since it is looked at again by itself; a change of the row in SIMPEG does it at once",
    ),
    Release.CONFIG: Words(
        "konfigurasi yang diperbaiki: mulai ulang, lalu `simpeg-sync resync --status held`",
        "a corrected configuration: restart, then `simpeg-sync resync --status held`",
    ),
    Release.COMMAND: Words("perintah operator", "an operator's command"),
    Release.NOTHING: Words("tidak ada yang tertahan", "nothing stands still for it"),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    indonesian: str
    english: str
    where: Where
    released_by: Release
    todo_indonesian: str
    todo_english: str

    def todo(self, *, indonesian: bool = False) -> str:
        return self.todo_indonesian if indonesian else self.todo_english


REASONS: Mapping[str, Sentence] = {
    "unverified": Sentence(
        "Baris belum diverifikasi di SIMPEG.",
        "The row is not verified in SIMPEG yet.",
        Where.SIMPEG,
        Release.ROW,
        "Verifikasi baris itu di SIMPEG; setelah itu terkirim sendiri.",
        "Verify the row in SIMPEG; it then goes by itself.",
    ),
    "person.inactive": Sentence(
        "Pegawai tidak aktif menurut SIMPEG; datanya tidak dikirim.",
        "The person is not active in SIMPEG; nothing is sent.",
        Where.NOBODY,
        Release.ROW,
        "Tidak ada, kecuali status pegawai itu keliru: perbaiki di SIMPEG.",
        "Nothing, unless the person's status is wrong: then correct it in SIMPEG.",
    ),
    "person.no_nip": Sentence(
        "NIP kosong atau bukan 18 angka.",
        "The NIP is missing or not 18 digits.",
        Where.SIMPEG,
        Release.ROW,
        "Perbaiki NIP pegawai itu di SIMPEG.",
        "Correct the person's NIP in SIMPEG.",
    ),
    "person.unknown_at_bkn": Sentence(
        "BKN tidak mengenal NIP ini.",
        "BKN does not know this NIP.",
        Where.BKN_REGIONAL,
        Release.TIME,
        "Cocokkan NIP dengan SK pengangkatan; bila NIP di SIMPEG benar, tanyakan ke kantor regional BKN. "
        "Dilihat lagi dengan sendirinya.",
        "Compare the NIP with the letter of appointment; if SIMPEG's is right, ask BKN's regional office. It "
        "is looked at again by itself.",
    ),
    "person.changed": Sentence(
        "Baris berpindah ke pegawai lain setelah dikirim.",
        "The row belongs to another person than the one it was sent for.",
        Where.SIMPEG,
        Release.TIME,
        "Kembalikan baris itu ke pegawai semula di SIMPEG, dan buat baris baru untuk pegawai yang lain.",
        "Give the row back to the first employee in SIMPEG, and enter a new row for the other one.",
    ),
    "person.renamed": Sentence(
        "NIP pegawai berubah di SIMPEG, tetapi BKN belum mengenal NIP yang baru; baris di BKN tetap.",
        "SIMPEG has corrected the person's NIP and BKN does not know the new one yet; the row at BKN stays as it is.",
        Where.BKN_REGIONAL,
        Release.TIME,
        "Bila NIP baru benar, mintalah perbaikan ke kantor regional BKN; barisnya ikut sendiri setelah BKN "
        "mengubahnya. Bila tidak, perbaiki di SIMPEG.",
        "If the new NIP is right, ask BKN's regional office for the correction; the rows follow by "
        "themselves. Else correct SIMPEG.",
    ),
    "person.twice": Sentence(
        "Dua pegawai di SIMPEG memakai NIP yang sama; untuk keduanya tidak ada yang dikirim.",
        "Two people of SIMPEG have the same NIP; nothing is sent for either.",
        Where.SIMPEG,
        Release.TIME,
        "Perbaiki NIP yang salah di SIMPEG; keduanya lalu berjalan sendiri.",
        "Correct the wrong NIP in SIMPEG; both then go by themselves.",
    ),
    "person.left": Sentence(
        "Pegawai sudah tidak aktif ketika baris hilang dari SIMPEG; data di BKN dibiarkan.",
        "The person was no longer active when the row went; what BKN has of it stays.",
        Where.NOBODY,
        Release.NOTHING,
        "Tidak ada yang perlu dilakukan.",
        "Nothing is to be done.",
    ),
    "delete.renamed": Sentence(
        "Baris yang sama ada di SIMPEG dengan NIP yang belum dikenal BKN; tidak dihapus di BKN.",
        "The same row is there under a NIP that BKN does not know; until that is settled nothing is deleted at BKN.",
        Where.BKN_REGIONAL,
        Release.TIME,
        "Pastikan NIP mana yang benar: mintalah perbaikan ke kantor regional BKN, atau perbaiki NIP di SIMPEG.",
        "See which NIP is right: ask BKN's regional office for the correction, or correct the NIP in SIMPEG.",
    ),
    "identity.twice": Sentence(
        "Beberapa baris SIMPEG sama dalam semua kolom pengenalnya.",
        "Several rows of SIMPEG agree in all columns that should tell them apart.",
        Where.SIMPEG,
        Release.ROW,
        "Hapus baris yang ganda di SIMPEG atau perbaiki kolom itu; bila banyak sekaligus, operator menambah "
        "kolom pada `identity`.",
        "Remove the double in SIMPEG or correct those columns; if there are many at once, the operator adds "
        "a column to `identity`.",
    ),
    "join.several": Sentence(
        "Tabel gabungan memiliki beberapa baris untuk baris ini.",
        "A joined table has several rows for this one.",
        Where.SIMPEG,
        Release.ROW,
        "Hapus yang ganda di SIMPEG; bila memang boleh beberapa, operator melengkapi `on` atau `pick` pada alur data.",
        "Remove the double in SIMPEG; if several are right, the operator says which counts by the join's "
        "`on` or `pick`.",
    ),
    "code.unknown": Sentence(
        "Kode setempat belum ada padanannya di tabel kode.",
        "The local code has no national code in its table.",
        Where.CODES,
        Release.CONFIG,
        "Tambahkan kode itu ke tabel kode yang disebut (`simpeg-sync codes suggest` mengusulkan), lalu mulai ulang.",
        "Add the code to the table that is named (`simpeg-sync codes suggest` proposes), then restart.",
    ),
    "code.not_at_bkn": Sentence(
        "Kode nasional ini tidak dikenal BKN.",
        "BKN does not have this national code.",
        Where.CODES,
        Release.CONFIG,
        "Perbaiki tabel kode (`simpeg-sync codes check` menyebut tempatnya) atau perbarui referensi BKN "
        "dengan `simpeg-sync codes pull`.",
        "Correct the code table (`simpeg-sync codes check` says where), or refresh BKN's with `simpeg-sync "
        "codes pull`.",
    ),
    "case.no_branch": Sentence(
        "Nilai ini tidak termasuk cabang mana pun pada pemetaan.",
        "The value fits none of the feed's branches.",
        Where.FEED,
        Release.CONFIG,
        "Lengkapi `when` pada alur data atau beri `else`, lalu setujui rencana yang baru.",
        "Extend the feed's `when` or give it an `else`, then approve the new plan.",
    ),
    "date.unreadable": Sentence(
        "Tanggal tidak terbaca.",
        "The date is in none of the feed's formats.",
        Where.SIMPEG,
        Release.ROW,
        "Perbaiki tanggal itu di SIMPEG; bila banyak sebentuk, operator menambahnya pada `formats` atau `no_date`.",
        "Correct the date in SIMPEG; if many have one form, the operator adds it to `formats` or `no_date`.",
    ),
    "date.implausible": Sentence(
        "Tanggal tidak masuk akal.",
        "The date is outside any serving employee's history.",
        Where.SIMPEG,
        Release.ROW,
        "Perbaiki tanggal itu di SIMPEG.",
        "Correct the date in SIMPEG.",
    ),
    "number.unreadable": Sentence(
        "Angka tidak terbaca.",
        "The number cannot be read.",
        Where.SIMPEG,
        Release.ROW,
        "Perbaiki angka itu di SIMPEG.",
        "Correct the number in SIMPEG.",
    ),
    "text.too_long": Sentence(
        "Teks terlalu panjang.",
        "The text is too long.",
        Where.SIMPEG,
        Release.ROW,
        "Persingkat teks itu di SIMPEG.",
        "Shorten the text in SIMPEG.",
    ),
    "text.unreadable": Sentence(
        "Teks rusak karena salah pengodean huruf.",
        "The text is broken (another character encoding).",
        Where.SIMPEG,
        Release.ROW,
        "Tulis ulang teks itu di SIMPEG; bila banyak sekaligus, tanyakan pengodean kolomnya ke pengelola basis data.",
        "Write it anew in SIMPEG; if there are many at once, ask SIMPEG's DBA for the column's character set.",
    ),
    "field.required": Sentence(
        "Isian yang wajib bagi BKN masih kosong.",
        "A value that BKN requires is missing.",
        Where.SIMPEG,
        Release.ROW,
        "Lengkapi isian yang disebut di SIMPEG.",
        "Fill in the named value in SIMPEG.",
    ),
    "field.must_be_empty": Sentence(
        "Isian ini harus kosong untuk jenis baris ini.",
        "This field must be empty for this kind of row.",
        Where.SIMPEG,
        Release.ROW,
        "Kosongkan di SIMPEG; bila kolomnya yang salah, operator memperbaiki alur data.",
        "Empty it in SIMPEG; if the wrong column is mapped, the operator corrects the feed.",
    ),
    "field.only_one": Sentence(
        "Hanya satu dari beberapa penanda yang boleh ya.",
        "Only one of several marks may be yes.",
        Where.SIMPEG,
        Release.ROW,
        "Pilih satu saja di SIMPEG.",
        "Leave one of them in SIMPEG.",
    ),
    "field.ends_before_start": Sentence(
        "Akhir periode lebih awal dari awalnya.",
        "The period ends before it starts.",
        Where.SIMPEG,
        Release.ROW,
        "Perbaiki kedua tanggal atau bulannya di SIMPEG.",
        "Correct the two dates or months in SIMPEG.",
    ),
    "field.wrong_year": Sentence(
        "Tahun ini memakai layanan BKN yang lain (SKP s.d. 2020, 2021, atau mulai 2022).",
        "This year goes to another of BKN's addresses (SKP up to 2020, of 2021, from 2022 on).",
        Where.FEED,
        Release.CONFIG,
        "Perbaiki `scope` pada alur data, satu alur untuk setiap layanan.",
        "Correct the feed's `scope`: one feed for each of the addresses.",
    ),
    "field.wants_number": Sentence(
        "BKN meminta angka, pemetaan memberi teks.",
        "BKN wants a number here, and the feed gives a text.",
        Where.FEED,
        Release.CONFIG,
        "Tulis {integer: ...} atau {number: ...} pada isian itu di alur data.",
        "Write {integer: ...} or {number: ...} around the expression in the feed.",
    ),
    "field.wants_text": Sentence(
        "BKN meminta teks, pemetaan memberi angka.",
        "BKN wants a text here, and the feed gives a number.",
        Where.FEED,
        Release.CONFIG,
        "Tambahkan as_text: true pada isian itu di alur data, atau tanda kutip pada nilai tetapnya.",
        "Add as_text: true to the expression in the feed, or quote the constant.",
    ),
    "field.wants_code": Sentence(
        "Nilai bukan salah satu kode yang diterima BKN di sini.",
        "The value is none of the codes that BKN takes here.",
        Where.FEED,
        Release.CONFIG,
        "Periksa kode yang diberikan alur data untuk isian itu.",
        "Check the codes that the feed gives for the field.",
    ),
    "link.missing": Sentence(
        "Baris yang dirujuk belum ada di BKN.",
        "The row it names is not at BKN yet.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: berjalan sendiri setelah baris itu sampai. Bila baris itu tertahan, lihat alasannya di sana.",
        "Nothing: it goes on by itself once that row has arrived. If that one is held, look there.",
    ),
    "link.another_person": Sentence(
        "Baris yang dirujuk milik pegawai lain.",
        "The row it names is another person's.",
        Where.SIMPEG,
        Release.ROW,
        "Perbaiki rujukannya di SIMPEG; gabungan tabel yang salah di alur data juga dapat menjadi sebabnya.",
        "Correct in SIMPEG which row it refers to; a wrong join in the feed does this too.",
    ),
    "field.invalid": Sentence(
        "Nilai tidak sesuai aturan BKN.",
        "A value breaks BKN's rules.",
        Where.SIMPEG,
        Release.ROW,
        "Perbaiki isian yang disebut di SIMPEG.",
        "Correct the named value in SIMPEG.",
    ),
    "document.not_named": Sentence(
        "Sertifikat belum diunggah di SIMPEG.",
        "The row has no certificate.",
        Where.SIMPEG,
        Release.ROW,
        "Unggah sertifikatnya di SIMPEG.",
        "Upload the certificate in SIMPEG.",
    ),
    "document.missing": Sentence(
        "Berkas sertifikat tidak ditemukan di folder.",
        "The certificate file is not in its folder.",
        Where.OPERATOR,
        Release.TIME,
        "Kembalikan berkas itu ke foldernya, atau unggah lagi di SIMPEG; bila banyak sekaligus, periksa "
        "apakah folder terpasang.",
        "Put the file back into its folder, or upload it again in SIMPEG; if there are many at once, see whether "
        "the folder is mounted.",
    ),
    "document.bad_name": Sentence(
        "Nama berkas atau foldernya keluar dari folder sertifikat.",
        "The name of the file or of its folder leads out of the certificate folder.",
        Where.SIMPEG,
        Release.ROW,
        "Perbaiki nama berkas, atau isian yang menamai foldernya, di SIMPEG.",
        "Correct in SIMPEG the file's name, or the value that names its folder.",
    ),
    "document.unreadable": Sentence(
        "Berkas sertifikat tidak dapat dibaca.",
        "The certificate file cannot be read.",
        Where.OPERATOR,
        Release.TIME,
        "Beri simpeg-sync hak baca atas berkas dan foldernya.",
        "Let simpeg-sync read the file and its folder.",
    ),
    "document.empty": Sentence(
        "Sertifikat atau salah satu halamannya kosong.",
        "The certificate, or a page of it, is empty.",
        Where.SIMPEG,
        Release.ROW,
        "Unggah ulang sertifikatnya di SIMPEG.",
        "Upload the certificate again in SIMPEG.",
    ),
    "document.too_big": Sentence(
        "Sertifikat lebih besar dari 1 MB.",
        "The certificate is larger than BKN takes (1 MB).",
        Where.SIMPEG,
        Release.ROW,
        "Kecilkan berkasnya, lalu unggah ulang di SIMPEG.",
        "Make the file smaller and upload it again in SIMPEG.",
    ),
    "document.not_pdf": Sentence(
        "Berkas bukan PDF.",
        "The certificate is not a PDF.",
        Where.SIMPEG,
        Release.ROW,
        "Unggah sertifikat dalam bentuk PDF di SIMPEG.",
        "Upload the certificate as PDF in SIMPEG.",
    ),
    "document.base64": Sentence(
        "Isi sertifikat di basis data rusak (bukan base64).",
        "What the column holds is no base64, so no certificate.",
        Where.SIMPEG,
        Release.ROW,
        "Unggah ulang di SIMPEG; bila banyak dan sama panjang, kolomnya terlalu pendek.",
        "Upload it again in SIMPEG; if there are many of one length, the column is too short.",
    ),
    "document.several": Sentence(
        "Ada beberapa sertifikat untuk baris ini dan tidak jelas mana yang berlaku.",
        "The row has several certificates, and nothing says which counts.",
        Where.SIMPEG,
        Release.ROW,
        "Hapus yang lain di SIMPEG, atau operator melengkapi alur data (`where`, `pick`, `order`).",
        "Remove all but one in SIMPEG, or the operator lets the feed say which counts (`where`, `pick`, `order`).",
    ),
    "document.pages": Sentence(
        "Halaman-halaman sertifikat tidak dapat digabung menjadi satu PDF (rusak atau bersandi).",
        "The pages cannot be put together to one PDF (damaged, or locked by a password).",
        Where.SIMPEG,
        Release.ROW,
        "Simpan ulang halaman yang rusak tanpa kata sandi, lalu unggah lagi di SIMPEG.",
        "Save the bad page anew without a password, and upload it again in SIMPEG.",
    ),
    "document.not_image": Sentence(
        "Berkas foto bukan JPG atau PNG.",
        "The photo is neither JPG nor PNG.",
        Where.SIMPEG,
        Release.ROW,
        "Unggah foto dalam bentuk JPG atau PNG di SIMPEG.",
        "Upload the photo as JPG or PNG in SIMPEG.",
    ),
    "document.refused": Sentence(
        "BKN menolak berkas sertifikat.",
        "BKN refused the certificate file.",
        Where.SIMPEG,
        Release.ROW,
        "Baca alasan BKN pada `simpeg-sync record show ID`, lalu unggah berkas lain di SIMPEG. Barisnya "
        "sendiri sudah di BKN.",
        "Read BKN's words in `simpeg-sync record show ID`, then upload another file in SIMPEG. The row "
        "itself is at BKN.",
    ),
    "match.several": Sentence(
        "Di BKN ada beberapa baris yang cocok.",
        "Several rows at BKN match this record.",
        Where.MYASN,
        Release.TIME,
        "Hapus yang berlebih di SIASN, atau simpan id BKN yang benar di SIMPEG (`bkn_id`); lalu `simpeg-sync "
        "record retry ID --reason '...'`.",
        "Delete the surplus in SIASN, or store the right one's id in SIMPEG (`bkn_id`); then `simpeg-sync "
        "record retry ID --reason '...'`.",
    ),
    "match.taken": Sentence(
        "Baris BKN yang cocok sudah terhubung ke baris SIMPEG yang lain.",
        "BKN's matching row belongs to another SIMPEG row; this one may be a double.",
        Where.SIMPEG,
        Release.TIME,
        "Hapus baris yang ganda di SIMPEG.",
        "Delete the double in SIMPEG.",
    ),
    "match.unknown_form": Sentence(
        "BKN sudah punya baris sejenis yang bentuknya belum dikenal; mengirim dapat menimbulkan baris ganda.",
        "BKN has rows of this kind whose form nobody has published; sending could make doubles.",
        Where.MYASN,
        Release.TIME,
        "Lihat baris-baris itu di SIASN; bila baris ini sudah ada, simpan id BKN-nya di SIMPEG (`bkn_id`), "
        "lalu `simpeg-sync record retry ID --reason '...'`.",
        "Look the rows up in SIASN; if this one is among them, store BKN's id in SIMPEG (`bkn_id`), then "
        "`simpeg-sync record retry ID --reason '...'`.",
    ),
    "compare.missing_at_bkn": Sentence(
        "Baris tidak ada di BKN, dan BKN tidak menerima kiriman jenis ini dari daerah.",
        "BKN lacks the row and takes none of this kind from a region.",
        Where.MYASN,
        Release.TIME,
        "Ajukan baris itu lewat SIASN, atau pegawainya lewat MyASN.",
        "Propose the row in SIASN, or let the employee do so in MyASN.",
    ),
    "compare.differs": Sentence(
        "Isi SIMPEG dan BKN berbeda pada isian yang disebut.",
        "The two sides differ in the fields that are named.",
        Where.MYASN,
        Release.TIME,
        "Pastikan mana yang benar. BKN benar: perbaiki SIMPEG. SIMPEG benar: bila BKN tidak menerima kiriman "
        "jenis ini dari daerah, ajukan lewat SIASN.",
        "See which side is right. BKN: correct SIMPEG. SIMPEG: where BKN takes no such rows from a region, "
        "propose the correction in SIASN.",
    ),
    "match.alike": Sentence(
        "BKN punya baris yang hampir sama, mungkin salah ketik.",
        "BKN has a row that is almost this one, typed a little differently perhaps.",
        Where.SIMPEG,
        Release.TIME,
        "Bila sama, samakan nomor atau tanggalnya di sisi yang salah. Bila memang dua baris, operator menulis `alike: push` pada "
        "`policy` alur datanya.",
        "If it is the same, correct number or date on the side that is wrong. If they are two, the operator writes `alike: push` "
        "into the feed's `policy`.",
    ),
    "match.others_first": Sentence(
        "Menunggu baris lain pegawai ini menemukan pasangannya di BKN.",
        "Waits until the person's other rows have found theirs at BKN.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada yang perlu dilakukan.",
        "Nothing is to be done.",
    ),
    "compare.missing": Sentence(
        "Baris belum ada di BKN.",
        "BKN lacks the row.",
        Where.NOBODY,
        Release.NOTHING,
        "Tidak ada: terkirim sendiri, kecuali ada yang menahannya; lihat `simpeg-sync record list --person NIP`.",
        "Nothing: it is sent by itself unless something holds it; see `simpeg-sync record list --person NIP`.",
    ),
    "compare.unequal": Sentence(
        "Isi SIMPEG dan BKN berbeda.",
        "The two sides differ.",
        Where.NOBODY,
        Release.NOTHING,
        "Tidak ada: isi SIMPEG terkirim sendiri, kecuali ada yang menahannya; lihat `simpeg-sync record list --person NIP`.",
        "Nothing: what SIMPEG has is sent by itself unless something holds it; see `simpeg-sync record list --person NIP`.",
    ),
    "compare.not_shown": Sentence(
        "BKN tidak menampilkan isi baris jenis ini; tidak dapat dibandingkan.",
        "BKN shows nobody what it holds of this kind; it cannot be compared.",
        Where.NOBODY,
        Release.NOTHING,
        "Tidak ada yang perlu dilakukan.",
        "Nothing is to be done.",
    ),
    "compare.contradicts": Sentence(
        "Perbandingan dengan BKN tidak cocok dengan catatan; baris diperiksa ulang.",
        "A comparison with BKN contradicts what was known; the record is looked at afresh.",
        Where.NOBODY,
        Release.NOTHING,
        "Tidak ada yang perlu dilakukan.",
        "Nothing is to be done.",
    ),
    "compare.only_at_bkn": Sentence(
        "BKN memiliki baris ini, SIMPEG tidak.",
        "BKN has this row and SIMPEG does not.",
        Where.SIMPEG,
        Release.ROW,
        "Bila baris itu benar, masukkan di SIMPEG; bila tidak, minta kantor regional BKN menghapusnya.",
        "If the row is right, enter it in SIMPEG; if not, ask BKN's regional office to remove it.",
    ),
    "compare.twice_at_bkn": Sentence(
        "Beberapa baris di BKN sama dengan satu baris SIMPEG ini.",
        "Several rows of BKN are this one of SIMPEG.",
        Where.MYASN,
        Release.TIME,
        "Hapus yang ganda di SIASN (bila tidak bisa, lewat kantor regional BKN), atau simpan id BKN yang "
        "benar di SIMPEG (`bkn_id`).",
        "Remove the double in SIASN (else by BKN's regional office), or store the right one's id in SIMPEG (`bkn_id`).",
    ),
    "compare.twice_in_simpeg": Sentence(
        "Beberapa baris SIMPEG sama dengan satu baris di BKN.",
        "Several rows of SIMPEG are one row of BKN.",
        Where.SIMPEG,
        Release.ROW,
        "Hapus yang ganda di SIMPEG.",
        "Remove the double in SIMPEG.",
    ),
    "compare.not_kept": Sentence(
        "BKN menerima kiriman kita, tetapi menyimpannya dalam bentuk lain; mengirim lagi tidak mengubah apa pun.",
        "Our save was confirmed and BKN keeps another form of it; sending it again would change nothing.",
        Where.SIMPEG,
        Release.ROW,
        "Tulis isian yang disebut di SIMPEG seperti bentuk BKN, atau operator membuat alur data memberikan bentuk itu.",
        "Write the named fields in SIMPEG in BKN's form, or the operator lets the feed give that form.",
    ),
    "policy.keeps_bkn": Sentence(
        "Menurut kebijakan alur data, nilai BKN yang dipertahankan; SIMPEG tidak dikirim.",
        "By the feed's policy BKN's values stand here; SIMPEG's are not sent.",
        Where.NOBODY,
        Release.ROW,
        "Tidak ada; bila SIMPEG yang keliru, perbaiki di sana.",
        "Nothing; where SIMPEG is wrong, correct it there.",
    ),
    "policy.reports": Sentence(
        "Menurut kebijakan alur data, perbedaan ini hanya dilaporkan; tidak ada yang dikirim.",
        "By the feed's policy this difference is only reported; nothing is sent.",
        Where.NOBODY,
        Release.ROW,
        "Tidak ada yang wajib; perbaiki sisi yang keliru bila perlu.",
        "Nothing has to be; correct the side that is wrong if it matters.",
    ),
    "policy.holds": Sentence(
        "Menurut kebijakan alur data, petugas yang memutuskan; tidak ada yang dikirim sebelumnya.",
        "By the feed's policy somebody decides this; nothing is sent before.",
        Where.OPERATOR,
        Release.COMMAND,
        "Bandingkan kedua sisi. SIMPEG benar: `simpeg-sync resync --record ID --overwrite --reason '...'`. "
        "BKN benar: perbaiki SIMPEG.",
        "Compare both sides. SIMPEG is right: `simpeg-sync resync --record ID --overwrite --reason '...'`. "
        "BKN is right: correct SIMPEG.",
    ),
    "plan.changed": Sentence(
        "Yang direncanakan sudah berubah sejak rencana dibuat, jadi rencana itu tidak berlaku lagi baginya.",
        "What was planned has changed since the plan was made, so the plan did nothing to it.",
        Where.OPERATOR,
        Release.COMMAND,
        "Buat rencana baru dengan `simpeg-sync plan` bila masih perlu.",
        "Make a new plan with `simpeg-sync plan` if it is still wanted.",
    ),
    "conflict.changed_at_bkn": Sentence(
        "Nilai di BKN diubah pihak lain.",
        "Another hand changed the row at BKN.",
        Where.OPERATOR,
        Release.COMMAND,
        "Bandingkan isian yang disebut. SIMPEG benar: `simpeg-sync resync --record ID --overwrite --reason "
        "'...'`. BKN benar: perbaiki SIMPEG.",
        "Compare the named fields. SIMPEG is right: `simpeg-sync resync --record ID --overwrite --reason "
        "'...'`. BKN is right: correct SIMPEG.",
    ),
    "conflict.gone_at_bkn": Sentence(
        "Baris tidak ada lagi di BKN.",
        "The row is no longer at BKN.",
        Where.OPERATOR,
        Release.COMMAND,
        "Bila harus ada: `simpeg-sync resync --record ID --recreate --reason '...'`. Bila tidak, hapus di SIMPEG.",
        "If it is to be there: `simpeg-sync resync --record ID --recreate --reason '...'`. Else delete it in SIMPEG.",
    ),
    "delete.last_row": Sentence(
        "Ini satu-satunya baris pegawai di BKN; tidak dihapus selama belum ada penggantinya.",
        "This is the person's only row of its kind at BKN; it is not deleted while no other takes its place.",
        Where.SIMPEG,
        Release.TIME,
        "Masukkan dahulu di SIMPEG baris penggantinya.",
        "Enter the row that takes its place in SIMPEG first.",
    ),
    "bkn.no_delete": Sentence(
        "BKN tidak menyediakan penghapusan untuk jenis ini.",
        "BKN offers no deleting of this kind.",
        Where.BKN_REGIONAL,
        Release.ROW,
        "Minta kantor regional BKN menghapus baris itu.",
        "Ask BKN's regional office to delete the row.",
    ),
    "bkn.no_id": Sentence(
        "BKN tidak memberi nomor baris, jadi baris yang sudah dikirim tidak dapat diubah dari sini.",
        "BKN told no id of the row that was sent, so it cannot be changed from here.",
        Where.BKN_REGIONAL,
        Release.ROW,
        "Minta kantor regional BKN mengubah atau menghapus baris itu.",
        "Ask BKN's regional office to change or delete the row.",
    ),
    "bkn.not_offered": Sentence(
        "Layanan BKN yang dipilih tidak mengenal jenis ini.",
        "BKN's chosen web service does not have this kind of row.",
        Where.FEED,
        Release.CONFIG,
        "Hapus alur data ini, atau pakai layanan yang lain (`bkn.dialect`).",
        "Remove the feed, or use the other web service (`bkn.dialect`).",
    ),
    "follow_up.waits": Sentence(
        "Baris sudah di BKN; pembaruan data utama di sana dicoba lagi.",
        "The row is at BKN; refreshing the main record there is tried again.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: berjalan sendiri.",
        "Nothing: it goes on by itself.",
    ),
    "follow_up.fails": Sentence(
        "Baris sudah di BKN, tetapi data utama di BKN tidak dapat diperbarui.",
        "The row is at BKN, but BKN does not refresh its main record.",
        Where.OPERATOR,
        Release.COMMAND,
        "Nanti: `simpeg-sync record retry ID --reason '...'`.",
        "Later: `simpeg-sync record retry ID --reason '...'`.",
    ),
    "delete.needs_release": Sentence(
        "Baris hilang dari SIMPEG; penghapusan di BKN menunggu persetujuan.",
        "The row is gone from SIMPEG; deleting it at BKN waits for somebody's word.",
        Where.OPERATOR,
        Release.COMMAND,
        "Hapus juga di BKN: `simpeg-sync record release ID --delete --reason '...'`. Bila tidak, masukkan "
        "lagi di SIMPEG.",
        "Delete it at BKN too: `simpeg-sync record release ID --delete --reason '...'`. Else enter it again in SIMPEG.",
    ),
    "delete.grace": Sentence(
        "Baris hilang dari SIMPEG; ditunggu sebentar kalau-kalau dimasukkan kembali.",
        "The row is gone from SIMPEG; it is waited for a while, in case it is entered anew.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: berjalan sendiri.",
        "Nothing: it goes on by itself.",
    ),
    "delete.others_first": Sentence(
        "Baris lain pegawai ini mungkin penggantinya dan didahulukan.",
        "Another row of this person may be the same certificate entered anew; it goes first.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: berjalan sendiri.",
        "Nothing: it goes on by itself.",
    ),
    "carried_over.unfit": Sentence(
        "Nilai lain di baris BKN tidak memenuhi aturan BKN sendiri.",
        "BKN's row holds a value of its own that BKN would not take back.",
        Where.MYASN,
        Release.TIME,
        "Perbaiki isian yang disebut di SIASN, atau operator memetakannya di alur data.",
        "Correct the named field in SIASN, or the operator maps it in the feed.",
    ),
    "person.id_differs": Sentence(
        "Id BKN pegawai di SIMPEG berbeda dari BKN; tidak ada yang dikirim sebelumnya.",
        "SIMPEG's copy of the person's id at BKN is another than BKN's own; nothing is sent before.",
        Where.SIMPEG,
        Release.TIME,
        "Perbaiki kolom id BKN pegawai itu di SIMPEG.",
        "Correct the column with BKN's person id in SIMPEG.",
    ),
    "person.differs": Sentence(
        "Nama, tanggal lahir, atau NIP di BKN berbeda: NIP ini mungkin milik orang lain di sana.",
        "BKN has another name, birth date or NIP: this NIP may be another person's there.",
        Where.BKN_REGIONAL,
        Release.TIME,
        "Cocokkan isian yang disebut dengan KTP dan SK pengangkatan. SIMPEG keliru: perbaiki di SIMPEG. BKN "
        "keliru: minta perbaikan ke kantor regional BKN. Orangnya memang sama: `simpeg-sync record release "
        "ID --reason '...'`.",
        "Compare the named fields with the identity card and the letter of appointment. SIMPEG is wrong: "
        "correct it there. BKN is: ask BKN's regional office. It is the same person all the same: "
        "`simpeg-sync record release ID --reason '...'`.",
    ),
    "person.doubtful": Sentence(
        "Belum pasti bahwa NIP ini orang yang sama di BKN; sebelum itu pasti, tidak ada yang dikirim untuknya.",
        "It is doubtful that this NIP is the same person at BKN; nothing is sent for the person before that "
        "is settled.",
        Where.OPERATOR,
        Release.TIME,
        "Selesaikan dahulu baris yang disebut, yang tertahan dengan `person.differs`; baris ini lalu berjalan sendiri.",
        "Settle the record that is named, which is held by `person.differs`; this one then goes on by itself.",
    ),
    "delete.entered_anew": Sentence(
        "Baris yang sama dimasukkan kembali tetapi belum dapat dikirim; tidak dihapus di BKN.",
        "The same certificate was entered again and may not leave yet; until then nothing is deleted at BKN.",
        Where.SIMPEG,
        Release.TIME,
        "Verifikasi baris yang baru di SIMPEG, atau hapus baris itu juga.",
        "Verify the new row in SIMPEG, or delete it too.",
    ),
    "bkn.read_fails": Sentence(
        "BKN tidak dapat menampilkan data pegawai ini.",
        "BKN cannot show this person's rows.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: dicoba lagi, makin lama makin jarang. Bila berhari-hari, tanyakan ke BKN.",
        "Nothing: it is tried again, more and more rarely. If it lasts for days, ask BKN.",
    ),
    "settle.landed": Sentence(
        "Kiriman sampai di BKN, tetapi isinya di sana kini berbeda; dibandingkan lagi.",
        "The write had landed at BKN, where the row now reads otherwise; it is compared afresh.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: berjalan sendiri.",
        "Nothing: it goes on by itself.",
    ),
    "bkn.not_visible_yet": Sentence(
        "Kiriman terakhir belum terlihat di BKN.",
        "Our own last write may not be visible at BKN yet.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: dilihat lagi dengan sendirinya.",
        "Nothing: it is looked at again by itself.",
    ),
    "delete.already_gone": Sentence(
        "Baris sudah tidak ada di BKN.",
        "The row was already gone from BKN.",
        Where.NOBODY,
        Release.NOTHING,
        "Tidak ada yang perlu dilakukan.",
        "Nothing is to be done.",
    ),
    "move.unproved": Sentence(
        "Baris berpindah jenis; yang lama dihapus setelah yang baru terbukti ada.",
        "The row moves to another kind; the old one goes when the new one is proved.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: berjalan sendiri. Bila yang baru tertahan, lihat alasannya di sana.",
        "Nothing: it goes on by itself. If the new one is held, look there.",
    ),
    "bkn.refused": Sentence(
        "BKN menolak isinya; tidak dikirim lagi sebelum isinya berubah.",
        "BKN refused the content; it is not sent again until it changes.",
        Where.SIMPEG,
        Release.ROW,
        "Perbaiki di SIMPEG isian yang disebut BKN; `simpeg-sync record show ID` menyebutnya satu per satu.",
        "Correct in SIMPEG what BKN names; `simpeg-sync record show ID` lists it field by field.",
    ),
    "bkn.down": Sentence(
        "BKN tidak dapat dihubungi.",
        "BKN cannot be reached.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: dicoba lagi dengan sendirinya.",
        "Nothing: it is tried again by itself.",
    ),
    "bkn.calls_spent": Sentence(
        "Jatah panggilan ke BKN sudah terpakai.",
        "The calls allowed in a minute or a day are used up.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: dilanjutkan sendiri setelah jatah tersedia lagi. `simpeg-sync status` menyebut sisanya.",
        "Nothing: it goes on by itself once there are calls again. `simpeg-sync status` says how many are left.",
    ),
    "bkn.window_closed": Sentence(
        "Di luar jam kirim (`bkn.windows`).",
        "Nothing is written at this hour (`bkn.windows`).",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: dilanjutkan sendiri pada jam kirim berikutnya.",
        "Nothing: it goes on by itself when the next window opens.",
    ),
    "worker.lease_over": Sentence(
        "Waktu pekerja untuk pegawai ini habis sebelum kiriman berangkat; tidak ada yang terkirim.",
        "The worker's time for this person was over before the write left; nothing was sent.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: dicoba lagi. Bila sering, mesin atau buku besar terlalu sibuk.",
        "Nothing: it is tried again. If it happens often, the machine or the ledger is overloaded.",
    ),
    "bkn.not_executed": Sentence(
        "BKN tidak memproses kiriman.",
        "BKN did not take the write.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: dicoba lagi dengan sendirinya.",
        "Nothing: it is tried again by itself.",
    ),
    "bkn.unsettled": Sentence(
        "Kiriman sebelumnya untuk pegawai ini belum pasti.",
        "An earlier write for this person has to be decided first.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: berjalan sendiri setelah itu pasti.",
        "Nothing: it goes on by itself once that is decided.",
    ),
    "answer.unclear": Sentence(
        "Jawaban BKN tidak pasti: tidak diketahui apakah kiriman sampai.",
        "Nobody knows what became of the write.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: BKN dibaca ulang setelah beberapa menit, dan itu yang memutuskan.",
        "Nothing: BKN is read again after the settle time, and that decides.",
    ),
    "settle.no_trace_yet": Sentence(
        "Kiriman belum terlihat di BKN.",
        "There is no trace of the write at BKN yet.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: dilihat sekali lagi dengan sendirinya.",
        "Nothing: it is looked at once more by itself.",
    ),
    "settle.not_executed": Sentence(
        "Kiriman ternyata tidak sampai.",
        "The write did not land.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: dimulai lagi dengan sendirinya.",
        "Nothing: it starts afresh by itself.",
    ),
    "settle.executed": Sentence(
        "Kiriman ternyata sampai di BKN.",
        "The write had landed at BKN.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada yang perlu dilakukan.",
        "Nothing is to be done.",
    ),
    "settle.several": Sentence(
        "Ada beberapa baris baru yang sama di BKN.",
        "Several new rows at BKN look like this write.",
        Where.MYASN,
        Release.COMMAND,
        "Hapus yang berlebih di SIASN, lalu `simpeg-sync record retry ID --reason '...'`.",
        "Delete the surplus in SIASN, then `simpeg-sync record retry ID --reason '...'`.",
    ),
    "tries.exhausted": Sentence(
        "Terlalu sering gagal.",
        "It failed too often.",
        Where.OPERATOR,
        Release.COMMAND,
        "Lihat sebabnya dengan `simpeg-sync record show ID`, lalu `simpeg-sync record retry ID --reason '...'`.",
        "See why with `simpeg-sync record show ID`, then `simpeg-sync record retry ID --reason '...'`.",
    ),
    "worker.died": Sentence(
        "Proses terhenti saat mengerjakan baris ini.",
        "The process ended while it had this record.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: berjalan sendiri.",
        "Nothing: it goes on by itself.",
    ),
    "worker.dies": Sentence(
        "Proses berkali-kali terhenti pada baris ini.",
        "The process died several times on this record.",
        Where.OPERATOR,
        Release.COMMAND,
        "Laporkan dengan keluaran `simpeg-sync record show ID`, lalu `simpeg-sync record retry ID --reason '...'`.",
        "Report it with the output of `simpeg-sync record show ID`, then `simpeg-sync record retry ID --reason '...'`.",
    ),
    "ledger.was_down": Sentence(
        "Buku besar sempat tidak dapat ditulis.",
        "The ledger could not be written for a while.",
        Where.NOBODY,
        Release.TIME,
        "Tidak ada: berjalan sendiri.",
        "Nothing: it goes on by itself.",
    ),
    "program.failed": Sentence(
        "Program gagal pada baris ini.",
        "The program failed on this record.",
        Where.OPERATOR,
        Release.COMMAND,
        "Laporkan dengan keluaran `simpeg-sync record show ID`, lalu `simpeg-sync record retry ID --reason '...'`.",
        "Report it with the output of `simpeg-sync record show ID`, then `simpeg-sync record retry ID --reason '...'`.",
    ),
    "program.too_many_steps": Sentence(
        "Program tidak selesai pada baris ini.",
        "The program did not come to an end on this record.",
        Where.OPERATOR,
        Release.COMMAND,
        "Laporkan dengan keluaran `simpeg-sync record show ID`, lalu `simpeg-sync record retry ID --reason '...'`.",
        "Report it with the output of `simpeg-sync record show ID`, then `simpeg-sync record retry ID --reason '...'`.",
    ),
    "settle.not_shown": Sentence(
        "Tidak diketahui apakah kiriman sampai, dan BKN tidak menampilkan jenis ini.",
        "Nobody knows whether the write arrived, and BKN shows no rows of this kind.",
        Where.MYASN,
        Release.COMMAND,
        "Periksa di SIASN. Sudah sampai: biarkan. Belum: `simpeg-sync record retry ID --reason '...'`.",
        "Look in SIASN. It arrived: leave it. It did not: `simpeg-sync record retry ID --reason '...'`.",
    ),
    "source.unfit": Sentence(
        "Tabel atau kolom SIMPEG berubah, atau hak bacanya hilang.",
        "A table or column of SIMPEG changed, or may not be read any more.",
        Where.OPERATOR,
        Release.TIME,
        "Perbaiki alur data atau hak baca di SIMPEG, lalu mulai ulang; `simpeg-sync map check` menyebut tempatnya.",
        "Correct the feed or the rights in SIMPEG, then restart; `simpeg-sync map check` says where.",
    ),
    "feed.braked": Sentence(
        "Terlalu banyak baris hilang atau berubah sekaligus, jadi alur data berhenti sendiri.",
        "Too many rows vanish or change at once, so the feed has stopped by itself.",
        Where.OPERATOR,
        Release.COMMAND,
        "Periksa baris-barisnya; bila memang benar, lepaskan dengan `simpeg-sync feed release NAME --reason '...'`.",
        "Look at the rows; if they are right, lift it with `simpeg-sync feed release NAME --reason '...'`.",
    ),
    "feed.removed": Sentence(
        "Alur data ini tidak ada lagi dalam konfigurasi.",
        "The configuration no longer has this feed.",
        Where.FEED,
        Release.CONFIG,
        "Kembalikan alur itu dengan nama yang sama, atau biarkan: di BKN tidak ada yang dilakukan.",
        "Bring it back under its name, or leave the record as it is: nothing is done at BKN.",
    ),
    "row.gone": Sentence(
        "Baris tidak ada di SIMPEG.",
        "The row is not in SIMPEG.",
        Where.NOBODY,
        Release.NOTHING,
        "Tidak ada yang perlu dilakukan.",
        "Nothing is to be done.",
    ),
    "row.soft_deleted": Sentence(
        "Baris ditandai terhapus di SIMPEG.",
        "The row is marked deleted in SIMPEG.",
        Where.NOBODY,
        Release.NOTHING,
        "Tidak ada yang perlu dilakukan.",
        "Nothing is to be done.",
    ),
    "row.out_of_scope": Sentence(
        "Baris bukan bagian dari alur ini.",
        "The row does not belong to this feed.",
        Where.NOBODY,
        Release.NOTHING,
        "Tidak ada yang perlu dilakukan.",
        "Nothing is to be done.",
    ),
    "plan.simpeg_changed": Sentence(
        "Baris di SIMPEG berubah sesudah rencana dibuat; baris diproses menurut aturan biasa.",
        "SIMPEG's row or its certificate changed after the plan was made, so the record went by the ordinary rules.",
        Where.OPERATOR,
        Release.NOTHING,
        "Lihat hasilnya; bila masih perlu, buat rencana baru.",
        "See what came of it; if more is wanted, make a new plan.",
    ),
    "plan.bkn_changed": Sentence(
        "Baris di BKN berubah sesudah rencana dibuat; tidak ada yang ditimpa.",
        "BKN's row changed after the plan was made, so nothing of it was overwritten by the plan.",
        Where.OPERATOR,
        Release.NOTHING,
        "Bandingkan kedua sisi, lalu buat rencana baru.",
        "Compare both sides, then make a new plan.",
    ),
    "plan.other_action": Sentence(
        "Yang harus dilakukan kini berbeda dari rencana; baris diproses menurut aturan biasa.",
        "What is to be done is no longer what the plan said, so the record went by the ordinary rules; both are named.",
        Where.OPERATOR,
        Release.NOTHING,
        "Lihat hasilnya; bila masih perlu, buat rencana baru.",
        "See what came of it; if more is wanted, make a new plan.",
    ),
    "plan.replaced": Sentence(
        "Rencana yang lebih baru untuk baris ini sudah dijalankan.",
        "A newer plan was applied for this record; it is named.",
        Where.OPERATOR,
        Release.NOTHING,
        "Lihat rencana yang lebih baru dengan `simpeg-sync plan show`.",
        "See the newer plan with `simpeg-sync plan show`.",
    ),
    "operator.resync": Sentence(
        "Disinkronkan ulang atas permintaan petugas.",
        "Looked at afresh at an operator's wish.",
        Where.NOBODY,
        Release.NOTHING,
        "Tidak ada yang perlu dilakukan.",
        "Nothing is to be done.",
    ),
    "operator.released": Sentence(
        "Dilepas oleh petugas.",
        "Released by an operator.",
        Where.NOBODY,
        Release.NOTHING,
        "Tidak ada yang perlu dilakukan.",
        "Nothing is to be done.",
    ),
}


def sentence(code: str, *, indonesian: bool = False) -> str:
    """The sentence of a code; pydantic's finer codes of bad fields share one."""
    found = found_for(code)
    if found is None:
        return code
    return found.indonesian if indonesian else found.english


def found_for(code: str) -> Sentence | None:
    return REASONS.get(code) or (REASONS["field.invalid"] if code.startswith("field.") else None)


def explained(code: str, *, indonesian: bool = False, record_id: int | None = None) -> Mapping[str, str]:
    """``sentence``, ``todo`` and ``where`` of a code, for people and as keys of the JSON. ``record_id``: written into the
    commands that name a record."""
    found = found_for(code)
    if found is None:
        return {"sentence": code, "todo": "", "where": ""}
    todo = found.todo(indonesian=indonesian)
    if record_id is not None:
        todo = re.sub(r"(?<= )ID\b", str(record_id), todo)
    return {"sentence": sentence(code, indonesian=indonesian), "todo": todo, "where": str(found.where)}
