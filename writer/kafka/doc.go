// Package kafka writes rows to Kafka topics: one message per row, at least
// once, in order per partition.
//
// The body is what the format makes of a change (see core/format/msgfmt): by
// default that of FlinkX's Kafka writer, with format json the row as it is now,
// else the event of Canal, Debezium, Maxwell or CloudEvents. The key is made of
// the table's messageKeys or of partitionAssignColumns, else of its primary key, in the format's way;
// the partition is murmur2 of the key, as Kafka's own clients choose it, and
// without a key the channel's number. An update of the key is one message only
// where both keys lie in one partition.
//
// Topics may be named by the parts of a table's name, and are then looked for, or
// created, at the table's first row. A schema change becomes an event of the
// format, in the transaction of the position behind it where there are any; with transactionTopic the begin and end of the source's transactions do.
//
// The sink is a Flusher: rows are encoded straight into the producer's buffer,
// requests are sent as they fill, and Flush awaits the last acknowledgement
// (a Write that waits costs one channel a third more CPU, and throughput). A
// broker that is away for less than delivery.timeout.ms costs neither rows nor
// order; see package kafkakit, which reader/kafka will share.
package kafka
