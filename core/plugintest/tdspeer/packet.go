package tdspeer

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// Kinds of packets.
const (
	packBatch       = 0x01
	packCall        = 0x03
	packReply       = 0x04
	packAttention   = 0x06
	packLoad        = 0x07
	packTransaction = 0x0e
	packLogin       = 0x10
	packPrelogin    = 0x12
)

const (
	headerSize   = 8
	lastOfAll    = 0x01
	replyPayload = 4096 - headerSize
)

// readMessage reads packets up to the last one of a message.
func readMessage(r io.Reader) (kind byte, body []byte, err error) {
	var head [headerSize]byte
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return 0, nil, err
		}
		size := int(binary.BigEndian.Uint16(head[2:])) - headerSize
		if size < 0 {
			return 0, nil, fmt.Errorf("a packet of %d bytes", size+headerSize)
		}
		at := len(body)
		body = append(body, make([]byte, size)...)
		if _, err := io.ReadFull(r, body[at:]); err != nil {
			return 0, nil, err
		}
		kind = head[0]
		if head[1]&lastOfAll != 0 {
			return kind, body, nil
		}
	}
}

// writer sends a reply in packets.
type writer struct {
	conn net.Conn
	buf  []byte
	seq  byte
	quit <-chan struct{} // the test has ended
}

// flush sends what fills packets, and all of it as the end of the message if last.
func (w *writer) flush(last bool) error {
	for len(w.buf) > replyPayload || last {
		n := min(len(w.buf), replyPayload)
		end := last && n == len(w.buf)
		head := [headerSize]byte{packReply, 0, 0, 0, 0, 0, w.seq, 0}
		if end {
			head[1] = lastOfAll
		}
		w.seq++
		binary.BigEndian.PutUint16(head[2:], uint16(n+headerSize))
		if _, err := w.conn.Write(append(head[:], w.buf[:n]...)); err != nil {
			return err
		}
		w.buf = w.buf[n:]
		if end {
			break
		}
	}
	return nil
}

// push sends all there is without ending the message.
func (w *writer) push() error {
	if err := w.flush(false); err != nil || len(w.buf) == 0 {
		return err
	}
	head := [headerSize]byte{packReply, 0, 0, 0, 0, 0, w.seq, 0}
	w.seq++
	binary.BigEndian.PutUint16(head[2:], uint16(len(w.buf)+headerSize))
	_, err := w.conn.Write(append(head[:], w.buf...))
	w.buf = nil
	return err
}

func (w *writer) byte(v byte)     { w.buf = append(w.buf, v) }
func (w *writer) uint16(v uint16) { w.buf = binary.LittleEndian.AppendUint16(w.buf, v) }
func (w *writer) uint32(v uint32) { w.buf = binary.LittleEndian.AppendUint32(w.buf, v) }
func (w *writer) uint64(v uint64) { w.buf = binary.LittleEndian.AppendUint64(w.buf, v) }
func (w *writer) bytes(v []byte)  { w.buf = append(w.buf, v...) }

// short writes a text with its length in one byte, long in two.
func (w *writer) short(s string) {
	u := ucs2(s)
	w.byte(byte(len(u) / 2))
	w.bytes(u)
}

func (w *writer) long(s string) {
	u := ucs2(s)
	w.uint16(uint16(len(u) / 2))
	w.bytes(u)
}

// reader takes a message apart; it panics with errShort at its end.
type reader struct{ buf []byte }

type shortMessage struct{ want, have int }

func (e shortMessage) Error() string {
	return fmt.Sprintf("the message ends %d bytes early", e.want-e.have)
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.buf) {
		panic(shortMessage{n, len(r.buf)})
	}
	v := r.buf[:n]
	r.buf = r.buf[n:]
	return v
}

func (r *reader) byte() byte     { return r.take(1)[0] }
func (r *reader) uint16() uint16 { return binary.LittleEndian.Uint16(r.take(2)) }
func (r *reader) uint32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *reader) uint64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }
func (r *reader) short() string  { return fromUCS2(r.take(2 * int(r.byte()))) }
