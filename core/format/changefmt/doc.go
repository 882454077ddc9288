// Package changefmt is what the formats of change messages have in common: the
// change that one message tells of ([Event]), the interfaces of encoders and
// decoders, the place in a source's log as its members ([Place]), and the
// schemas that decoders give to rows ([Schemas]).
//
// An encoder makes one message of each event and appends it to the caller's
// buffer; it plans once per schema (by pointer) and allocates nothing per row.
// A decoder makes rows of a message again, with the schema that the message
// tells, as far as it does.
//
// Invariants of all formats:
//   - A value never loses a digit: what a format cannot hold exactly is a data
//     error that names the column, never a rounded value.
//   - An absent value is left out, or taken from the row as it was; it is never
//     written as null.
//   - A message that cannot be read is a data error, and leaves the batch as it was.
//
// The formats are the packages beside this one: canalfmt, debeziumfmt,
// maxwellfmt, flinkxfmt, avrofmt, cloudeventsfmt. Their users are the plugins of
// message systems.
package changefmt
