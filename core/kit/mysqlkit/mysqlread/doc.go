// Package mysqlread is the driver of MySQL, MariaDB and TiDB for package
// sqlread.
//
// A SELECT is streamed through the binary protocol, or the text protocol where
// that tells more, and decoded from the read buffer into the batch that is to
// be filled.
//
// Sessions can share one consistent view: their transactions are begun while a
// lock keeps writers away for a moment.
//
// [Driver] is for the readers of jobs; its NewSession is for who has a
// connection.
// Package mysqlkit has the connection, the types and the protocol.
package mysqlread
