package handover

import (
	"context"
	"slices"

	"github.com/datasync-io/datasync/core/record"
)

// asked is the question about a key that was answered last: the rows of an
// update have the same.
type asked struct {
	of     *Copy
	key    []byte
	copied bool
}

// sameKey has a table copied from its beginning whose key is no longer the one
// that rows were copied by.
func (c *Copier[H, T]) sameKey(one *Copy, s *record.Schema) {
	if one.schema == s {
		return
	}
	one.schema = s
	if one.Key != nil && !slices.Equal(one.Key, keyNames(s)) {
		c.rekeyed(one)
		one.schema = s
	}
}

func (c *Copier[H, T]) rekeyed(one *Copy) {
	c.log.Logger.Warn("a table is copied from its beginning again: its key is another one now", "table", one.Table.String())
	c.giveUp(one)
	one.restart()
	c.changed = true
}

// copied tells that a row's key is among those that were copied.
func (c *Copier[H, T]) copied(ctx context.Context, one *Copy, r record.Row) (bool, error) {
	if one.After == nil {
		return false, nil
	}
	text := appendKey(nil, r)
	if c.last.of == one && slices.Equal(c.last.key, text) {
		return c.last.copied, nil
	}
	by, err := compare(ctx, c.tables, one.Table, keyOf(r), one.After)
	if err != nil {
		return false, err
	}
	c.last = asked{of: one, key: text, copied: by <= 0}
	return c.last.copied, nil
}

// between tells that a key is behind what was copied, and not behind the chunk.
func (c *Copier[H, T]) between(ctx context.Context, ch *chunk[H], r record.Row) (bool, error) {
	s := Segment{Chunk: Chunk{Table: ch.of.Table}, After: ch.of.After, Through: ch.through}
	if ch.ended {
		s.Through = nil
	}
	return s.contains(ctx, c.tables, keyOf(r))
}

func keyNames(s *record.Schema) []string {
	names := make([]string, len(s.Key))
	for i, k := range s.Key {
		names[i] = s.Columns[k].Name
	}
	return names
}
