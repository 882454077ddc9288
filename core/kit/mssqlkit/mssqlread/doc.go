// Package mssqlread is the part of a SQL Server driver that package sqlread asks
// for and that all readers of SQL Server share: a session that reads tables.
// Which views of the rows it reads in is its user's.
package mssqlread
