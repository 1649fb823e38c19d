"""Every reason code in a sentence, in Indonesian and English: what is wrong, and what releases it.

Whoever adds a code adds its sentences here; a test looks for every code that the program uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    indonesian: str
    english: str


REASONS: Mapping[str, Sentence] = {
    "unverified": Sentence(
        "Baris belum diverifikasi di SIMPEG; dikirim setelah diverifikasi.",
        "The row is not verified in SIMPEG yet; it is sent once it is.",
    ),
    "person.inactive": Sentence(
        "Pegawai tidak aktif menurut SIMPEG; datanya tidak dikirim.",
        "The person is not active in SIMPEG; nothing is sent.",
    ),
    "person.no_nip": Sentence(
        "NIP kosong atau bukan 18 angka; perbaiki NIP di SIMPEG.",
        "The NIP is missing or not 18 digits; correct it in SIMPEG.",
    ),
    "person.unknown_at_bkn": Sentence(
        "BKN tidak mengenal NIP ini; periksa NIP, lalu hubungi kantor regional BKN.",
        "BKN does not know this NIP; check it, then ask BKN's regional office. It is looked at again by itself.",
    ),
    "person.changed": Sentence(
        "Baris berpindah ke pegawai lain setelah dikirim; perlu diperiksa petugas.",
        "The row belongs to another person than the one it was sent for; somebody has to look.",
    ),
    "person.renamed": Sentence(
        "NIP pegawai berubah di SIMPEG, tetapi BKN belum mengenal NIP yang baru; baris di BKN tetap sampai BKN mengubahnya.",
        "SIMPEG has corrected the person's NIP and BKN does not know the new one yet; the row at BKN stays as it is. It is "
        "looked at again by itself.",
    ),
    "person.twice": Sentence(
        "Dua pegawai di SIMPEG memakai NIP yang sama; perbaiki NIP yang salah.",
        "Two people of SIMPEG have the same NIP; correct the wrong one. Nothing is sent for either before.",
    ),
    "person.left": Sentence(
        "Pegawai sudah tidak aktif ketika baris hilang dari SIMPEG; data di BKN dibiarkan.",
        "The person was no longer active when the row went; what BKN has of it stays.",
    ),
    "delete.renamed": Sentence(
        "Baris yang sama ada di SIMPEG dengan NIP yang belum dikenal BKN; tidak dihapus di BKN.",
        "The same row is there under a NIP that BKN does not know; until that is settled nothing is deleted at BKN.",
    ),
    "identity.twice": Sentence(
        "Beberapa baris SIMPEG sama dalam semua kolom pengenalnya; hapus yang ganda atau perbaiki kolom itu.",
        "Several rows of SIMPEG agree in all columns that should tell them apart; remove the double or correct those columns.",
    ),
    "join.several": Sentence(
        "Tabel gabungan memiliki beberapa baris untuk baris ini; hapus yang ganda, atau lengkapi `on` atau `pick`.",
        "A joined table has several rows for this one; remove the double, or say which counts by the join's `on` or `pick`.",
    ),
    "code.unknown": Sentence(
        "Kode setempat belum ada padanannya di tabel kode; lengkapi tabel kode.",
        "The local code has no national code in its table; extend the code table and restart.",
    ),
    "code.not_at_bkn": Sentence(
        "Kode nasional ini tidak dikenal BKN; perbaiki tabel kode (codes check) atau perbarui referensi (codes pull).",
        "BKN does not have this national code; correct the code table (`codes check`) or refresh BKN's (`codes pull`).",
    ),
    "case.no_branch": Sentence(
        "Nilai ini tidak termasuk cabang mana pun pada pemetaan; lengkapi alur datanya.",
        "The value fits none of the feed's branches; extend the feed's `when`, or give it an `else`.",
    ),
    "date.unreadable": Sentence(
        "Tanggal tidak terbaca; perbaiki di SIMPEG.",
        "The date is in none of the feed's formats; correct it in SIMPEG.",
    ),
    "date.implausible": Sentence(
        "Tanggal tidak masuk akal; perbaiki di SIMPEG.",
        "The date is outside any serving employee's history; correct it in SIMPEG.",
    ),
    "number.unreadable": Sentence(
        "Angka tidak terbaca; perbaiki di SIMPEG.", "The number cannot be read; correct it in SIMPEG."
    ),
    "text.too_long": Sentence(
        "Teks terlalu panjang; persingkat di SIMPEG.", "The text is too long; shorten it in SIMPEG."
    ),
    "text.unreadable": Sentence(
        "Teks rusak (salah pengodean huruf); tulis ulang di SIMPEG.",
        "The text is broken (another character encoding); write it anew in SIMPEG.",
    ),
    "field.required": Sentence(
        "Isian wajib masih kosong; lengkapi di SIMPEG.", "A value that BKN requires is missing; fill it in in SIMPEG."
    ),
    "field.must_be_empty": Sentence(
        "Isian ini harus kosong untuk jenis baris ini; perbaiki di SIMPEG atau pemetaan.",
        "This field must be empty for this kind of row; correct SIMPEG or the feed.",
    ),
    "field.only_one": Sentence(
        "Hanya satu dari beberapa penanda yang boleh ya; perbaiki di SIMPEG.",
        "Only one of several marks may be yes; correct it in SIMPEG.",
    ),
    "field.ends_before_start": Sentence(
        "Akhir periode lebih awal dari awalnya; perbaiki di SIMPEG.",
        "The period ends before it starts; correct it in SIMPEG.",
    ),
    "field.wrong_year": Sentence(
        "Tahun ini memakai layanan BKN yang lain (SKP s.d. 2020, 2021, atau mulai 2022); periksa alur datanya.",
        "This year goes to another of BKN's addresses (SKP up to 2020, of 2021, from 2022 on); check the feed.",
    ),
    "field.wants_number": Sentence(
        "BKN meminta angka, pemetaan memberi teks; tulis {integer: ...} atau {number: ...} di berkas alur data.",
        "BKN wants a number here, and the feed gives a text; write {integer: ...} or {number: ...} around the expression.",
    ),
    "field.wants_text": Sentence(
        "BKN meminta teks, pemetaan memberi angka; tambahkan as_text: true atau tanda kutip di berkas alur data.",
        "BKN wants a text here, and the feed gives a number; add as_text: true to the expression, or quote the constant.",
    ),
    "field.wants_code": Sentence(
        "Nilai bukan salah satu kode yang diterima BKN di sini; periksa kode dalam alur datanya.",
        "The value is none of the codes that BKN takes here; check the codes that the feed gives.",
    ),
    "link.missing": Sentence(
        "Baris yang dirujuk belum ada di BKN; dikirim setelah baris itu sampai.",
        "The row it names is not at BKN yet; it goes on by itself once that one has arrived.",
    ),
    "link.another_person": Sentence(
        "Baris yang dirujuk milik pegawai lain; perbaiki rujukannya di SIMPEG.",
        "The row it names is another person's; correct in SIMPEG what it refers to.",
    ),
    "field.invalid": Sentence(
        "Nilai tidak sesuai aturan BKN; perbaiki di SIMPEG.", "A value breaks BKN's rules; correct it in SIMPEG."
    ),
    "document.not_named": Sentence(
        "Sertifikat belum diunggah di SIMPEG.", "The row has no certificate; upload it in SIMPEG."
    ),
    "document.missing": Sentence(
        "Berkas sertifikat tidak ditemukan di folder; dicari lagi secara berkala.",
        "The certificate file is not in its folder; it is looked for again by itself.",
    ),
    "document.bad_name": Sentence(
        "Nama berkas atau foldernya keluar dari folder sertifikat; perbaiki di SIMPEG.",
        "The name of the file or of its folder leads out of the certificate folder; correct it in SIMPEG.",
    ),
    "document.unreadable": Sentence(
        "Berkas sertifikat tidak dapat dibaca; periksa hak akses.",
        "The certificate file cannot be read; check its rights.",
    ),
    "document.empty": Sentence(
        "Sertifikat atau salah satu halamannya kosong; unggah ulang.",
        "The certificate, or a page of it, is empty; upload it again.",
    ),
    "document.too_big": Sentence(
        "Sertifikat lebih besar dari 1 MB; kecilkan lalu unggah ulang.",
        "The certificate is larger than BKN takes (1 MB); make it smaller.",
    ),
    "document.not_pdf": Sentence(
        "Berkas bukan PDF; unggah sertifikat dalam bentuk PDF.", "The certificate is not a PDF; upload it as PDF."
    ),
    "document.base64": Sentence(
        "Isi sertifikat di basis data rusak (bukan base64); unggah ulang.",
        "What the column holds is no base64, so no certificate; upload it again.",
    ),
    "document.several": Sentence(
        "Ada beberapa sertifikat untuk baris ini dan tidak jelas mana yang berlaku; hapus yang lain, atau lengkapi alur data.",
        "The row has several certificates; remove all but one, or let the feed say which counts (`where`, `pick`, `order`).",
    ),
    "document.pages": Sentence(
        "Halaman-halaman sertifikat tidak dapat digabung menjadi satu PDF (rusak atau bersandi); unggah ulang.",
        "The pages cannot be put together to one PDF (damaged, or locked by a password); upload them again.",
    ),
    "document.not_image": Sentence(
        "Berkas bukan JPG atau PNG; unggah foto dalam bentuk itu.",
        "The photo is neither JPG nor PNG; upload it as one of them.",
    ),
    "document.refused": Sentence(
        "BKN menolak berkas sertifikat; ganti berkasnya.", "BKN refused the certificate file; replace it."
    ),
    "match.several": Sentence(
        "Di BKN ada beberapa baris yang cocok; pilih salah satu.",
        "Several rows at BKN match this record; somebody has to choose.",
    ),
    "match.taken": Sentence(
        "Baris BKN yang cocok sudah terhubung ke baris lain; mungkin ganda di SIMPEG.",
        "BKN's matching row belongs to another SIMPEG row; this one may be a double.",
    ),
    "match.unknown_form": Sentence(
        "BKN sudah punya baris sejenis yang bentuknya belum dikenal; petugas harus memeriksa agar tidak ganda.",
        "BKN has rows of this kind whose form nobody has published; somebody has to look, or there will be doubles.",
    ),
    "compare.missing_at_bkn": Sentence(
        "Baris tidak ada di BKN, dan BKN tidak menerima kiriman jenis ini; ajukan lewat SIASN.",
        "BKN lacks the row and takes none of this kind from a region; propose it in SIASN.",
    ),
    "compare.differs": Sentence(
        "Isi SIMPEG dan BKN berbeda, dan BKN tidak menerima kiriman jenis ini; ajukan perbaikan lewat SIASN.",
        "The two sides differ and BKN takes none of this kind from a region; propose the correction in SIASN.",
    ),
    "match.alike": Sentence(
        "BKN punya baris yang hampir sama (mungkin salah ketik); samakan nomor atau tanggalnya, atau nyatakan berbeda.",
        "BKN has a row that is almost this one, typed a little differently perhaps; make number or date the same on one side, "
        "or say that they are two.",
    ),
    "match.others_first": Sentence(
        "Menunggu baris lain pegawai ini menemukan pasangannya di BKN.",
        "Waits until the person's other rows have found theirs at BKN.",
    ),
    "compare.missing": Sentence(
        "Baris belum ada di BKN; dikirim bila tidak ada yang menahannya.",
        "BKN lacks the row; it is sent unless something holds it.",
    ),
    "compare.unequal": Sentence(
        "Isi SIMPEG dan BKN berbeda; isi SIMPEG dikirim bila tidak ada yang menahannya.",
        "The two sides differ; what SIMPEG has is sent unless something holds it.",
    ),
    "compare.not_shown": Sentence(
        "BKN tidak menampilkan isi baris jenis ini; tidak dapat dibandingkan.",
        "BKN shows nobody what it holds of this kind; it cannot be compared.",
    ),
    "compare.contradicts": Sentence(
        "Perbandingan dengan BKN tidak cocok dengan catatan; baris diperiksa ulang.",
        "A comparison with BKN contradicts what was known; the record is looked at afresh.",
    ),
    "compare.only_at_bkn": Sentence(
        "BKN memiliki baris ini, SIMPEG tidak; periksa mana yang benar, lalu masukkan di SIMPEG atau minta BKN menghapusnya.",
        "BKN has this row and SIMPEG does not; see which is right, then enter it in SIMPEG, or have it removed at BKN.",
    ),
    "compare.twice_at_bkn": Sentence(
        "Beberapa baris di BKN sama dengan satu baris SIMPEG ini; minta BKN menghapus yang ganda.",
        "Several rows of BKN are this one of SIMPEG; have the double removed at BKN.",
    ),
    "compare.twice_in_simpeg": Sentence(
        "Beberapa baris SIMPEG sama dengan satu baris di BKN; hapus yang ganda di SIMPEG.",
        "Several rows of SIMPEG are one row of BKN; remove the double in SIMPEG.",
    ),
    "compare.not_kept": Sentence(
        "Kiriman sudah diterima, tetapi BKN menyimpannya dalam bentuk lain; mengirim lagi tidak mengubah apa pun.",
        "Our save was confirmed and BKN keeps another form of it; sending it again would change nothing.",
    ),
    "policy.keeps_bkn": Sentence(
        "Menurut kebijakan alur data, nilai BKN yang dipertahankan; SIMPEG tidak dikirim.",
        "By the feed's policy BKN's values stand here; SIMPEG's are not sent.",
    ),
    "policy.reports": Sentence(
        "Menurut kebijakan alur data, perbedaan ini hanya dilaporkan; tidak ada yang dikirim.",
        "By the feed's policy this difference is only reported; nothing is sent.",
    ),
    "policy.holds": Sentence(
        "Menurut kebijakan alur data, petugas yang memutuskan; tidak ada yang dikirim sebelumnya.",
        "By the feed's policy somebody decides this; nothing is sent before.",
    ),
    "plan.changed": Sentence(
        "Yang direncanakan sudah berubah sejak rencana dibuat; buat rencana baru bila masih perlu.",
        "What was planned has changed since the plan was made; make a new plan if it is still wanted.",
    ),
    "conflict.changed_at_bkn": Sentence(
        "Nilai di BKN diubah pihak lain; bandingkan, lalu resync --overwrite bila SIMPEG yang benar.",
        "Another hand changed the row at BKN; compare, then `resync --overwrite` if SIMPEG is right.",
    ),
    "conflict.gone_at_bkn": Sentence(
        "Baris tidak ada lagi di BKN; bila memang harus ada, resync --recreate; bila tidak, hapus di SIMPEG.",
        "The row is no longer at BKN; `resync --recreate` if it is to be there, else delete it in SIMPEG.",
    ),
    "delete.last_row": Sentence(
        "Ini satu-satunya baris pegawai di BKN; tidak dihapus selama belum ada penggantinya.",
        "This is the person's only row of its kind at BKN; it is not deleted while no other takes its place.",
    ),
    "bkn.no_delete": Sentence(
        "BKN tidak menyediakan penghapusan untuk jenis ini; minta bantuan kantor regional BKN.",
        "BKN offers no deleting of this kind; ask BKN's regional office.",
    ),
    "bkn.no_id": Sentence(
        "BKN tidak memberi nomor baris, jadi baris yang sudah dikirim tidak dapat diubah dari sini.",
        "BKN told no id of the row that was sent, so it cannot be changed from here.",
    ),
    "bkn.not_offered": Sentence(
        "Layanan BKN yang dipilih tidak mengenal jenis ini.",
        "BKN's chosen web service does not have this kind of row.",
    ),
    "follow_up.waits": Sentence(
        "Baris sudah di BKN; pembaruan data utama dicoba lagi.",
        "The row is at BKN; refreshing the main record there is tried again.",
    ),
    "follow_up.fails": Sentence(
        "Baris sudah di BKN, tetapi data utama di BKN tidak dapat diperbarui; coba resync kemudian.",
        "The row is at BKN, but BKN does not refresh its main record; retry the record later.",
    ),
    "delete.needs_release": Sentence(
        "Baris hilang dari SIMPEG; penghapusan di BKN menunggu persetujuan.",
        "The row is gone from SIMPEG; deleting it at BKN waits for somebody's word.",
    ),
    "delete.grace": Sentence(
        "Baris hilang dari SIMPEG; ditunggu sebentar kalau-kalau dimasukkan kembali.",
        "The row is gone from SIMPEG; it is waited for a while, in case it is entered anew.",
    ),
    "delete.others_first": Sentence(
        "Menunggu baris lain pegawai ini yang mungkin penggantinya.",
        "Another row of this person may be the same certificate entered anew; it goes first.",
    ),
    "carried_over.unfit": Sentence(
        "Nilai lain di baris BKN tidak memenuhi aturan BKN sendiri; perbaiki di BKN, atau petakan isiannya.",
        "BKN's row holds a value of its own that BKN would not take back; correct it at BKN, or map the field.",
    ),
    "person.id_differs": Sentence(
        "Id BKN pegawai di SIMPEG berbeda dari BKN; perbaiki di SIMPEG.",
        "SIMPEG's copy of the person's id at BKN is another than BKN's own; correct it in SIMPEG. Nothing is sent before.",
    ),
    "delete.entered_anew": Sentence(
        "Baris yang sama dimasukkan kembali tetapi belum dapat dikirim; tidak dihapus di BKN.",
        "The same certificate was entered again and may not leave yet; until then nothing is deleted at BKN.",
    ),
    "bkn.read_fails": Sentence(
        "BKN tidak dapat menampilkan data pegawai ini; dicoba lagi.",
        "BKN cannot show this person's rows; it is tried again, more and more rarely.",
    ),
    "settle.landed": Sentence(
        "Kiriman sampai di BKN dengan isi yang berbeda.",
        "The write had landed at BKN, where the row now reads otherwise; it is compared afresh.",
    ),
    "bkn.not_visible_yet": Sentence(
        "Kiriman terakhir belum terlihat di BKN; dilihat lagi.",
        "Our own last write may not be visible at BKN yet; it is looked at again.",
    ),
    "delete.already_gone": Sentence("Baris sudah tidak ada di BKN.", "The row was already gone from BKN."),
    "move.unproved": Sentence(
        "Baris berpindah jenis; yang lama dihapus setelah yang baru terbukti ada.",
        "The row moves to another kind; the old one goes when the new one is proved.",
    ),
    "bkn.refused": Sentence(
        "BKN menolak isinya; perbaiki di SIMPEG sesuai alasan BKN.",
        "BKN refused the content; correct it in SIMPEG. It is not sent again until it changes.",
    ),
    "bkn.down": Sentence("BKN tidak dapat dihubungi; dicoba lagi.", "BKN cannot be reached; it is tried again."),
    "bkn.calls_spent": Sentence(
        "Jatah panggilan ke BKN sudah terpakai; dilanjutkan setelah jatah tersedia lagi.",
        "The calls allowed in a minute or a day are used up; it goes on by itself.",
    ),
    "bkn.window_closed": Sentence(
        "Di luar jam kirim; dilanjutkan pada jam kirim berikutnya.",
        "Nothing is written at this hour; it goes on when the next window opens.",
    ),
    "worker.lease_over": Sentence(
        "Waktu pekerja untuk pegawai ini habis sebelum kiriman berangkat; dicoba lagi.",
        "The worker's time for this person was over before the write left; nothing was sent, and it is tried again.",
    ),
    "bkn.not_executed": Sentence(
        "BKN tidak memproses kiriman; dicoba lagi.", "BKN did not take the write; it is tried again."
    ),
    "bkn.unsettled": Sentence(
        "Menunggu kepastian kiriman sebelumnya untuk pegawai ini.",
        "An earlier write for this person has to be decided first.",
    ),
    "answer.unclear": Sentence(
        "Jawaban BKN tidak pasti; dibaca ulang setelah beberapa menit.",
        "Nobody knows what became of the write; BKN is read again after the settle time.",
    ),
    "settle.no_trace_yet": Sentence(
        "Belum terlihat di BKN; dilihat sekali lagi.", "No trace at BKN yet; it is looked at once more."
    ),
    "settle.not_executed": Sentence(
        "Kiriman ternyata tidak sampai; dikirim lagi.", "The write did not land; it starts afresh."
    ),
    "settle.executed": Sentence("Kiriman ternyata sampai di BKN.", "The write had landed at BKN."),
    "settle.several": Sentence(
        "Ada beberapa baris baru yang sama di BKN; perlu diperiksa petugas.",
        "Several new rows at BKN look like this write; somebody has to look.",
    ),
    "tries.exhausted": Sentence(
        "Terlalu sering gagal; perlu diperiksa petugas.", "It failed too often; somebody has to look, then `resync`."
    ),
    "worker.died": Sentence(
        "Proses terhenti saat mengerjakan baris ini.", "The process ended while it had this record."
    ),
    "worker.dies": Sentence(
        "Proses berkali-kali terhenti pada baris ini; perlu diperiksa petugas.",
        "The process died several times on this record; somebody has to look.",
    ),
    "ledger.was_down": Sentence(
        "Buku besar sempat tidak dapat ditulis.", "The ledger could not be written for a while."
    ),
    "program.failed": Sentence(
        "Program gagal pada baris ini; laporkan ke pengembang.", "The program failed on this record; please report it."
    ),
    "program.too_many_steps": Sentence(
        "Program tidak selesai pada baris ini; laporkan ke pengembang.",
        "The program did not come to an end on this record; please report it.",
    ),
    "settle.not_shown": Sentence(
        "Tidak diketahui apakah kiriman sampai, dan BKN tidak menampilkan jenis ini; periksa di SIASN, lalu retry.",
        "Nobody knows whether the write arrived, and BKN shows no rows of this kind; look in SIASN, then retry.",
    ),
    "source.unfit": Sentence(
        "Tabel atau kolom SIMPEG berubah; periksa konfigurasi.", "A table or column of SIMPEG changed; check the feed."
    ),
    "feed.braked": Sentence(
        "Terlalu banyak baris hilang atau berubah sekaligus, jadi alur data berhenti sendiri; periksa, lalu lepaskan "
        "dengan `feed release`.",
        "Too many rows vanish or change at once, so the feed has stopped by itself; look at them, then lift it with "
        "`feed release`.",
    ),
    "feed.removed": Sentence(
        "Alur data ini tidak ada lagi dalam konfigurasi.",
        "The configuration no longer has this feed; bring it back, or leave the record as it is.",
    ),
    "row.gone": Sentence("Baris tidak ada di SIMPEG.", "The row is not in SIMPEG."),
    "row.soft_deleted": Sentence("Baris ditandai terhapus di SIMPEG.", "The row is marked deleted in SIMPEG."),
    "row.out_of_scope": Sentence("Baris bukan bagian dari alur ini.", "The row does not belong to this feed."),
    "operator.resync": Sentence(
        "Disinkronkan ulang atas permintaan petugas.", "Looked at afresh at an operator's wish."
    ),
    "operator.released": Sentence("Dilepas oleh petugas.", "Released by an operator."),
}


def sentence(code: str, *, indonesian: bool = False) -> str:
    """The sentence of a code; pydantic's finer codes of bad fields share one."""
    found = REASONS.get(code) or (REASONS["field.invalid"] if code.startswith("field.") else None)
    if found is None:
        return code
    return found.indonesian if indonesian else found.english
