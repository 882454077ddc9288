// Package tdsdb is a database behind a [tdspeer.Server], so that the contract
// suites run over the protocol without SQL Server: rows are kept by SQLite, the
// statements that the connectors send are rewritten for it.
//
// It understands those statements and few others. What SQL Server makes of a
// statement is not tested by it: that takes SQL Server.
package tdsdb
