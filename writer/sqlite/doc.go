// Package sqlite writes rows into tables of a SQLite database file.
//
// A Write is one transaction, durable when it returns. SQLite has one writer
// at a time, so all channels share one connection and take turns. A row that
// the database refuses rolls the transaction back; the error names every such
// row of the batch, so that one more Write without them succeeds.
//
// Deletes and updates are applied by key: the configured one, else the table's
// primary key. A value that its column would store as another one (an integer
// above 2^63-1, a decimal of more than 15 digits in a numeric column) makes the
// row dirty; a column declared TEXT or BLOB takes it as it is.
package sqlite
