package kafkakit

import (
	"encoding/binary"
	"errors"
	"net"

	"github.com/IBM/sarama"
)

// sarama encodes a record batch twice, record by record, into memory of its own.
// So it is given empty batches that stand for those encoded here, and the
// connection below it puts these in their places: sarama goes on to choose the
// version, number the request, bound what is open, log in again when that is
// due, and read the answers.

// standIn is the batch that stands for number i of a request.
func standIn(i int) sarama.RecordBatch { return sarama.RecordBatch{Version: 2, FirstOffset: int64(i)} }

const apiProduce = 0

// isProduce tells a produce request from what sarama writes of its own accord.
func isProduce(frame []byte) bool {
	return len(frame) >= 8 && binary.BigEndian.Uint16(frame[4:]) == apiProduce
}

var errNotSpliced = errors.New("kafkakit: the produce request is not laid out as expected")

// splice returns the pieces of a produce request of version 3 to 8 in which
// each empty batch is replaced by the one it stands for. It changes the frame,
// which holds one empty batch for each of bodies. Layout:
// https://kafka.apache.org/protocol#The_Messages_Produce
func splice(frame []byte, bodies [][]byte) (net.Buffers, error) {
	pieces := make(net.Buffers, 0, 2*len(bodies)+1)
	c := cursor{frame: frame, at: 4}
	c.skip(8)          // key, version, number
	c.skip(c.string()) // client
	c.skip(c.string()) // transaction
	c.skip(6)          // acks, timeout
	size, done := len(frame)-4, 0
	for range c.int32() { // topics
		c.skip(c.string())
		if c.bad {
			return nil, errNotSpliced
		}
		for range c.int32() { // partitions
			c.skip(4)
			field := c.at
			n := c.int32()
			i := c.index()
			c.skip(n)
			if c.bad || n < 8 || i >= uint64(len(bodies)) {
				return nil, errNotSpliced
			}
			size += len(bodies[i]) - n
			binary.BigEndian.PutUint32(frame[field:], uint32(len(bodies[i])))
			pieces = append(pieces, frame[done:field+4], bodies[i])
			done = c.at
		}
	}
	if c.bad || done != len(frame) || len(pieces) != 2*len(bodies) {
		return nil, errNotSpliced
	}
	binary.BigEndian.PutUint32(frame, uint32(size))
	return pieces, nil
}

// cursor reads a frame; past its end it gives zeros and is bad.
type cursor struct {
	frame []byte
	at    int
	bad   bool
}

func (c *cursor) skip(n int) {
	if n < 0 || n > len(c.frame)-c.at {
		c.bad, n = true, len(c.frame)-c.at
	}
	c.at += n
}

// next returns the next n bytes.
func (c *cursor) next(n int) []byte {
	from := c.at
	if c.skip(n); c.bad {
		return make([]byte, n)
	}
	return c.frame[from:c.at]
}

func (c *cursor) int32() int { return int(int32(binary.BigEndian.Uint32(c.next(4)))) }

// string returns the length of a text that may be null.
func (c *cursor) string() int { return max(0, int(int16(binary.BigEndian.Uint16(c.next(2))))) }

// index looks at the first offset of a batch.
func (c *cursor) index() uint64 {
	if len(c.frame)-c.at < 8 {
		c.bad = true
		return 0
	}
	return binary.BigEndian.Uint64(c.frame[c.at:])
}
