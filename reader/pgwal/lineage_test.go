package pgwal

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// at spells a position and opens the log there.
func (f *follower) openAt(at string, timeline int) error {
	f.t.Helper()
	p := f.at
	p.Position = json.RawMessage(fmt.Sprintf(`{"v":1,"at":%q,"timeline":%d}`, at, timeline))
	s, err := f.reader.Open(f.t.Context(), p)
	if err == nil {
		err = s.Close()
	}
	return err
}

// TestPromoted promotes the server: a job that has read what is in the new
// timeline goes on, one that has read what is not there any more is told.
func TestPromoted(t *testing.T) {
	server := servers.StartPostgreSQL(t)
	db := server.DB(t)
	db.Exec(t, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE PUBLICATION dtstack_flinkx FOR ALL TABLES",
		fmt.Sprintf("SELECT pg_create_logical_replication_slot('%s_s', 'pgoutput')", db.Name))
	f := follow(t, parameters(t, db, nil))
	db.Exec(t, "INSERT INTO a VALUES (1)")
	f.want([]string{"int64 1"})
	if at := string(f.at.Position); !strings.Contains(at, `"timeline":1`) {
		t.Fatalf("the position is %s", at)
	}
	f.close()
	const end = "SELECT pg_current_wal_flush_lsn()"
	if err := f.openAt("FFFF/0", 1); errclass.Of(err) != errclass.PositionLost || !strings.Contains(err.Error(), "ends at") {
		t.Errorf("beyond the end of the log: %v", err)
	}
	signal := *db.Query(t, "SELECT current_setting('data_directory')")[0][0] + "/standby.signal"
	db.Exec(t, "COPY (SELECT '') TO '"+signal+"'", "CHECKPOINT")
	server.Restart()
	if err := f.openAt("FFFF/0", 1); errclass.Of(err) != errclass.Transient {
		t.Errorf("beyond what a standby has: %s error %v", errclass.Of(err), err)
	}
	if got := db.Query(t, "SELECT pg_promote()"); *got[0][0] != "t" {
		t.Fatal("the server was not promoted")
	}
	db.Exec(t, "INSERT INTO a VALUES (2)", "INSERT INTO a VALUES (3)")
	for at, timeline := range map[string]int{*db.Query(t, end)[0][0]: 1, "0/0": 7} {
		if err := f.openAt(at, timeline); errclass.Of(err) != errclass.PositionLost {
			t.Errorf("read up to %s on timeline %d: %v", at, timeline, err)
		}
	}
	f.open()
	f.want([]string{"int64 2"}, []string{"int64 3"})
	var last struct{ Timeline int }
	for last.Timeline != 2 { // the mark may come behind the rows
		f.batch.Reset(f.at.Split.ID)
		if err := f.source.Fill(t.Context(), f.batch); err != nil {
			t.Fatal(err)
		}
		for _, m := range f.batch.Marks() {
			f.at.Position = m.Position
			if err := json.Unmarshal(m.Position, &last); err != nil {
				t.Fatal(err)
			}
		}
	}
}
