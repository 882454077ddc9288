package sqlservercdc

import (
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// TestFollows asks for the tables that are captured, and the columns of those
// that matter.
func TestFollows(t *testing.T) {
	_, _, url := small(t)
	r := build(t, url, nil).reader.(plugin.Follower)
	names, schemas, err := r.Follows(t.Context(), func(n record.Name) bool { return n.Table == "t" })
	if err != nil || len(names) != 1 || len(schemas) != 1 {
		t.Fatalf("%v, %v, %v", names, schemas, err)
	}
	if s := schemas[0]; s.Name != names[0] || s.Name.Schema != "dbo" || s.Data != 2 || s.Columns[1].Name != "v" || len(s.Key) != 1 || s.Key[0] != 0 {
		t.Errorf("%+v", s)
	}
	if names, schemas, err := r.Follows(t.Context(), func(record.Name) bool { return false }); err != nil || len(names) != 1 || len(schemas) != 0 {
		t.Errorf("%v, %v, %v", names, schemas, err)
	}
}
