// Package file reads rows from files: csv, tsv, JSON lines and parquet, plain
// or packed.
//
// A file is one split, or several parts where it is large and there are
// several channels (part.go): parquet by its row groups, plain UTF-8 texts
// by bytes. Both ends of a part are places where a record begins. Where quotes
// cannot hide a line break, the plan looks for the first one behind each
// multiple of the part's size; where they can, it goes over the whole file
// once with the decoder itself, so that a part begins exactly where reading
// the whole would be between two records, stray quotes included. The parts are
// stored with the plan and never made again.
//
// A split resumes at a record: in plain UTF-8 files by its place in the file,
// in packed or otherwise encoded ones by reading over the records before it, in
// parquet by its row. A file that has changed since the plan was made is refused
// then, a part of one always. A record that is no row goes to the dirty rows
// with its file and line, or byte where the lines of a part are not counted.
//
// The columns are fixed when the plan is made and stored with each split, so
// that all files and all runs agree on them. Where files lie and how they are
// packed is core/kit/filekit's; the counterpart is writer/file.
package file
