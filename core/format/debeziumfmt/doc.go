// Package debeziumfmt writes and reads Debezium's change events as Kafka
// Connect's JSON converter spells them (format debezium-json):
//
//	{"before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"},
//	 "source":{"version":"...","connector":"mysql","name":"shop","ts_ms":1700000000000,"snapshot":"false","db":"shop",
//	           "sequence":null,"ts_us":...,"ts_ns":...,"table":"users","server_id":1,"gtid":null,"file":"bin.000001","pos":154,"row":0,
//	           "thread":17,"query":null},
//	 "transaction":null,"op":"u","ts_ms":1700000000123,"ts_us":...,"ts_ns":...}
//
// and with schemas {"schema":{...},"payload":{that}}. op is c, u, d, or r for a
// row of an initial snapshot. Keys are {"id":1}. An update that changes the key is
// a delete and a create. Source has the members of Debezium's connector for the
// system that the row is from; what is not known of it is 0 or null.
//
// [Types] plans how columns become Connect's types, with Debezium's logical
// types and its settings decimal.handling.mode, time.precision.mode,
// binary.handling.mode and bigint.unsigned.handling.mode; package avrofmt shares
// it. Where Debezium loses something this package does not:
//
//   - decimal.handling.mode double writes all digits, as does a bigint unsigned
//     above 9223372036854775807 with bigint.unsigned.handling.mode long.
//   - time.precision.mode connect refuses what its milliseconds cannot hold.
//   - Intervals are io.debezium.time.Interval unless interval.handling.mode says
//     numeric, and times of day with an offset keep it.
//   - PostgreSQL's arrays, bit strings, hstore, ranges and geometric values are
//     texts, as it spells them.
//   - A row after its change that lacks a text or binary value has
//     __debezium_unavailable_value; every other absent value is left out.
//
// Schemas name the source's types in Debezium's parameters
// __debezium.source.column.type, .length and .scale, from which [Decoder] gives a
// column its own kind again.
//
// After https://debezium.io/documentation/reference/stable/connectors/mysql.html
// ("Data type mappings", "Data change events"), postgresql.html and sqlserver.html.
package debeziumfmt
