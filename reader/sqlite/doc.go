// Package sqlite reads a table, or the result of a statement, of a SQLite
// database file: it is SQLite's driver for package sqlread, which has the
// reader itself.
//
// Rows of a table come in order of their rowid (of their primary key in a
// table without one), so that a split goes on after the last key that was
// made durable. Views and statements have no such order and are read again
// from the beginning. A table is split by its rowid unless splitPk names
// another column.
//
// A value keeps the type that it has in the file, whatever its column was
// declared as: a text in an INTEGER column arrives as a text. Each source has
// a connection of its own, opened read-only, and one read transaction.
package sqlite
