// Package kafka reads the messages of Kafka's topics: texts, JSON objects, or
// the change messages of other tools (package core/format/msgfmt).
//
// Positions are the job's own: the next offset of each partition, stored with
// what was written, at any boundary between messages. Partitions are dealt to
// splits by a rule that every process computes alike (see spec), not by the
// members of a consumer group; the group is told the stored offsets afterwards, so
// that its lag can be watched. A partition that is added while the job runs
// falls to a split by the same rule and is read from its first record on.
//
// Without an end (boundedMode) a split never ends. With one it ends where its
// partitions ended when the run was planned, and the next run goes on there.
//
// A leader that moves, a broker that goes away and a broken connection are
// transient errors; an offset that is gone is a lost position, unless
// auto.offset.reset says where to go on. The client is package kafkakit's
// Consumer; its memory is bounded by fetch.max.bytes.
package kafka
