// Package avrofmt writes and reads changes as Avro, in the frame of a schema
// registry (format avro): the events of package debeziumfmt as Confluent's
// converter makes Avro of them, or, without envelope, the row as it is now, whose
// delete is a message without value.
//
// Columns have the types that [debeziumfmt.Types] plans; logical types stand in
// connect.name, a precise decimal is Avro's decimal too. A column of kind any is a
// union of null, boolean, long, double, bytes and string. Names that Avro does not
// allow have _ in the place of what it does not, and the name itself in
// sourceName beside the field.
//
// Avro has no place for an absent value: in a row after its change a text or
// binary one is __debezium_unavailable_value, another one is a data error; a row
// before an update that has one is left out, in that of a delete they are null.
//
// [Decoder] reads what any writer of that frame has written: it follows the
// writer's schema, and knows Avro's own logical types too.
package avrofmt
