// Package postgresql reads tables, views and statements of PostgreSQL, and of
// systems that speak its protocol, in bulk. Package sqlread has the reader
// itself, package pgread its driver.
//
// A split is one SELECT. Rows come in order of the primary key, or of the index
// that range splits are cut by; a table without a usable key is cut by where
// its rows are stored (ctid). All splits read in one snapshot.
package postgresql
