// Package pgkit is what the connectors of PostgreSQL and of systems that speak
// its protocol share: JDBC URLs and their parameters ([ParseURL], [Settings]),
// connections with a session that reads and writes losslessly ([Dial]), table
// definitions ([Conn.ReadTable]), streamed results ([Rows]) whose values are
// decoded straight into batches ([Decoder]), rows encoded for COPY ([Encoder],
// [CopyIn]) and the classes of SQLSTATEs ([Classify]).
//
// Invariants:
//   - A session runs in UTC, in UTF-8 and with ISO dates; no timeout of the
//     server ends one that waits for a slow destination.
//   - Values travel in their binary form. A type whose binary form is not known
//     here (arrays, ranges, network addresses, geometry ...) is a text, exactly
//     as PostgreSQL prints it, and is written by PostgreSQL's own input
//     function; a table with such a column is written by COPY in text format.
//   - The function for a value is chosen once per column; nothing is allocated
//     per row.
//   - A value that PostgreSQL would round, cut or refuse (invalid UTF-8, NUL, too
//     long, out of range) is an error that names the column before it is sent.
//   - Passwords are in no error.
//
// The client is pgx's pgconn, which dials, authenticates and runs small
// statements. Streams read from the same buffer that it does ([input]), so that
// a connection serves both in turn.
package pgkit
