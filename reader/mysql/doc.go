// Package mysql reads tables, views and statements of MySQL, MariaDB and TiDB
// in bulk. Package sqlread has the reader itself, package mysqlread its driver.
//
// A split is one SELECT, streamed through the binary protocol and decoded from
// the read buffer into the batch that is to be filled. Rows come in order of
// the primary key, which costs the server nothing, or of the index that range
// splits are cut by.
//
// A value that cannot be read as what it is (a zero date) makes its row dirty;
// it is never replaced silently.
package mysql
