package launcher_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/launcher"
)

const killSQLRows = 100_000 // of each of two channels

func killSQLJob(url, table string) string {
	return fmt.Sprintf(`{"job":{"content":[{
		"reader":{"name":"streamreader","parameter":{"seed":"7","sliceRecordCount":[%d,%d],"column":[{"name":"id","type":"id"},{"name":"name","type":"string"},{"name":"price","type":"decimal"}]}},
		"writer":{"name":"postgresqlwriter","parameter":{"username":%q,"password":%q,"connection":[{"jdbcUrl":%q,"table":%q}],"column":["*"],"flushIntervalMills":20}}}],
		"setting":{"speed":{"channel":2},"restore":{"isRestore":true},"errorLimit":{"record":10000}}}}`, killSQLRows, killSQLRows, servers.RootUser, servers.RootPassword, url, table)
}

// TestKilledRunsWriteOnce kills a process that inserts rows into a table
// without a key, with SIGKILL at random instants, commits included, and starts
// it again until one has finished: each row is there once, since its position
// is part of its transaction.
func TestKilledRunsWriteOnce(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE whole (id bigint, name text, price numeric, CHECK (id % 9973 <> 9972))", "CREATE TABLE killed (LIKE whole INCLUDING ALL)")
	dir := t.TempDir()
	if r := runKillSQLJob(t.Context(), t, db.URL(), "whole", filepath.Join(dir, "state-whole")); r.Err != nil {
		t.Fatal(r.Err)
	}
	state := filepath.Join(dir, "state")
	rnd := rand.New(rand.NewPCG(3, 4))
	killing{test: "TestKilledSQLChild", state: state, identity: "killsql-0", most: 200,
		env:   []string{"DATASYNC_TEST_KILL_URL=" + db.URL(), "DATASYNC_TEST_KILL_STATE=" + state},
		after: func(kills int) time.Duration { return time.Duration(100+rnd.IntN(200+20*kills)) * time.Millisecond },
	}.run(t)
	sum := func(table string) string {
		r := db.Query(t, "SELECT count(*) || ' rows, sum ' || sum(hashtextextended(t::text, 0)::numeric) FROM "+table+" t")
		return *r[0][0]
	}
	if want, got := sum("whole"), sum("killed"); got != want {
		t.Errorf("the killed runs have written %s, want %s", got, want)
	}
}

func TestKilledSQLChild(t *testing.T) {
	url := os.Getenv("DATASYNC_TEST_KILL_URL")
	if url == "" {
		return // the child's part
	}
	if r := runKillSQLJob(t.Context(), t, url, "killed", os.Getenv("DATASYNC_TEST_KILL_STATE")); r.Err != nil {
		t.Fatal(r.Err)
	}
}

func runKillSQLJob(ctx context.Context, t *testing.T, url, table, state string) *launcher.Result {
	t.Helper()
	return runText(ctx, t, killSQLJob(url, table), "killsql.json", "", state, "50")
}
