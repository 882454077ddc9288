// Package file writes rows into files of a directory: csv, tsv and JSON lines,
// plain or packed, and parquet.
//
// Nothing is visible before it is whole, and without publishInterval before the
// run has ended well. Each channel writes hidden
// files in <path>/.data<job>; Prepare forces them to the disk and gives a
// token that lists them with their lengths; whatever goes on after a crash
// cuts them to these lengths. A packed piece ends with every Prepare, so that
// the cut file is whole; in parquet a segment does, a file of its own, and After
// makes one file of them by a last footer (core/format/parquetfmt).
// Hooks.After renames the files to their places: fileName itself where the job
// wrote one file through one channel, else fileName with _<channel>_<number>
// before its extension. A job without rows leaves one empty file, with its
// header.
//
// The renames are listed in a manifest first, so that After can be repeated
// from any point. With publishInterval files appear before: a token lists those
// that are complete, and Commit renames them.
//
// A change becomes a row of its own (pavingData); else rows that are no inserts
// are refused. Rows of another shape than those of their table before begin a
// new file.
//
// Where files lie and how they are packed is core/kit/filekit's; the
// counterpart is reader/file.
package file
