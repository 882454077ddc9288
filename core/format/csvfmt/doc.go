// Package csvfmt writes rows as delimited text and takes such text apart.
//
// The format is RFC 4180 with any delimiter, of one byte or several, any quote
// or none, and a text that stands for NULL. A value that equals the NULL text,
// an empty one by default, is quoted, so that both survive; [Decoder] tells
// quoted fields from bare ones.
//
// Both ends are their own code since rows go through them at the speed of the
// disk: encoding/csv makes a string of every field. A fuzz test compares the
// decoder with encoding/csv, a benchmark says what it is worth. Its users are
// reader/file and writer/file.
package csvfmt
