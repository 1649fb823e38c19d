-- A SIMPEG of the peg* layout (system M of the survey), as far as public code shows it. "ours": invented where that code is silent.
-- No foreign keys, no triggers, dates that may be 0000-00-00, and an edit form that keeps neither updated_by nor tanggal_verif.
CREATE TABLE pegawai (
  id_peg VARCHAR(20) PRIMARY KEY, nama VARCHAR(100), nipbaru_ws VARCHAR(20), id_pns_siasn VARCHAR(42),
  kedudukan VARCHAR(2), tgllahir DATE, id_unitkerja INT, -- ours
  flag_active TINYINT DEFAULT 1
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;

CREATE TABLE unitkerja (id_unitkerja INT PRIMARY KEY, nm_unitkerja VARCHAR(100)) -- ours
  DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;

CREATE TABLE ref_jenisdiklat ( -- ours, but for the last two
  kode VARCHAR(2) PRIMARY KEY, nama VARCHAR(50), id_diklat_siasn VARCHAR(2), jenis_kursus_sertipikat_siasn CHAR(1)
) DEFAULT CHARSET latin1;

CREATE TABLE ref_jabatan ( -- ours, but for the last
  id_jabatan INT PRIMARY KEY, nm_jabatan VARCHAR(100), id_jabatan_siasn VARCHAR(42)
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE ref_eselon (eselon VARCHAR(5) PRIMARY KEY, id_eselon_siasn VARCHAR(2)) -- the first is ours
  DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE pegdiklat (
  id INT AUTO_INCREMENT PRIMARY KEY, id_pegawai VARCHAR(20), jenisdiklat VARCHAR(2), nm_diklat VARCHAR(255),
  tptdiklat VARCHAR(100), penyelenggara VARCHAR(255), jam VARCHAR(20), tglmulai DATE, tglselesai DATE, nosttpp VARCHAR(100),
  tglsttpp DATE, status TINYINT DEFAULT 1, flag_active TINYINT DEFAULT 1, gambarsk VARCHAR(150), id_siasn VARCHAR(42),
  meta_data_siasn TEXT, flag_sync_siasn TINYINT DEFAULT 0, log_sync_siasn TEXT, temp_count INT DEFAULT 0,
  flag_from_siasn TINYINT DEFAULT 0, created_by VARCHAR(50), updated_by VARCHAR(50), tanggal_verif DATETIME, KEY (id_pegawai)
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;

CREATE TABLE pegjabatan (
  id INT AUTO_INCREMENT PRIMARY KEY, id_pegawai VARCHAR(20), id_jabatan INT, nm_jabatan VARCHAR(255),
  jenisjabatan TINYINT, -- 1 structural, 2 functional, 3 clerical: ours
  eselon VARCHAR(5), nosk VARCHAR(100), tglsk DATE, tmtjabatan DATE, id_unitkerja INT, id_unor_siasn VARCHAR(42),
  status TINYINT DEFAULT 1, flag_active TINYINT DEFAULT 1, gambarsk VARCHAR(150), id_siasn VARCHAR(42),
  flag_sync_siasn TINYINT DEFAULT 0, temp_count INT DEFAULT 0, flag_from_siasn TINYINT DEFAULT 0, KEY (id_pegawai)
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;

CREATE TABLE pegskp (
  id INT AUTO_INCREMENT PRIMARY KEY, id_pegawai VARCHAR(20), tahun VARCHAR(4), predikat VARCHAR(30), nilai DECIMAL(5,2),
  hasil_kerja VARCHAR(30), perilaku VARCHAR(30), -- ours: BKN demands both
  status TINYINT DEFAULT 1, flag_active TINYINT DEFAULT 1, id_siasn VARCHAR(42), flag_from_siasn TINYINT DEFAULT 0,
  KEY (id_pegawai)
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;

CREATE TABLE pegpangkat (
  id INT AUTO_INCREMENT PRIMARY KEY, id_pegawai VARCHAR(20), pangkat VARCHAR(10),
  masakerjapangkat VARCHAR(10), -- years-months: the form is ours
  nosk VARCHAR(100), tglsk DATE, tmtpangkat DATE, status TINYINT DEFAULT 1, flag_active TINYINT DEFAULT 1,
  id_siasn VARCHAR(42), flag_from_siasn TINYINT DEFAULT 0, KEY (id_pegawai)
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;

CREATE TABLE pegpendidikan (
  id INT AUTO_INCREMENT PRIMARY KEY, id_pegawai VARCHAR(20), tktpendidikan VARCHAR(10), jurusan VARCHAR(100),
  namasekolah VARCHAR(100) CHARACTER SET latin1, tahunlulus VARCHAR(4), noijasah VARCHAR(100), tglijasah DATE,
  status TINYINT DEFAULT 1, flag_active TINYINT DEFAULT 1, id_siasn VARCHAR(42), flag_from_siasn TINYINT DEFAULT 0,
  KEY (id_pegawai)
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;

INSERT INTO ref_jenisdiklat VALUES ('00', 'Struktural', NULL, NULL), ('01', 'Fungsional', '2', 'F'), ('02', 'Teknis', '3', 'T'),
  ('03', 'Seminar', '9', 'P'), ('09', 'Lain-lain', NULL, NULL);
INSERT INTO unitkerja VALUES (3, 'Dinas Pendidikan');
INSERT INTO ref_jabatan VALUES (7, 'Arsiparis', 'A5EB03E23C7AF6A0E040640A040252AD'), (8, 'Pengadministrasi', '8ae4829c4d2f8a61014d2f9d1d870152');
INSERT INTO ref_eselon VALUES ('III.a', '31'), ('IV.a', '41');
