package handover

import (
	"bytes"
	"cmp"
	"context"
	"math/big"
	"strconv"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Order compares keys as the database sorts them.
type Order interface {
	// Compare returns below 0, 0 or above 0 as a is before, at or after b, two
	// keys of the table of which the first values may be given alone. It is
	// asked only where the values' kinds do not tell, as for texts.
	Compare(ctx context.Context, table record.Name, a, b Key) (int, error)
}

// compare compares by the kinds' own order, and asks for the rest.
func compare(ctx context.Context, o Order, table record.Name, a, b Key) (int, error) {
	if c, ok := compareAlone(a, b); ok {
		return c, nil
	}
	n := min(len(a), len(b))
	return o.Compare(ctx, table, a[:n], b[:n])
}

// compareAlone compares keys where the kinds' own order tells.
func compareAlone(a, b Key) (int, bool) {
	for i := range min(len(a), len(b)) {
		if c, ok := compareValues(a[i], b[i]); !ok || c != 0 {
			return c, ok
		}
	}
	return 0, true
}

// compareValues compares numbers and bytes; others sort as the database says.
func compareValues(a, b sqlkit.Value) (int, bool) {
	switch a.Kind {
	case record.Int64, record.Uint64, record.Decimal:
		if c, ok := compareInts(a.Text, b.Text); ok {
			return c, true
		}
		x, ok := new(big.Rat).SetString(a.Text)
		y, fits := new(big.Rat).SetString(b.Text)
		if !ok || !fits {
			return 0, false
		}
		return x.Cmp(y), true
	case record.Bytes:
		return bytes.Compare([]byte(a.Text), []byte(b.Text)), b.Kind == record.Bytes
	}
	return 0, false
}

// compareInts compares texts of integers of 64 bits.
func compareInts(a, b string) (int, bool) {
	x, err := strconv.ParseInt(a, 10, 64)
	if err != nil {
		return 0, false
	}
	y, err := strconv.ParseInt(b, 10, 64)
	return cmp.Compare(x, y), err == nil
}

// contains tells that a key is in the chunk.
func (c *Chunk) contains(ctx context.Context, o Order, key Key) (bool, error) {
	for _, bound := range []struct {
		at   *sqlkit.Value
		sign int // of the comparison that is outside
	}{{c.From, -1}, {c.To, 0}} {
		if bound.at == nil {
			continue
		}
		by, err := compare(ctx, o, c.Table, key[:1], Key{*bound.at})
		if err != nil {
			return false, err
		}
		if bound.sign < 0 && by < 0 || bound.sign == 0 && by >= 0 {
			return false, nil
		}
	}
	return true, nil
}

// contains tells that a key is in the segment.
func (s *Segment) contains(ctx context.Context, o Order, key Key) (bool, error) {
	if in, err := s.Chunk.contains(ctx, o, key); !in || err != nil {
		return in, err
	}
	if s.After != nil {
		if by, err := compare(ctx, o, s.Chunk.Table, key, s.After); by <= 0 || err != nil {
			return false, err
		}
	}
	if s.Through != nil {
		if by, err := compare(ctx, o, s.Chunk.Table, key, s.Through); by > 0 || err != nil {
			return false, err
		}
	}
	return true, nil
}

// keyOf returns a row's key.
func keyOf(r record.Row) Key {
	s := r.Schema()
	key := make(Key, len(s.Key))
	for i, c := range s.Key {
		key[i] = sqlkit.Value{Kind: r.Kind(c)}
		if r.Kind(c) > record.Null {
			key[i].Text = string(r.AppendText(nil, c))
		}
	}
	return key
}

// appendKey appends a text that tells the keys of a table apart byte by byte.
func appendKey(dst []byte, r record.Row) []byte {
	for _, c := range r.Schema().Key {
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0, byte(r.Kind(c)))
		if r.Kind(c) > record.Null {
			dst = r.AppendText(dst, c)
		}
		n := len(dst) - at
		dst[at], dst[at+1], dst[at+2], dst[at+3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	}
	return dst
}
