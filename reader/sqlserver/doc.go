// Package sqlserver reads tables, views and statements of SQL Server in bulk.
//
// A split is one SELECT, streamed and decoded into the batch that is to be
// filled; package sqlread plans, orders and resumes it. Where the database
// allows SNAPSHOT isolation a split sees its rows as they were when it began,
// takes no locks and waits for none; where it does not, that is said once, and
// withNoLock may read what is not committed.
//
// Package mssqlkit has the connection, the types and the definitions.
package sqlserver
