// Package sqlserver writes rows into tables of SQL Server.
//
// Rows are inserted by the bulk protocol straight into the table, with its
// constraints and triggers. To change or delete rows by key they are loaded in
// bulk into a temporary table, from which one statement (MERGE, UPDATE or
// DELETE) goes on. Package sqlwrite has everything else: keys, modes, tables,
// conversion, transactions, the ledger.
//
// Invariants:
//   - An identity column that is written has the values of the rows:
//     IDENTITY_INSERT is on for as long as it is needed, and for one table.
//   - An upsert holds the range of its keys (HOLDLOCK), so that two writers do
//     not both add a row.
//   - A value that its column would cut, round or replace refuses its row by
//     name before anything is sent (package mssqlkit).
//
// A trigger that rolls back ends the transaction with all the rows in it: where
// earlier batches were part of it the job stops and says so.
package sqlserver
