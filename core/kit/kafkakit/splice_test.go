package kafkakit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// produceFrame is a produce request as sarama lays it out, with empty batches
// that bear these numbers: by topic, by partition.
func produceFrame(topics ...[]int) []byte {
	be := binary.BigEndian
	text := func(b []byte, s string) []byte { return append(be.AppendUint16(b, uint16(len(s))), s...) }
	b := []byte{0, 0, 0, 0, 0, apiProduce, 0, 8, 0, 0, 0, 5}
	b = text(b, "client")
	b = append(b, 0xff, 0xff)             // no transaction
	b = append(b, 0xff, 0xff, 0, 0, 1, 0) // acks, timeout
	b = be.AppendUint32(b, uint32(len(topics)))
	for _, numbers := range topics {
		b = text(b, "topic")
		b = be.AppendUint32(b, uint32(len(numbers)))
		for partition, number := range numbers {
			b = be.AppendUint32(b, uint32(partition))
			b = be.AppendUint32(b, batchOverhead)
			b = be.AppendUint64(b, uint64(number))
			b = append(b, make([]byte, batchOverhead-8)...)
		}
	}
	be.PutUint32(b, uint32(len(b)-4))
	return b
}

func TestSplice(t *testing.T) {
	bodies := [][]byte{[]byte("zero"), []byte("the first"), bytes.Repeat([]byte{'2'}, 1000)}
	frame := produceFrame([]int{2}, []int{0, 1})
	size := len(frame)
	pieces, err := splice(frame, bodies)
	if err != nil {
		t.Fatal(err)
	}
	got := bytes.Join(pieces, nil)
	want := size - 3*batchOverhead
	for _, body := range bodies {
		want += len(body)
	}
	if len(got) != want || int(binary.BigEndian.Uint32(got)) != want-4 {
		t.Errorf("%d bytes that say they are %d, want %d", len(got), binary.BigEndian.Uint32(got)+4, want)
	}
	at := 0
	for _, i := range []int{2, 0, 1} { // as the frame has them
		body := append(binary.BigEndian.AppendUint32(nil, uint32(len(bodies[i]))), bodies[i]...)
		found := bytes.Index(got[at:], body)
		if found < 0 {
			t.Fatalf("batch %d is not in its place", i)
		}
		at += found + len(body)
	}
	if at != len(got) {
		t.Errorf("%d bytes after the last batch", len(got)-at)
	}
}

func TestSpliceRefuses(t *testing.T) {
	bodies := [][]byte{{1}, {2}}
	for name, frame := range map[string][]byte{
		"a batch too many":  produceFrame([]int{0, 1, 1}),
		"a batch too few":   produceFrame([]int{0}),
		"an unknown number": produceFrame([]int{0, 2}),
		"bytes at the end":  append(produceFrame([]int{0, 1}), 0),
		"a cut frame":       produceFrame([]int{0, 1})[:100],
		"nothing":           nil,
	} {
		if _, err := splice(frame, bodies); !errors.Is(err, errNotSpliced) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzSplice shows that no frame makes it read beyond the end.
func FuzzSplice(f *testing.F) {
	f.Add(produceFrame([]int{0, 1}))
	f.Add(produceFrame([]int{1}, []int{0}))
	f.Fuzz(func(_ *testing.T, frame []byte) {
		_, _ = splice(frame, [][]byte{{1}, {2}})
	})
}
