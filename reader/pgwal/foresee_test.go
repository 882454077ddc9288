package pgwal

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// TestForesee asks for what a plan stops at; neither leaves anything behind.
func TestForesee(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE loose (id int)", "CREATE PUBLICATION narrow FOR TABLE a")
	other := "other_" + db.Name
	db.Exec(t, "SELECT pg_create_logical_replication_slot('"+other+"', 'test_decoding')")
	t.Cleanup(func() { db.Exec(t, "SELECT pg_drop_replication_slot('"+other+"')") })
	for name, tt := range map[string]struct {
		more map[string]any
		says []string
	}{
		"all is there":           {map[string]any{"tableList": "a", "allowCreateSlot": true}, nil},
		"no slot":                {map[string]any{"tableList": "a", "allowCreateSlot": false}, []string{"does not exist: set allowCreateSlot"}},
		"slot of another":        {map[string]any{"tableList": "a", "slotName": other}, []string{"needs pgoutput"}},
		"no identity, no slot":   {map[string]any{"tableList": "loose", "allowCreateSlot": false}, []string{"does not exist", "REPLICA IDENTITY FULL"}},
		"a publication lacks":    {map[string]any{"tableList": []string{"a", "loose"}, "publicationName": "narrow", "allowCreateSlot": true}, []string{"ADD TABLE public.loose"}},
		"rows alone, no slot":    {map[string]any{"tableList": "loose", "start": map[string]any{"mode": "initial-only"}}, nil},
		"temporary needs none":   {map[string]any{"tableList": "a", "temporary": true}, nil},
		"inserts alone are fine": {map[string]any{"tableList": "loose", "cat": "insert", "allowCreateSlot": true}, nil},
	} {
		r := plugintest.NewReader(t, Info(), parameters(t, db, tt.more))
		err := r.(plugin.Foreseer).Foresee(t.Context())
		if len(tt.says) == 0 {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		_, planned := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
		for _, says := range tt.says {
			for _, err := range []error{err, planned} {
				if err == nil || !strings.Contains(err.Error(), says) || errclass.Of(err) != errclass.Config {
					t.Errorf("%s: got %v, want %q", name, err, says)
				}
			}
		}
	}
	if n := *db.Query(t, "SELECT count(*) FROM pg_publication")[0][0]; n != "1" {
		t.Errorf("%s publications are there now", n)
	}
}

// TestLastPositionIsTold closes a stream right after a position was stored.
func TestLastPositionIsTold(t *testing.T) {
	db := prepared(t, "CREATE TABLE a (id int PRIMARY KEY)")
	f := follow(t, parameters(t, db, map[string]any{"allowCreateSlot": true, "statusInterval": 3600}))
	for i := range 5 {
		db.Exec(t, "INSERT INTO a VALUES ("+string(rune('0'+i))+")")
		f.want([]string{"int64 " + string(rune('0'+i))})
		if err := f.source.(plugin.Acker).Ack(t.Context(), f.at.Position); err != nil {
			t.Fatal(err)
		}
		f.close()
		stored, err := parsePosition(f.at.Position)
		if err != nil {
			t.Fatal(err)
		}
		if got := *db.Query(t, "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE database = current_database() AND plugin = 'pgoutput'")[0][0]; got != stored.at.String() {
			t.Errorf("the slot is at %s, stored is %s", got, stored.at)
		}
		f.open()
	}
}
