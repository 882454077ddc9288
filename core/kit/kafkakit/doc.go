// Package kafkakit is what the plugins of Kafka share: the Java client's
// properties, dialling, error classes, the partitioner, and a producer.
//
// [Producer] works on sarama's layer of whole record batches: records are
// gathered in one arena, become one batch per partition and one request per
// leading broker, and sarama's Broker encodes and sends that. Invariants:
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
//   - Once Broker.AsyncProduce has returned nil the RecordBatch holds its
//     encoded form, which a second sending uses; so arena and records are
//     filled anew while requests are on their way, and only there. After an
//     error they are kept until the batch is in.
//   - What a producer holds is bounded: one arena and its records, and the
//     encoded form of the requests on their way.
//
// Nothing here knows of rows; writer/kafka does.
package kafkakit
