// Package kafka writes rows to Kafka topics: one message per row, at least
// once, in order per partition.
//
// The body is what the format makes of a row: by default that of FlinkX's
// Kafka writer, or with format json an object of typed values. The key is the
// value of partitionAssignColumns, else of the table's primary key; the
// partition is murmur2 of the key, as Kafka's own clients choose it, and
// without a key the channel's number.
//
// The sink is a Flusher: rows are encoded straight into the producer's buffer,
// requests are sent as they fill, and Flush awaits the last acknowledgement
// (a Write that waits costs one channel a third more CPU, and throughput). A
// broker that is away for less than delivery.timeout.ms costs neither rows nor
// order; see package kafkakit, which reader/kafka will share.
package kafka
