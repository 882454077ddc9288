// Package kafkakit is what the plugins of Kafka share: the Java client's
// properties, dialling, error classes, the partitioner, and a producer.
//
// [Producer] works on sarama's layer of whole requests: records are laid out
// in one arena as they come, become one batch per partition and one request per
// leading broker, and sarama's Broker sends that. It is given empty batches, in
// whose places the connection below it puts the encoded ones (splice.go).
// Invariants:
//
//   - Order per partition holds, whatever fails: after an error nothing new is
//     sent until everything on its way is answered, and what was refused or
//     not answered is sent again, batch by batch, in the order of the first
//     sending.
//   - With idempotence (the default) no record of one producer is doubled: a
//     batch keeps its sequence numbers however often it is sent (KIP-98).
//   - A partition's first batch travels alone: a broker that has no state of a
//     producer takes any first sequence, so a refused first batch could never
//     follow an accepted second one.
//   - At most five requests are on their way, since a broker remembers five
//     batches of a producer and partition.
//   - A batch stays as it was encoded until it is acknowledged, in memory that
//     is used again afterwards, so sending it again sends the same bytes.
//   - What a producer holds is bounded: one arena, and one block of that size
//     for each request on its way.
//
// A producer of [Client.NewTransactional] has its records become visible in
// transactions; [Ledger] keeps texts in the same ones.
//
// [Consumer] asks leading brokers for whole record batches and hands their
// records on where they lie; it holds two answers of each broker. [Client] knows
// where partitions begin and end, and what groups have committed.
//
// Nothing here knows of rows; writer/kafka and reader/kafka do.
package kafkakit
