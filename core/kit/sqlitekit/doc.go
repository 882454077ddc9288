// Package sqlitekit is what the reader and the writer of SQLite share: where a
// database is, a connection, statements whose values go straight between
// SQLite and a batch, the shape of a table and the class of an error.
//
// The library is modernc.org/sqlite, SQLite's own C sources translated to Go.
// [Conn] and [Stmt] call its C interface rather than the database/sql driver
// above it: the driver boxes every value, copies every text twice and turns
// the text of a column declared DATE or TIMESTAMP into a time.Time, which
// loses how it was written. One row of ten columns costs no allocation here.
//
// Invariants:
//   - A Conn and its statements belong to one goroutine at a time; only the
//     interruption by [Conn.Watch] comes from another.
//   - SQLite's values have types of their own, whatever the column was declared
//     as. A column is therefore of kind Any, unless SQLite itself enforces its
//     type (rowid, STRICT tables).
//   - Memory that SQLite lends (a text, a blob) is copied before the next step.
//
// Names and numbers of result codes: https://sqlite.org/rescode.html.
package sqlitekit
