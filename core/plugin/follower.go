package plugin

import (
	"context"

	"github.com/datasync-io/datasync/core/record"
)

// Follower is a Reader of changes that knows which tables it reads, as they are
// now: others may come. It has no [Describer]'s promise to make.
type Follower interface {
	// Follows returns the names of the tables, and the schemas of those that wants
	// is true for. It is called before the first row, not by several goroutines.
	Follows(ctx context.Context, wants func(record.Name) bool) ([]record.Name, []*record.Schema, error)
}
