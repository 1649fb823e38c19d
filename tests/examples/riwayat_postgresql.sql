-- A SIMPEG of the riwayat_* layout (system C of the survey, new schema), by its public DDL. "ours": invented where that is silent.
-- created_at and updated_at have a default and no trigger: an UPDATE does not touch them.
CREATE SCHEMA kepegawaian; -- the names of both schemas are ours
CREATE SCHEMA referensi;

CREATE TABLE kepegawaian.pegawai (
  id VARCHAR(36) PRIMARY KEY, pns_id VARCHAR(36) UNIQUE, nip_baru VARCHAR(18), nama VARCHAR(100),
  kedudukan_hukum_id CHAR(4), tanggal_lahir DATE, unor_id VARCHAR(36), -- ours
  created_at TIMESTAMPTZ DEFAULT now(), updated_at TIMESTAMPTZ DEFAULT now(), deleted_at TIMESTAMPTZ
);
CREATE TABLE referensi.jabatan (id BIGSERIAL PRIMARY KEY, nama_jabatan VARCHAR(100), jabatan_id_bkn VARCHAR(36));
CREATE TABLE referensi.unor (id VARCHAR(36) PRIMARY KEY, nama_unor VARCHAR(100), unor_id_bkn VARCHAR(36));

CREATE TABLE kepegawaian.riwayat_diklat (
  id BIGSERIAL PRIMARY KEY, pns_id VARCHAR(36), jenis_diklat_id CHAR(3), nama_diklat VARCHAR(255),
  institusi_penyelenggara VARCHAR(255), no_sertifikat VARCHAR(100), tanggal_mulai DATE, tanggal_selesai DATE,
  tahun_diklat INTEGER, durasi_jam INTEGER, diklat_struktural_id VARCHAR(2), file_base64 TEXT, siasn_id VARCHAR(36),
  status_satker SMALLINT DEFAULT 0, status_biro SMALLINT DEFAULT 0, sudah_kirim_siasn VARCHAR(10),
  created_at TIMESTAMPTZ DEFAULT now(), updated_at TIMESTAMPTZ DEFAULT now(), deleted_at TIMESTAMPTZ
);
CREATE TABLE kepegawaian.riwayat_kursus ( -- its columns are ours
  id BIGSERIAL PRIMARY KEY, pns_id VARCHAR(36), jenis_kursus VARCHAR(30), nama_kursus VARCHAR(255),
  institusi_penyelenggara VARCHAR(255), no_sertifikat VARCHAR(100), tanggal_mulai DATE, tanggal_selesai DATE,
  tahun_kursus VARCHAR(4), durasi_jam NUMERIC(6,1), file_base64 TEXT, siasn_id VARCHAR(36),
  status_satker SMALLINT DEFAULT 0, status_biro SMALLINT DEFAULT 0, sudah_kirim_siasn VARCHAR(10),
  created_at TIMESTAMPTZ DEFAULT now(), updated_at TIMESTAMPTZ DEFAULT now(), deleted_at TIMESTAMPTZ
);
CREATE TABLE kepegawaian.riwayat_jabatan (
  id SERIAL PRIMARY KEY, pns_id VARCHAR(36), unor_id VARCHAR(36), jenis_jabatan_id INTEGER, jabatan_id BIGINT,
  nama_jabatan VARCHAR(255), eselon_id VARCHAR(2), tmt_jabatan DATE, no_sk VARCHAR(100), tanggal_sk DATE, tmt_pelantikan DATE,
  bkn_id VARCHAR(36), status_satker SMALLINT DEFAULT 0, status_biro SMALLINT DEFAULT 0, deleted_at TIMESTAMPTZ
);
CREATE TABLE kepegawaian.riwayat_kinerja (
  id SERIAL PRIMARY KEY, pns_id VARCHAR(36), tahun INTEGER, rating_hasil_kerja VARCHAR(30), rating_perilaku_kerja VARCHAR(30),
  predikat_kinerja VARCHAR(30), bkn_id VARCHAR(36), status_satker SMALLINT DEFAULT 0, status_biro SMALLINT DEFAULT 0,
  deleted_at TIMESTAMPTZ
);
CREATE TABLE kepegawaian.riwayat_golongan (
  id SERIAL PRIMARY KEY, pns_id VARCHAR(36), golongan_id CHAR(4), kode_jenis_kp CHAR(5), sk_nomor VARCHAR(100), sk_tanggal DATE,
  no_bkn VARCHAR(100), tanggal_bkn DATE, tmt_golongan DATE, mk_golongan_tahun INTEGER, mk_golongan_bulan INTEGER,
  bkn_id VARCHAR(36), status_satker SMALLINT DEFAULT 0, status_biro SMALLINT DEFAULT 0, deleted_at TIMESTAMPTZ
);
CREATE TABLE kepegawaian.riwayat_pendidikan (
  id SERIAL PRIMARY KEY, pns_id VARCHAR(36), tingkat_pendidikan_id VARCHAR(2), pendidikan_id VARCHAR(36), tanggal_lulus DATE,
  no_ijazah VARCHAR(100), nama_sekolah VARCHAR(255), tahun_lulus VARCHAR(4), bkn_id VARCHAR(36),
  status_satker SMALLINT DEFAULT 0, status_biro SMALLINT DEFAULT 0, deleted_at TIMESTAMPTZ
);

INSERT INTO referensi.jabatan VALUES (7, 'Arsiparis', 'A5EB03E23C7AF6A0E040640A040252AD'), (8, 'Pengadministrasi', '8ae4829c4d2f8a61014d2f9d1d870152');
INSERT INTO referensi.unor VALUES ('U1', 'Bagian Umum', 'A8ACA7397AEB3912E040640A040269BB'), ('U2', 'Biro Baru', NULL);
