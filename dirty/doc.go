// Package dirty takes the rows that a job cannot use: it counts them by
// reason, keeps them where people find them, and ends the job when there are
// more than it allows.
//
// A [Collector] belongs to one job and is what the engine calls, from all
// channels. It holds the policy ([Limit]) and hands every row to its sinks:
// [LogSink] prints them, [FileSink] appends them to a file as JSON lines with
// everything needed to write them again later, [TableSink] writes them into a
// table through a writer plugin that is handed in; [Reader] reads that file back.
//
// Invariants:
//   - A row is kept before the limit is looked at: the row that passes it is
//     kept too.
//   - After Flush every row is durable in the file; the engine stores no
//     position before that. A row that is read again after a crash is kept
//     again, so that a file may name a row twice but never lacks one.
//   - A limit of N allows N rows. Absent limits allow none.
//   - Values come back exactly: of their kind, decimals digit by digit, text
//     that is no UTF-8 byte by byte.
//   - Error texts are masked like all texts.
package dirty
