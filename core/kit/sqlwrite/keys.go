package sqlwrite

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"

	"github.com/datasync-io/datasync/core/record"
)

// keyIndex finds, by key, what has become of a row in the batch at hand. It
// is kept from batch to batch and allocates nothing once it has grown.
type keyIndex struct {
	seed  maphash.Seed
	slots []int32 // by hash: index into known plus one; 0: free
	known []knownKey
	arena []byte // the keys' bytes
	key   []byte // the one at hand
	hash  uint64
}

type knownKey struct {
	hash     uint64
	from, to int // in arena
	entry    int32
}

// reset empties the index for up to n keys.
func (x *keyIndex) reset(n int) {
	size := 64
	for size < 2*n {
		size *= 2
	}
	if size > len(x.slots) {
		x.slots = make([]int32, size)
		x.seed = maphash.MakeSeed()
	}
	clear(x.slots)
	x.known, x.arena = x.known[:0], x.arena[:0]
}

// look spells the key of a row, of which columns are the key, and tells
// whether a value of it is NULL, or absent.
func (x *keyIndex) look(r record.Row, columns []int) (null, absent bool) {
	x.key = x.key[:0]
	for _, c := range columns {
		kind := r.Kind(c)
		x.key = append(x.key, byte(kind))
		switch kind {
		case record.Absent:
			absent = true
		case record.Null:
			null = true
		case record.Decimal:
			x.key = appendSized(x.key, plainDecimal(r.Bytes(c)))
		case record.String, record.Bytes, record.JSON, record.UUID:
			x.key = appendSized(x.key, r.Bytes(c))
		case record.Int64, record.Uint64, record.Bool, record.Date, record.Time:
			x.key = binary.LittleEndian.AppendUint64(x.key, r.Uint64(c))
			x.key = append(x.key, byte(r.Infinite(c)))
		default:
			at := len(x.key)
			x.key = binary.LittleEndian.AppendUint32(x.key, 0)
			x.key = r.AppendText(x.key, c)
			binary.LittleEndian.PutUint32(x.key[at:], uint32(len(x.key)-at-4))
		}
	}
	x.hash = maphash.Bytes(x.seed, x.key)
	return null, absent
}

func appendSized(dst, v []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(v))), v...)
}

// plainDecimal cuts zeros at a fraction's end, which change no value.
func plainDecimal(v []byte) []byte {
	if bytes.IndexByte(v, '.') < 0 || bytes.ContainsAny(v, "eE") {
		return v
	}
	return bytes.TrimSuffix(bytes.TrimRight(v, "0"), []byte("."))
}

// entry returns where the entry of the key looked at last is kept. It is -1
// for a key that is new.
func (x *keyIndex) entry() *int32 {
	mask := uint64(len(x.slots) - 1)
	for i := x.hash & mask; ; i = (i + 1) & mask {
		n := x.slots[i]
		if n == 0 {
			x.slots[i] = int32(len(x.known) + 1)
			from := len(x.arena)
			x.arena = append(x.arena, x.key...)
			x.known = append(x.known, knownKey{hash: x.hash, from: from, to: len(x.arena), entry: -1})
			return &x.known[len(x.known)-1].entry
		}
		if k := &x.known[n-1]; k.hash == x.hash && bytes.Equal(x.arena[k.from:k.to], x.key) {
			return &k.entry
		}
	}
}
