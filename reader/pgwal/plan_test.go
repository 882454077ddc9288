package pgwal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// TestPlanHoldsDefinitionsOnce plans the log after chunks of which the first
// alone says what the tables are.
func TestPlanHoldsDefinitionsOnce(t *testing.T) {
	tables := `{"tables":["a","b"]}`
	log := &spec{V: version, Slot: "s", After: "0/1", Tables: json.RawMessage(tables)}
	for _, aside := range []bool{false, true} {
		now := make([]plugin.Progress, 3)
		sp := log
		for i := range now {
			split, err := chunkSpec{V: version, Log: sp, Chunk: handover.Chunk{Table: record.Name{Schema: "public", Table: fmt.Sprint("t", i)}}}.Split(0, sqlkit.Spec{Kind: sqlkit.All}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if has := bytes.Contains(split.Spec, []byte("tables")); has != (i == 0) {
				t.Errorf("chunk %d has the definitions: %v", i, has)
			}
			now[i] = plugin.Progress{Split: split, Position: json.RawMessage(`{"v":1,"high":{}}`), Done: true}
			sp = sp.brief()
		}
		if aside {
			now[0].Done, now[0].Position, now[0].Err = false, nil, "no such table"
		}
		next, err := (&reader{config: defaults()}).after(now)
		if err != nil || len(next) != 1 {
			t.Fatalf("got %v, %v", next, err)
		}
		got, _, err := parseSpec(next[0])
		if err != nil || string(got.Tables) != tables || got.Slot != "s" || len(got.Copied) != 3 {
			t.Errorf("the log is planned as %s, %v", next[0].Spec, err)
		}
	}
	if (*spec)(nil).brief() != nil {
		t.Error("no log is one")
	}
}

// TestTableThatCameBack plans the log after a chunk that ended unread, when its
// table was off the list: the table is copied beside the log.
func TestTableThatCameBack(t *testing.T) {
	log := &spec{V: version, Slot: "s", After: "0/1", Tables: json.RawMessage(`{"tables":[]}`)}
	var now []plugin.Progress
	for i, position := range []string{`{"v":1,"high":{}}`, ""} {
		split, err := chunkSpec{V: version, Log: log, Chunk: handover.Chunk{Table: record.Name{Schema: "public", Table: fmt.Sprint("t", i)}}}.Split(0, sqlkit.Spec{Kind: sqlkit.All}, nil)
		if err != nil {
			t.Fatal(err)
		}
		p := plugin.Progress{Split: split, Done: true}
		if position != "" {
			p.Position = json.RawMessage(position)
		}
		now = append(now, p)
	}
	next, err := (&reader{config: defaults()}).after(now)
	if err != nil || len(next) != 1 {
		t.Fatalf("got %v, %v", next, err)
	}
	if got, _, err := parseSpec(next[0]); err != nil || len(got.Copied) != 1 || got.Copied[0].Chunk.Table.Table != "t0" {
		t.Errorf("the log is planned as %s, %v", next[0].Spec, err)
	}
}

// TestTableIsGone opens a part of a table that is there no more.
func TestTableIsGone(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	r := plugintest.NewReader(t, Info(), parameters(t, db, map[string]any{"tableList": []string{"a"}, "start": map[string]any{"mode": "initial-only"}}))
	split, err := chunkSpec{V: version, Chunk: handover.Chunk{Table: record.Name{Schema: "public", Table: "a"}}}.Split(0, sqlkit.Spec{Kind: sqlkit.All}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Open(t.Context(), plugin.Progress{Split: split}); err == nil || !strings.Contains(err.Error(), "public.a") {
		t.Errorf("got %v", err)
	}
}
