package record

// MetaColumn is a metadata column that a reader can add to its schemas.
type MetaColumn struct {
	Name    string
	Kind    Kind
	Meaning string
}

// Meta lists the fixed names. A reader emits only those that the other side
// asks for, after the data columns and in this order.
var Meta = []MetaColumn{
	{"_ts", Timestamp, "when the reader took the row in"},
	{"_optime", Timestamp, "when the source committed the change"},
	{"_lsn", String, "position of the change in the source's log, in text that sorts like the log"},
	{"_gtid", String, "global transaction identifier"},
	{"_txid", String, "transaction identifier of the source"},
	{"_offset", Int64, "offset of the record: of a Kafka partition, or the line of a file"},
	{"_partition", Int64, "partition that the record came from"},
	{"_key", Bytes, "key of the message that the record came from"},
	{"_headers", JSON, "headers of the message that the record came from, an object"},
	{"_snapshot", Bool, "true for a row of an initial snapshot"},
	{"_file", String, "name of the file that the record came from"},
	{"_serverid", Int64, "number of the server that wrote the change"},
	{"_thread", Int64, "number of the connection that made the change"},
	{"_row", Int64, "number of the change in its event of the source's log, from 0"},
}
