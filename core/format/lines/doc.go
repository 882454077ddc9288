// Package lines reads a text line by line and knows, at every line, where in
// the text it is, so that reading can go on there later.
//
// A line is lent until the next call. It may be extended by the one after it,
// for formats whose records hold line breaks, and the extension taken back.
// Its users are core/format/csvfmt and reader/file.
package lines
