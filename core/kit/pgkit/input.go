package pgkit

import (
	"encoding/binary"
	"errors"
	"io"
)

const (
	streamBuffer = 64 << 10
	keepBuffer   = 1 << 20 // a buffer that a large message has made larger is dropped after it
	headerSize   = 5       // type and length, which counts itself
)

var errMalformed = errors.New("a message of the server is malformed")

// input is what the server sends, in one buffer that pgconn and streams read
// from in turn. To pgconn it is a reader that never hands out more than is left
// of one message, so that nothing of a stream ends up in pgconn's own buffer.
//
// Messages: a type, a length of 4 bytes that counts itself, the body
// (https://www.postgresql.org/docs/current/protocol-message-formats.html).
type input struct {
	from io.Reader
	buf  []byte
	r, w int // buf[r:w] is unread
	keep int // buf[keep:r] is still lent; equal to r if nothing is
	left int // bytes of the message that pgconn is reading
}

func newInput(from io.Reader) *input { return &input{from: from, buf: make([]byte, streamBuffer)} }

// Read implements [io.Reader] for pgconn.
func (in *input) Read(p []byte) (int, error) {
	in.keep = in.r
	if in.left == 0 {
		if err := in.need(headerSize); err != nil {
			return 0, err
		}
		in.left = 1 + int(binary.BigEndian.Uint32(in.buf[in.r+1:]))
		if in.left < headerSize {
			return 0, errMalformed
		}
	}
	if in.w == in.r {
		in.keep = in.r
		if err := in.need(1); err != nil {
			return 0, err
		}
	}
	n := copy(p, in.buf[in.r:min(in.w, in.r+in.left)])
	in.r += n
	in.left -= n
	in.keep = in.r
	return n, nil
}

// message returns the next message, which stays lent until keep is moved. On
// an error of the reader nothing is consumed, so that it can be called again.
func (in *input) message() (kind byte, body []byte, err error) {
	if err := in.need(headerSize); err != nil {
		return 0, nil, err
	}
	size := in.size()
	if size < 4 || size > 1<<30 {
		return 0, nil, errMalformed
	}
	if err := in.need(1 + size); err != nil {
		return 0, nil, err
	}
	at := in.r
	in.r += 1 + size
	return in.buf[at], in.buf[at+headerSize : in.r], nil
}

// size is the length of the message whose header is unread.
func (in *input) size() int { return int(binary.BigEndian.Uint32(in.buf[in.r+1:])) }

// need reads until n bytes are unread in the buffer.
func (in *input) need(n int) error {
	if in.w-in.r >= n {
		return nil
	}
	if in.keep == in.r && in.r == in.w {
		in.keep, in.r, in.w = 0, 0, 0
	}
	room := in.r - in.keep + n
	switch {
	case room > len(in.buf):
		in.move(make([]byte, room+streamBuffer))
	case len(in.buf) > keepBuffer && room <= streamBuffer && in.w-in.keep <= streamBuffer:
		in.move(make([]byte, streamBuffer))
	case in.keep+room > len(in.buf):
		in.move(in.buf)
	}
	for in.w-in.r < n {
		got, err := in.from.Read(in.buf[in.w:])
		in.w += got
		switch {
		case got > 0:
		case err == nil:
			return io.ErrNoProgress
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		default:
			return err
		}
	}
	return nil
}

// move puts what is lent and unread to the beginning of a buffer.
func (in *input) move(to []byte) {
	in.w = copy(to, in.buf[in.keep:in.w])
	in.buf, in.r, in.keep = to, in.r-in.keep, 0
}
