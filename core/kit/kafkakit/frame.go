package kafkakit

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"time"

	"github.com/IBM/sarama"
)

// This file writes records and record batches of version 2, as KIP-98 lays them
// out (https://kafka.apache.org/documentation/#messageformat). Records are laid
// out where their keys and values were encoded, so that a row's bytes move once
// on their way to the socket.

const (
	// batchOverhead is what a batch has before its records.
	batchOverhead = 61
	// headroom is what a record has before its key, at most: its length, two
	// bytes for attributes and time, and the lengths of offset, key and value.
	headroom = 2 + 4*binary.MaxVarintLen32
)

// zigzag is how signed numbers are written: small ones in few bytes.
func zigzag(v int) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

func varintSize(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// putVarint writes v so that it ends before buf[end] and returns its begin.
func putVarint(buf []byte, end int, v int) int {
	u := zigzag(v)
	begin := end - varintSize(u)
	binary.PutUvarint(buf[begin:end], u)
	return begin
}

// AppendHeaders appends what follows a record's value: its headers.
func AppendHeaders(dst []byte, headers []Header) []byte {
	dst = binary.AppendVarint(dst, int64(len(headers)))
	for _, h := range headers {
		dst = append(binary.AppendVarint(dst, int64(len(h.Name))), h.Name...)
		dst = append(binary.AppendVarint(dst, int64(len(h.Value))), h.Value...)
	}
	return dst
}

// recordSize is how long sealRecord's result is.
func recordSize(offset, key, value, tail int) int {
	n := 2 + varintSize(zigzag(offset)) + varintSize(zigzag(key)) + max(key, 0) + varintSize(zigzag(value)) + max(value, 0) + tail
	return varintSize(zigzag(n)) + n
}

// sealRecord makes a record of buf[at:], which is key and value with headroom
// before them, and returns where it begins and the buffer, which ends with it. A
// negative length is null.
func sealRecord(buf []byte, at, key, value, offset int, tail []byte) (int, []byte) {
	buf = append(buf, tail...)
	end := len(buf)
	n := max(key, 0)
	width := varintSize(zigzag(value))
	copy(buf[at-width:], buf[at:at+n]) // the value's length stands between the two
	putVarint(buf, at+n, value)
	begin := putVarint(buf, at-width, key)
	begin = putVarint(buf, begin, offset)
	begin -= 2
	buf[begin], buf[begin+1] = 0, 0 // no attributes; of the batch's time
	return putVarint(buf, begin, end-begin), buf
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// batchHead is what stands in the head of a batch beside its size and checksum.
type batchHead struct {
	codec         sarama.CompressionCodec
	transactional bool
	count         int
	at            time.Time
	id            int64
	epoch         int16
	sequence      int32
}

// transactionalBit is set in the attributes of a batch that is part of a transaction.
const transactionalBit = 1 << 4

// sealBatch writes the head of a batch whose records stand at
// data[batchOverhead:]. The broker replaces the offset and the leader's epoch,
// which the checksum leaves out.
func sealBatch(data []byte, h batchHead) {
	be := binary.BigEndian
	be.PutUint64(data, 0)
	be.PutUint32(data[8:], uint32(len(data)-12))
	be.PutUint32(data[12:], 0xffffffff)
	data[16] = 2
	attributes := uint16(h.codec)
	if h.transactional {
		attributes |= transactionalBit
	}
	be.PutUint16(data[21:], attributes)
	be.PutUint32(data[23:], uint32(h.count-1))
	millis := uint64(h.at.UnixMilli())
	be.PutUint64(data[27:], millis)
	be.PutUint64(data[35:], millis)
	be.PutUint64(data[43:], uint64(h.id))
	be.PutUint16(data[51:], uint16(h.epoch))
	be.PutUint32(data[53:], uint32(h.sequence))
	be.PutUint32(data[57:], uint32(h.count))
	be.PutUint32(data[17:], crc32.Checksum(data[21:], castagnoli))
}
