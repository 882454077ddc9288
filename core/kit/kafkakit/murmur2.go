package kafkakit

import "encoding/binary"

// Partition returns the partition of n that Kafka's Java client gives a record
// with this key: murmur2 of the key, made positive, modulo n (KIP-480 keeps
// that for keyed records).
func Partition(key []byte, n int) int32 {
	return int32((murmur2(key) & 0x7fffffff) % uint32(n))
}

// murmur2 is MurmurHash2 with 32 bits and the seed of Kafka's
// org.apache.kafka.common.utils.Utils.murmur2.
func murmur2(data []byte) uint32 {
	const (
		seed = 0x9747b28c
		m    = 0x5bd1e995
		r    = 24
	)
	h := uint32(seed) ^ uint32(len(data))
	for ; len(data) >= 4; data = data[4:] {
		k := binary.LittleEndian.Uint32(data) * m
		k ^= k >> r
		h = h*m ^ k*m
	}
	if len(data) > 0 {
		var tail uint32
		for i, c := range data {
			tail |= uint32(c) << (8 * i)
		}
		h = (h ^ tail) * m
	}
	h = (h ^ h>>13) * m
	return h ^ h>>15
}
