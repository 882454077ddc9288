package launcher_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
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
	kills := 0
	for finished := false; !finished; {
		if kills > 200 {
			t.Fatal("no run has finished between 200 kills")
		}
		child := exec.Command(os.Args[0], "-test.run=^TestKilledSQLChild$")
		child.Env = append(os.Environ(), "DATASYNC_TEST_KILL_URL="+db.URL(), "DATASYNC_TEST_KILL_STATE="+state)
		var said bytes.Buffer
		child.Stdout, child.Stderr = &said, &said
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(100+rnd.IntN(200+20*kills))*time.Millisecond, func() { _ = child.Process.Kill() })
		err := child.Wait()
		timer.Stop()
		switch {
		case err == nil:
			finished = true
		case child.ProcessState.ExitCode() != -1:
			t.Fatalf("a run failed by itself: %v\n%s", err, &said)
		default:
			kills++
			c, err := checkpoint.NewFileStore(state).Load(t.Context(), "killsql-0")
			if err != nil {
				t.Fatal(err)
			}
			finished = c != nil && c.AfterDone
		}
	}
	sum := func(table string) string {
		r := db.Query(t, "SELECT count(*) || ' rows, sum ' || sum(hashtextextended(t::text, 0)::numeric) FROM "+table+" t")
		return *r[0][0]
	}
	t.Logf("%d runs were killed; %s", kills, sum("killed"))
	if kills == 0 {
		t.Error("no run was killed: nothing is shown")
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
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	j, err := job.Parse([]byte(killSQLJob(url, table)), job.Options{File: "killsql.json", ConfProp: `{"flink.checkpoint.interval":"50"}`})
	if err != nil {
		t.Fatal(err)
	}
	r, err := launcher.New(j, launcher.Options{Registry: registry, StateDir: state, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return r.Run(ctx, ctx)
}
