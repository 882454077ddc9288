// Package postgresql reads tables, views and statements of PostgreSQL, and of
// systems that speak its protocol, in bulk: it is the driver of these systems
// for package sqlread, which has the reader itself.
//
// A split is one SELECT, streamed through the extended protocol in binary and
// decoded from the read buffer into the batch that is to be filled; types whose
// binary form is not known (arrays, ranges, network addresses ...) come as
// PostgreSQL prints them. Rows come in order of the primary key, or of the index
// that range splits are cut by; a table without a usable key is cut by where
// its rows are stored (ctid).
//
// All splits read in one snapshot, which a session of its own exports and keeps
// (pg_export_snapshot) while they run.
//
// Package pgkit has the connection, the types and the protocol.
package postgresql
