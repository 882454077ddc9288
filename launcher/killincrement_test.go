package launcher_test

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlitekit"
)

func incrementJob(db, dir string) string {
	return fmt.Sprintf(`{"job":{"content":[{
		"reader":{"name":"sqlitereader","parameter":{"path":%q,"table":"orders","column":["id","at"],"increColumn":"at"}},
		"writer":{"name":"filewriter","parameter":{"path":%q,"fileName":"orders.csv","format":"csv","writeMode":"append"}}}]}}`, db, dir)
}

// TestKilledIncrementsLoseAndDoubleNothing starts an incremental job again and
// again while rows are added, also with the values and below the keys of those
// that were read, and kills most of its runs with SIGKILL at random instants.
// Nobody asks for a resume.
func TestKilledIncrementsLoseAndDoubleNothing(t *testing.T) {
	dir := t.TempDir()
	db, out, state := filepath.Join(dir, "shop.db"), filepath.Join(dir, "out"), filepath.Join(dir, "state")
	conn, err := sqlitekit.Open(db, sqlitekit.Settings{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()
	exec := func(sql string) {
		t.Helper()
		if err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("PRAGMA journal_mode = WAL; CREATE TABLE orders (id INTEGER PRIMARY KEY, at INTEGER); CREATE INDEX orders_at ON orders (at)")
	rnd := rand.New(rand.NewPCG(3, 4))
	var want strings.Builder
	n := 0
	add := func(rows int) {
		t.Helper()
		var values []string
		for range rows {
			n++
			id := n * (1 - 2*(n%2)) // every other one below all others
			values = append(values, fmt.Sprintf("(%d, %d)", id, n/700))
			fmt.Fprintf(&want, "%d,%d\n", id, n/700)
		}
		exec("INSERT INTO orders VALUES " + strings.Join(values, ","))
	}
	kills := 0
	for round := range 40 {
		add(1 + rnd.IntN(6000))
		killed := incrementChild(t, db, out, state, time.Duration(5+rnd.IntN(35))*time.Millisecond, func() { add(1 + rnd.IntN(300)) })
		if killed {
			kills++
		} else if round%5 == 0 {
			add(1) // ties
		}
	}
	for range 2 { // the first may have only the last step of a killed run to do
		if incrementChild(t, db, out, state, time.Minute, func() {}) {
			t.Fatal("a run has not ended within a minute")
		}
	}
	t.Logf("%d runs were killed", kills)
	if kills == 0 {
		t.Error("no run was killed: nothing is shown")
	}
	seed := maphash.MakeSeed()
	var all multiset
	for line := range bytes.Lines([]byte(want.String())) {
		all.lines++
		all.sum += maphash.Bytes(seed, line)
	}
	if got := contents(t, out, seed); got != all {
		t.Errorf("%d rows arrived, want %d, the same ones", got.lines, all.lines)
	}
}

// incrementChild runs the job in a process of its own, kills it after some
// time, and does something while it runs.
func incrementChild(t *testing.T, db, out, state string, after time.Duration, meanwhile func()) (killed bool) {
	t.Helper()
	return killing{test: "TestKilledIncrementChild", meanwhile: meanwhile,
		env: []string{"DATASYNC_TEST_KILL_DB=" + db, "DATASYNC_TEST_KILL_OUT2=" + out, "DATASYNC_TEST_KILL_STATE=" + state},
	}.once(t, after)
}

func TestKilledIncrementChild(t *testing.T) {
	db := os.Getenv("DATASYNC_TEST_KILL_DB")
	if db == "" {
		return // the child's part
	}
	if r := runText(context.Background(), t, incrementJob(db, os.Getenv("DATASYNC_TEST_KILL_OUT2")), "increment.json", "", os.Getenv("DATASYNC_TEST_KILL_STATE"), "5"); r.Err != nil {
		t.Fatal(r.Err)
	}
}
