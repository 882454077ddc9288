// Package tdspeer is the server's side of TDS 7.4, the protocol of SQL Server,
// for tests: a process of one's own listens on loopback, takes logins, hands
// each batch, call and bulk load to the test, and answers what the test says.
// Types and values are encoded and decoded here as the open specification
// MS-TDS says, and with nothing of what is tested.
//
// It knows no SQL. Transactions are told to the client by the words BEGIN
// TRANSACTION, COMMIT and ROLLBACK at the head of a batch.
package tdspeer
