package binlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// TestPlanHoldsDefinitionsOnce plans the log after chunks of which the first
// alone says what the tables are.
func TestPlanHoldsDefinitionsOnce(t *testing.T) {
	history := `{"tables":["a","b"]}`
	log := &LogSpec{V: specVersion, Start: &Position{Flavor: flavorMySQL, File: "bin.1", Offset: 4}, History: json.RawMessage(history)}
	for _, aside := range []bool{false, true} {
		now := make([]plugin.Progress, 3)
		spec := log
		for i := range now {
			split, err := chunkSpec{V: specVersion, Log: spec, Chunk: handover.Chunk{Table: record.Name{Database: "d", Table: fmt.Sprint("t", i)}}}.Split(0, sqlkit.Spec{Kind: sqlkit.All}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if has := bytes.Contains(split.Spec, []byte("history")); has != (i == 0) {
				t.Errorf("chunk %d has the definitions: %v", i, has)
			}
			now[i] = plugin.Progress{Split: split, Position: json.RawMessage(`{"v":1,"high":{}}`), Done: true}
			spec = spec.brief()
		}
		if aside {
			now[0].Done, now[0].Position, now[0].Err = false, nil, "no such table"
		}
		next, err := (&reader{}).after(now)
		if err != nil || len(next) != 1 {
			t.Fatalf("got %v, %v", next, err)
		}
		sp, err := parseLogSpec(next[0])
		if err != nil || string(sp.History) != history || sp.Start.File != "bin.1" || len(sp.Copied) != 3 {
			t.Errorf("the log is planned as %s, %v", next[0].Spec, err)
		}
	}
	if (*LogSpec)(nil).brief() != nil {
		t.Error("no log is one")
	}
}
