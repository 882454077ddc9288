package binlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/klauspost/compress/zstd"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// inner is a compressed transaction: the events inside of one event, unpacked
// as they are read.
type inner struct {
	outer event
	in    *zstd.Decoder
	buf   []byte
}

// mostEvent is the largest event that a server writes.
const mostEvent = 1 << 30

// keepEvent is memory that is kept for the next event.
const keepEvent = 1 << 20

// unpack begins with a compressed transaction.
func (s *source) unpack(e *event) (err error) {
	if s.unpacker, err = unpacking(s.unpacker, e); err != nil {
		return err
	}
	s.f.inside = e.start
	s.inner = &inner{outer: *e, in: s.unpacker}
	return nil
}

// unpacking has a decoder, which is made if it is nil, unpack a compressed
// transaction.
func unpacking(d *zstd.Decoder, e *event) (*zstd.Decoder, error) {
	body, err := payloadBody(e.body)
	if err != nil {
		return d, errclass.With(errclass.Permanent, err)
	}
	packed := bytes.NewReader(body)
	if d == nil {
		d, err = zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	} else {
		err = d.Reset(packed)
	}
	if err != nil {
		return d, errclass.With(errclass.Permanent, fmt.Errorf("unpacking a transaction: %w", err))
	}
	return d, nil
}

// payloadBody reads the fields before the packed events.
func payloadBody(p []byte) ([]byte, error) {
	for len(p) > 0 {
		kind := p[0]
		p = p[1:]
		if kind == replication.OTW_PAYLOAD_HEADER_END_MARK {
			return p, nil
		}
		if len(p) == 0 || len(p) < 1+int(p[0]) {
			break
		}
		v := p[1 : 1+p[0]]
		p = p[1+len(v):]
		if kind == replication.OTW_PAYLOAD_COMPRESSION_TYPE_FIELD && (len(v) == 0 || v[0] != replication.ZSTD) {
			return nil, errors.New("a transaction is packed in a way that is not known")
		}
	}
	return nil, errShort
}

// next returns the next event inside; io.EOF after the last one.
func (n *inner) next() ([]byte, error) {
	if cap(n.buf) > keepEvent {
		n.buf = nil
	}
	n.buf = append(n.buf[:0], make([]byte, headerSize)...)
	if _, err := io.ReadFull(n.in, n.buf); err != nil {
		if err == io.EOF {
			return nil, io.EOF
		}
		return nil, errclass.With(errclass.Permanent, fmt.Errorf("unpacking a transaction: %w", err))
	}
	size := int(binary.LittleEndian.Uint32(n.buf[9:]))
	if size < headerSize || size > mostEvent {
		return nil, errShort
	}
	if cap(n.buf) < size {
		n.buf = append(make([]byte, 0, size), n.buf...)
	}
	n.buf = n.buf[:size]
	if _, err := io.ReadFull(n.in, n.buf[headerSize:]); err != nil {
		return nil, errclass.With(errclass.Permanent, fmt.Errorf("unpacking a transaction: %w", err))
	}
	return n.buf, nil
}

// nextInner returns the next event of the compressed transaction; full is
// never true. After the last one it returns an event that means nothing, as
// after one that is set aside with those behind it.
func (s *source) nextInner(b *record.Batch) (e *event, full bool, err error) {
	raw, err := s.inner.next()
	outer := s.inner.outer
	if err == io.EOF {
		s.inner = nil
		s.f.settle(&outer)
		return &event{EventHeader: outer.EventHeader}, false, nil
	}
	var one event
	if err == nil {
		one, err = s.f.take(raw, true)
	}
	switch {
	case err == nil:
		return &one, false, nil
	case !poisoned(err):
		return nil, false, s.explain(&outer, err)
	}
	err = s.leave(b, s.poison(&outer, "", outer.raw, err))
	s.unpacked(&outer)
	return &event{EventHeader: outer.EventHeader}, false, err
}
