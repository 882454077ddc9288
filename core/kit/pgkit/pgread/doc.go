// Package pgread is the driver of PostgreSQL, and of systems that speak its
// protocol, for package sqlread.
//
// A SELECT is streamed through the extended protocol in binary and decoded from
// the read buffer into the batch that is to be filled; types whose binary form
// is not known (arrays, ranges, network addresses ...) come as PostgreSQL
// prints them.
//
// Sessions can share one snapshot, which a session of its own exports and keeps
// (pg_export_snapshot). A table without a usable key is cut by where its rows
// are stored (ctid).
//
// [Driver] is for the readers of jobs, [NewSession] for who has a connection.
// Package pgkit has the connection, the types and the protocol.
package pgread
