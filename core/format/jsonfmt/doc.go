// Package jsonfmt writes rows as JSON and reads them back.
//
// [Encoder] writes objects by column name with typed values, [FlinkX] the
// bodies of FlinkX's Kafka writer, in which every value is a text. Both append
// to the caller's buffer, plan once per schema (by pointer) and allocate
// nothing per row.
//
// Invariants:
//   - What is appended is always valid JSON in valid UTF-8 without a line
//     break, or the row is refused with a data error that names the column;
//     nothing is replaced or cut silently.
//   - Numbers keep every digit.
//
// Its users are the plugins that write bodies or files, such as writer/kafka
// and writer/file.
package jsonfmt
