package launcher_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// TestKilledBesideTheLog kills a job again and again while it copies a damaged
// table again, because of a signal, and one that came to its list, beside the
// log: both come out as they are at the source.
func TestKilledBesideTheLog(t *testing.T) {
	db, slot := copySource(t)
	db.Exec(t, "CREATE SCHEMA target", "CREATE TABLE target.a (LIKE a INCLUDING ALL)", "CREATE TABLE target.b (LIKE b INCLUDING ALL)")
	writer := fmt.Sprintf(`{"name":"postgresqlwriter","parameter":{"username":%q,"password":%q,"connection":[{"jdbcUrl":%q,"schema":"target","table":["*"]}],"column":["*"],"mode":"update"}}`,
		servers.RootUser, servers.RootPassword, db.URL())
	both := strings.Replace(killCopyJob(killCopyReader(db.URL(), slot), writer), `"record":40000`, `"record":15000`, 1)
	one := strings.Replace(strings.Replace(both, `"public.a","public.b"`, `"public.a"`, 1), `,"record":15000`, "", 1)
	state := filepath.Join(t.TempDir(), "state")
	there := func(table, what string) func() bool {
		return func() bool { return len(db.Query(t, "SELECT 1 FROM target."+table+" WHERE "+what)) > 0 }
	}
	r := runJob(t, one, slot, state)
	r.until("the copy", there("a", fmt.Sprintf("id = %d", killCopyRows)))
	db.Exec(t, "INSERT INTO a VALUES (-1, 0, 'log')")
	r.until("the log", there("a", "id = -1"))
	r.stop()

	db.Exec(t, "DELETE FROM target.a WHERE id % 7 = 0", "UPDATE target.a SET n = -5 WHERE id % 11 = 0")
	store := checkpoint.NewFileStore(state)
	if _, err := store.Send(slot+"-0", plugin.Signal{Verb: plugin.SignalSnapshot, Tables: []record.Name{{Database: db.Name, Schema: "public", Table: "a"}}}); err != nil {
		t.Fatal(err)
	}
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	info, err := registry.Reader("pgwal")
	if err != nil {
		t.Fatal(err)
	}
	left := func() (tables int, rows int64) {
		c, err := store.Load(t.Context(), slot+"-0")
		if err != nil || c == nil {
			t.Fatal(err)
		}
		copying, err := info.Signals.Copying(c.Plan)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range copying.Tables {
			rows += one.Rows
		}
		return len(copying.Tables), rows
	}
	rnd := rand.New(rand.NewPCG(21, 22))
	k := killing{test: "TestKilledCopyChild", state: state, env: []string{"DATASYNC_TEST_KILL_COPY=" + both, "DATASYNC_TEST_KILL_NAME=" + slot, "DATASYNC_TEST_KILL_STATE=" + state},
		meanwhile: func() { changeCopied(t, db, rnd, 30) }}
	begun, amid := false, 0
	k.awaits = func() bool { // a chunk of a copy, or the end of all
		tables, rows := left()
		begun = begun || tables > 0
		return rows > 0 || begun && tables == 0
	}
	for n := 0; n < 12; n++ {
		if !k.once(t, time.Duration(rnd.IntN(1000))*time.Millisecond) {
			t.Fatal("a job without an end has ended")
		}
		if tables, rows := left(); tables > 0 && rows > 0 {
			amid++
		}
	}
	if t.Logf("killed %d times amid a copy", amid); amid == 0 {
		t.Error("it was never killed amid a copy: nothing is shown")
	}
	r = runJob(t, both, slot, state)
	r.until("the copies", func() bool { tables, _ := left(); return tables == 0 })
	db.Exec(t, "INSERT INTO b VALUES ('the end', 0, NULL)")
	r.until("the end", there("b", "name = 'the end'"))
	r.stop()
	for _, table := range []string{"a", "b"} {
		got := db.Query(t, fmt.Sprintf("SELECT count(*), (SELECT count(*) FROM %[1]s), (SELECT count(*) FROM target.%[1]s) FROM (SELECT * FROM %[1]s EXCEPT SELECT * FROM target.%[1]s) d", table))[0]
		if *got[0] != "0" || *got[1] != *got[2] {
			t.Errorf("table %s: %s rows of the source are missing or differ; it has %s rows, the target %s", table, *got[0], *got[1], *got[2])
		}
	}
}
