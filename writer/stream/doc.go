// Package stream writes rows to the console, or nowhere.
//
// With print (the default) every batch becomes a table on standard output,
// with the kind of change of each row (+I, -U, +U, -D) before its columns; a
// batch is written in one piece, so that the lines of several channels do not
// mingle. Without it rows are counted by the engine and forgotten: the sink
// that measures everybody else. Its counterpart is reader/stream.
package stream
