// Package sqlite writes rows into tables of a SQLite database file: a driver
// of [sqlwrite], over the connections of sqlitekit.
//
// SQLite has one transaction that writes at a time. The channels' sessions
// take turns in it: a transaction of many batches where one writes alone, a
// short one where others wait. In a database whose triggers or constraints roll
// back the transaction, each batch has one of its own.
//
// A value that its column would store as another one (an integer above 2^63-1,
// a decimal of more than 15 digits in a numeric column) makes the row dirty; a
// column declared TEXT or BLOB takes it as it is.
package sqlite
