// Package mysqlkit is what the connectors of MySQL, MariaDB and TiDB share:
// JDBC URLs and their parameters ([ParseURL], [Settings]), connections with a
// session that reads and writes losslessly ([Dial]), the types of the wire as
// kinds of record ([Shape]), table definitions ([Conn.Table]), streamed results
// ([Rows]), rows on their way in ([Target], [Encoder], [Pipeline]), tables to be
// created ([CreateTable]) and the classes of vendor errors ([Classify]).
//
// Invariants:
//   - A session's time zone is always set (+00:00 unless Settings say
//     otherwise), so that a TIMESTAMP is the instant that was stored; its
//     character set is utf8mb4.
//   - No timeout of the server ends a session that waits for a slow
//     destination, and no limit of the server cuts a read.
//   - Results that are rows of a job are read through the binary protocol:
//     the text protocol loses digits of FLOAT, and costs the server twice the
//     time for numbers and dates.
//   - A value that the server would store as another one is refused before it
//     is sent; a session that writes is strict for the rest.
//   - Passwords are in no error.
//
// The client is go-mysql's. Its own result loop copies each row three times;
// [Rows] takes the connection over once a statement is prepared and decodes
// from the read buffer into a batch, and [Pipeline] writes commands and reads
// their answers between the client's own.
package mysqlkit
