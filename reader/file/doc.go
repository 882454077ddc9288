// Package file reads rows from files: csv, tsv and JSON lines, plain or gzip.
//
// Every file is one split. A split resumes at a record: in plain UTF-8 files
// by its place in the file, in packed or otherwise encoded ones by reading
// over the records before it. A file that has changed since the plan was made
// is refused then. A line that is no row goes to the dirty rows with its file
// and number.
//
// The columns are fixed when the plan is made and stored with each split, so
// that all files and all runs agree on them. Its counterpart is writer/file.
package file
