package sqlwrite

import (
	"errors"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// TestMoved refuses both halves of a change of the key that lacks a value, and
// nothing else.
func TestMoved(t *testing.T) {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "k", Kind: record.Int64}, {Name: "v", Kind: record.Int64}}, 0)
	b := record.NewBatch(0, 0)
	put := func(op record.Op, key int64, whole bool) {
		b.Begin(s, op)
		b.Int64(key)
		if whole {
			b.Int64(1)
		} else {
			b.Absent()
		}
	}
	put(record.UpdateAfter, 1, false)
	put(record.Delete, 2, false)
	put(record.Insert, 3, true)
	b.Link()
	put(record.Delete, 4, false)
	put(record.Insert, 5, false)
	b.Link()
	put(record.Insert, 6, false)
	var refused *errclass.Rows
	if err := moved(b); !errors.As(err, &refused) || len(refused.Bad) != 2 || refused.Bad[0].Index != 3 || refused.Bad[1].Index != 4 || refused.Bad[1].Column != "v" || refused.Written {
		t.Errorf("refused is %+v", refused)
	}
}
