-- The SIMPEG of docs/tutorial.md: tables as one provincial office has them (all text, dates dd/mm/yyyy, '' for nothing),
-- people and rows invented. `kedudukan` and the posts' units are ours.
CREATE TABLE pegawai (
  nip       varchar(18) PRIMARY KEY,
  nama      varchar(100) NOT NULL,
  kedudukan varchar(20) NOT NULL
);
CREATE TABLE riwayat_diklat (
  id_riwayat    integer PRIMARY KEY,
  nip           varchar(18) NOT NULL,
  nama_diklat   varchar(255) NOT NULL,
  jenis_diklat  varchar(20) NOT NULL,  -- struktural, fungsional, teknis or ''
  penyelenggara varchar(255) NOT NULL,
  jumlah_jam    varchar(20) NOT NULL,
  tahun         varchar(4) NOT NULL,
  no_sttp       varchar(100) NOT NULL,
  tanggal_sttp  varchar(10) NOT NULL,
  status        varchar(1) NOT NULL    -- 1 verified, 0 not
);
CREATE TABLE riwayat_jabatan (
  id_riwayat   integer PRIMARY KEY,
  nip          varchar(18) NOT NULL,
  jenis        varchar(20) NOT NULL,   -- Struktural, JFT or JFU
  nama_jabatan varchar(255) NOT NULL,
  eselon       varchar(10) NOT NULL,
  unor         varchar(255) NOT NULL,
  nomor        varchar(100) NOT NULL,
  tanggal      varchar(10) NOT NULL,
  tmt_jabatan  varchar(10) NOT NULL,
  status       varchar(1) NOT NULL
);
INSERT INTO pegawai VALUES
  ('198503122010011001', 'Adiraka Wanasari', 'aktif'),
  ('199007212015022001', 'Dewiyani Lembayung', 'aktif'),
  ('197811052003121002', 'Mardinata Gumilar', 'aktif'),
  ('196501011990031001', 'Surawan Rantauan', 'pensiun');
INSERT INTO riwayat_diklat VALUES
  (1, '198503122010011001', 'Manajemen Arsip', 'teknis', 'BPSDM Provinsi', '40 JP', '2023', '893/1/2023', '13/03/2023', '1'),
  (2, '198503122010011001', 'Pengadaan Barang dan Jasa', 'teknis', 'LKPP', '24', '', '893/2/2022', '18/11/2022', '1'),
  (3, '199007212015022001', 'Pembentukan Auditor', 'fungsional', 'BPKP', '120', '2021', '893/3/2021', '30/06/2021', '1'),
  (4, '199007212015022001', 'Bendahara Pengeluaran', 'teknis', 'BPSDM Provinsi', '32 JP', '2024', '893/4/2024', '', '0'),
  (5, '197811052003121002', 'DIKLATPIM III', 'struktural', 'LAN', '900', '2019', '893/5/2019', '27/09/2019', '1'),
  (6, '197811052003121002', 'Penyusunan Anggaran', 'teknis', 'BPSDM Provinsi', '7,5', '2022', '893/6/2022', '', '1'),
  (7, '196501011990031001', 'Kearsipan Dasar', 'teknis', 'ANRI', '40', '2015', '893/7/2015', '', '1');
INSERT INTO riwayat_jabatan VALUES
  (1, '198503122010011001', 'JFT', 'Arsiparis Ahli Muda', '', 'Bagian Umum', '821/1/2023', '28/12/2022', '02/01/2023', '1'),
  (2, '199007212015022001', 'JFU', 'Pengadministrasi Umum', '', 'Bagian Umum', '821/2/2022', '01/03/2022', '01/03/2022', '1'),
  (3, '197811052003121002', 'Struktural', 'Kepala Bagian Umum', 'III.a', 'Bagian Umum', '821/3/2020', '10/01/2020', '13/01/2020', '1');
