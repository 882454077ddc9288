// Package cloudeventsfmt writes and reads change events in the envelope of
// CloudEvents 1.0 (format cloudevents), as Debezium's converter makes it:
//
//	{"id":"name:shop;at:bin.000001/000000000000000154;row:1","source":"/debezium/mysql/shop","specversion":"1.0",
//	 "type":"io.debezium.connector.mysql.DataChangeEvent","time":"2023-11-14T22:13:20.000Z","datacontenttype":"application/json",
//	 "iodebeziumop":"u","iodebeziumconnector":"mysql","iodebeziumname":"shop","iodebeziumtsms":"1700000000000",
//	 "iodebeziumsnapshot":"false","iodebeziumdb":"shop","iodebeziumtable":"users","iodebeziumat":"...","data":{"before":{...},"after":{...}}}
//
// In mode binary the attributes are headers with the prefix ce_, and the body is
// what stands in data. iodebeziumat, iodebeziumgtid and iodebeziumtxid are the
// place in the source's log, its global and its own transaction; the id counts
// the events of one place from 1, so that an event that is written again has the
// same id. Rows are as package debeziumfmt has them without schemas.
//
// After https://debezium.io/documentation/reference/stable/integrations/cloudevents.html
// and the Kafka protocol binding of CloudEvents.
package cloudeventsfmt
