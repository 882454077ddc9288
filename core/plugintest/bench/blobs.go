package main

import "fmt"

const (
	blobs     = 24
	blobBytes = 16 << 20
)

// blobPaths measure the memory that large rows take.
func (r *relational) blobPaths() []path {
	pg := &pgTable{lab: r.lab, name: "blobs", make: func() []string {
		return []string{
			"CREATE TABLE blobs (id integer PRIMARY KEY, body bytea NOT NULL)", "ALTER TABLE blobs ALTER body SET STORAGE EXTERNAL",
			// 32 digits are 16 bytes.
			fmt.Sprintf("INSERT INTO blobs SELECT i, decode(repeat(md5(i::text), %d), 'hex') FROM generate_series(1, %d) i", blobBytes/16, blobs), "VACUUM (FREEZE, ANALYZE) blobs",
		}
	}}
	pgCopy := &pgTable{lab: r.lab, name: archive + ".blobs", make: func() []string {
		return []string{"CREATE TABLE archive.blobs (id integer PRIMARY KEY, body bytea NOT NULL) WITH (autovacuum_enabled = off)", "ALTER TABLE archive.blobs ALTER body SET STORAGE EXTERNAL"}
	}}
	const columns = " (id INTEGER PRIMARY KEY, body LONGBLOB NOT NULL)"
	my := &myTable{lab: r.lab, name: "blobs", make: []string{
		"CREATE TABLE blobs" + columns,
		fmt.Sprintf("INSERT INTO blobs WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i, REPEAT(UNHEX(MD5(i)), %d) FROM n", blobs, blobBytes/16),
		"ANALYZE TABLE blobs",
	}}
	myCopy := &myTable{lab: r.lab, name: archive + ".blobs", make: []string{"CREATE TABLE archive.blobs" + columns}}

	const each = 3 * blobBytes >> 20
	var paths []path
	for _, channels := range []int{1, 4} {
		for _, from := range []place{pg, my} {
			for _, to := range []place{pgCopy, myCopy} {
				paths = append(paths, r.path(copying{
					name: fmt.Sprintf("blobs, %s to %s, channels: %d", system(from), system(to), channels), channels: channels, from: from, to: to, read: fields{"splitPk": "id"},
					rows: blobs, moved: size{blobs, blobs * blobBytes}, targets: []target{peakMiB(float64(64 + channels*each))},
				}))
			}
		}
	}
	return paths
}
