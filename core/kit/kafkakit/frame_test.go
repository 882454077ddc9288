package kafkakit

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// varints reads numbers off a record, as the protocol writes them.
type varints struct {
	t    *testing.T
	rest []byte
}

func (v *varints) next() int {
	v.t.Helper()
	n, width := binary.Varint(v.rest)
	if width <= 0 {
		v.t.Fatalf("no number in % x", v.rest)
	}
	v.rest = v.rest[width:]
	return int(n)
}

// text reads a text after its length; ok is false for null.
func (v *varints) text() (text []byte, ok bool) {
	v.t.Helper()
	n := v.next()
	if n < 0 {
		return nil, false
	}
	text, v.rest = v.rest[:n], v.rest[n:]
	return text, true
}

// TestRecords takes the lengths at which numbers become wider.
func TestRecords(t *testing.T) {
	lengths := []int{-1, 0, 1, 63, 64, 8191, 8192, 1<<20 - 1, 1 << 20}
	tail := AppendHeaders(nil, []Header{{"name", "value"}, {"empty", ""}})
	for _, key := range lengths {
		for _, value := range lengths {
			for _, offset := range []int{0, 63, 64, 1 << 20} {
				before := []byte("the record before")
				buf := append(bytes.Clone(before), make([]byte, headroom)...)
				at := len(buf)
				buf = append(buf, bytes.Repeat([]byte{'k'}, max(key, 0))...)
				buf = append(buf, bytes.Repeat([]byte{'v'}, max(value, 0))...)
				begin, buf := sealRecord(buf, at, key, value, offset, tail)
				if begin < len(before) || !bytes.HasPrefix(buf, before) {
					t.Fatalf("%d, %d, %d: the record before is overwritten", key, value, offset)
				}
				if got, want := len(buf)-begin, recordSize(offset, key, value, len(tail)); got != want {
					t.Fatalf("%d, %d, %d: %d bytes, recordSize says %d", key, value, offset, got, want)
				}
				v := varints{t, buf[begin:]}
				if n := v.next(); n != len(v.rest) {
					t.Fatalf("%d, %d, %d: length %d of %d bytes", key, value, offset, n, len(v.rest))
				}
				v.rest = v.rest[1:] // attributes
				if at := v.next(); at != 0 {
					t.Fatalf("time %d, want the batch's", at)
				}
				if got := v.next(); got != offset {
					t.Fatalf("offset %d, want %d", got, offset)
				}
				checkText(t, &v, 'k', key)
				checkText(t, &v, 'v', value)
				if !bytes.Equal(v.rest, tail) {
					t.Fatalf("headers % x, want % x", v.rest, tail)
				}
			}
		}
	}
}

func checkText(t *testing.T, v *varints, letter byte, n int) {
	t.Helper()
	text, ok := v.text()
	if ok != (n >= 0) || len(text) != max(n, 0) || bytes.Count(text, []byte{letter}) != len(text) {
		t.Fatalf("%d bytes (%t) of %q, want %d", len(text), ok, letter, n)
	}
}

// TestBatchHead reads the fields that a broker does not answer for.
func TestBatchHead(t *testing.T) {
	data := append(make([]byte, batchOverhead), "records"...)
	at := time.UnixMilli(1_700_000_000_123)
	sealBatch(data, batchHead{codec: sarama.CompressionZSTD, count: 3, at: at, id: 7, epoch: 2, sequence: 9})
	be := binary.BigEndian
	for name, field := range map[string]struct{ got, want uint64 }{
		"length":        {uint64(be.Uint32(data[8:])), uint64(len(data) - 12)},
		"version":       {uint64(data[16]), 2},
		"checksum":      {uint64(be.Uint32(data[17:])), uint64(crc32.Checksum(data[21:], crc32.MakeTable(crc32.Castagnoli)))},
		"attributes":    {uint64(be.Uint16(data[21:])), uint64(sarama.CompressionZSTD)},
		"last offset":   {uint64(be.Uint32(data[23:])), 2},
		"first time":    {be.Uint64(data[27:]), uint64(at.UnixMilli())},
		"last time":     {be.Uint64(data[35:]), uint64(at.UnixMilli())},
		"producer":      {be.Uint64(data[43:]), 7},
		"epoch":         {uint64(be.Uint16(data[51:])), 2},
		"sequence":      {uint64(be.Uint32(data[53:])), 9},
		"count":         {uint64(be.Uint32(data[57:])), 3},
		"records' head": {uint64(data[batchOverhead]), 'r'},
	} {
		if field.got != field.want {
			t.Errorf("%s: %d, want %d", name, field.got, field.want)
		}
	}
}

// BenchmarkTake is a record of 207 bytes on its way into a batch.
func BenchmarkTake(b *testing.B) {
	p := &Producer{set: ProducerSettings{BatchBytes: 512 << 10}, tail: AppendHeaders(nil, nil)}
	number := p.Lane(Topic{MaxBytes: defaultMaxBytes}, 0)
	content := bytes.Repeat([]byte{'x'}, 207)
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Take(b.Context(), append(p.Buffer(), content...), 7, 200, number); err != nil {
			b.Fatal(err)
		}
		if len(p.spans) == 2048 {
			batches, err := p.pack()
			if err != nil {
				b.Fatal(err)
			}
			p.recycle(batches...)
			p.clear()
		}
	}
}
