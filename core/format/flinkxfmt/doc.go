// Package flinkxfmt writes and reads the bodies that FlinkX's Kafka writer gives
// changes of a database. The row's headers come first:
//
//	{"database":null,"schema":"shop","table":"users","ts":7130316800000000001,"lsn":"bin.000001/000000000000000154",
//	 "opTime":"1700000000000","primary_key":"id","type":"UPDATE", ...}
//
// then, by [Shape], of an update
//
//	Paving  "before_id":1,"before_name":"a","after_id":1,"after_name":"b"
//	Nested  "before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"}, all of it in {"message":{...}}; a side that is not there is {}
//	Split   two messages, of type UPDATE_BEFORE and UPDATE_AFTER, each with "id":1,"name":...
//
// schema is the database of a system without schemas. ts counts upwards strictly
// in the messages of one encoder; shifted right by 22 bits it is the wall clock in
// milliseconds. lsn is missing where the source has none, opTime where its commit
// time is not known. Numbers, decimals too, have all their digits; times are
// yyyy-MM-dd HH:mm:ss[.fraction], instants in the zone of [Options]; binary data is
// base64, json is a text.
//
// A key that an update changed is one UPDATE, but two messages in shape Split.
//
// After FlinkX 1.16 (DynamicKafkaSerializationSchema, AbstractCDCRawTypeMapper).
package flinkxfmt
