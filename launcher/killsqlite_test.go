package launcher_test

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/launcher"
)

const killSQLiteRows = 150_000 // of each of two channels

func killSQLiteJob(path, table string) string {
	return fmt.Sprintf(`{"job":{"content":[{
		"reader":{"name":"streamreader","parameter":{"seed":"7","sliceRecordCount":[%d,%d],"column":[{"name":"id","type":"id"},{"name":"name","type":"string"},{"name":"price","type":"decimal"}]}},
		"writer":{"name":"sqlitewriter","parameter":{"path":%q,"table":%q,"column":["*"],"flushIntervalMills":10}}}],
		"setting":{"speed":{"channel":2},"restore":{"isRestore":true},"errorLimit":{"record":10000}}}}`, killSQLiteRows, killSQLiteRows, path, table)
}

// TestKilledRunsWriteOnceToAFile kills a process that inserts rows, some of
// which are refused, into a SQLite table without a key, with SIGKILL at random
// instants, commits included, and starts it again until one has finished: each
// row is there once.
func TestKilledRunsWriteOnceToAFile(t *testing.T) {
	dir := t.TempDir()
	path, state := filepath.Join(dir, "shop.db"), filepath.Join(dir, "state")
	conn, err := sqlitekit.Open(path, sqlitekit.Settings{Create: true, Busy: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	const columns = "(id INTEGER, name TEXT, price TEXT, CHECK (id % 9973 <> 9972));"
	if err := conn.Exec(t.Context(), "PRAGMA journal_mode = WAL; CREATE TABLE whole "+columns+"CREATE TABLE killed "+columns); err != nil {
		t.Fatal(err)
	}
	if r := runKillSQLiteJob(t.Context(), t, path, "whole", filepath.Join(dir, "state-whole")); r.Err != nil {
		t.Fatal(r.Err)
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	killing{test: "TestKilledSQLiteChild", state: state, identity: "killsqlite-0", most: 200,
		env:   []string{"DATASYNC_TEST_KILL_FILE=" + path, "DATASYNC_TEST_KILL_STATE=" + state},
		after: func(kills int) time.Duration { return time.Duration(60+rnd.IntN(100+60*kills)) * time.Millisecond },
	}.run(t)
	seed := maphash.MakeSeed()
	want, got := tableContents(t, conn, "whole", seed), tableContents(t, conn, "killed", seed)
	if want.lines == 0 || got != want {
		t.Errorf("the killed runs have written %d rows, want %d, the same ones", got.lines, want.lines)
	}
}

// tableContents reads a table of text and numbers.
func tableContents(t *testing.T, conn *sqlitekit.Conn, table string, seed maphash.Seed) (all multiset) {
	t.Helper()
	err := conn.Rows(t.Context(), "SELECT id || '|' || name || '|' || price FROM "+table, func(row []*string) error {
		all.lines++
		all.sum += maphash.String(seed, *row[0])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestKilledSQLiteChild(t *testing.T) {
	path := os.Getenv("DATASYNC_TEST_KILL_FILE")
	if path == "" {
		return // the child's part
	}
	if r := runKillSQLiteJob(t.Context(), t, path, "killed", os.Getenv("DATASYNC_TEST_KILL_STATE")); r.Err != nil {
		t.Fatal(r.Err)
	}
}

func runKillSQLiteJob(ctx context.Context, t *testing.T, path, table, state string) *launcher.Result {
	t.Helper()
	r := runText(ctx, t, killSQLiteJob(path, table), "killsqlite.json", "", state, "50")
	if r.Guarantee != "exactly once" {
		t.Errorf("the job's guarantee is %q", r.Guarantee)
	}
	return r
}
