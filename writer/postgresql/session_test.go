package postgresql

import (
	"context"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// TestClaimSeesTheCommitItWaitedFor has an earlier run's last commit on its way
// while the job is claimed, in a database whose transactions see, unless told
// otherwise, what there was when they began.
func TestClaimSeesTheCommitItWaitedFor(t *testing.T) {
	for _, isolation := range []string{"read committed", "repeatable read", "serializable"} {
		t.Run(isolation, func(t *testing.T) {
			db := servers.PostgreSQL(t).DB(t)
			db.Exec(t, "CREATE TABLE t (id int PRIMARY KEY)", `ALTER DATABASE "`+db.Name+`" SET default_transaction_isolation = '`+isolation+`'`)
			w := plugintest.NewWriter(t, Info(), job(db, "t", nil))
			defer func() { _ = w.Close() }()
			claim := w.(plugin.Ledger).Claim
			first, _, err := claim(t.Context(), "j", 1)
			if err != nil {
				t.Fatal(err)
			}
			earlier := db.Connect(t)
			run := func(sql string) {
				t.Helper()
				if _, err := earlier.Exec(t.Context(), sql).ReadAll(); err != nil {
					t.Fatal(err)
				}
			}
			run("BEGIN ISOLATION LEVEL READ COMMITTED; SELECT run FROM datasync_ledger WHERE job = 'j' AND split = '' FOR SHARE;" +
				` INSERT INTO datasync_ledger (job, split, run, plan, done, position) VALUES ('j', 's', 1, 7, 0, '{"at":1}')`)
			type claimed struct {
				run    uint64
				stored []plugin.Progress
				err    error
			}
			got := make(chan claimed, 1)
			go func() {
				run, stored, err := claim(t.Context(), "j", 1)
				got <- claimed{run, stored, err}
			}()
			awaitLock(t, db)
			run("COMMIT")
			c := <-got
			if c.err != nil || c.run <= first || len(c.stored) != 1 || string(c.stored[0].Position) != `{"at":1}` {
				t.Errorf("run %d after %d, stored %+v, %v", c.run, first, c.stored, c.err)
			}
		})
	}
}

// awaitLock waits until somebody waits for a lock in the database.
func awaitLock(t *testing.T, db servers.PostgreSQLDatabase) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	over := time.After(30 * time.Second)
	for len(db.Query(t, "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")) == 0 {
		select {
		case <-look.C:
		case <-over:
			t.Fatal("nobody waits for a lock")
		}
	}
}

// TestCommitsAreDurable looks at what a session makes of a database whose
// commits do not wait for the disk: positions are stored after them.
func TestCommitsAreDurable(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	d := &driver{settings: settings(t, db)}
	for set, want := range map[string]string{"off": "local", "local": "local", "on": "on", "remote_apply": "remote_apply"} {
		db.Exec(t, `ALTER DATABASE "`+db.Name+`" SET synchronous_commit = `+set)
		s, err := d.Dial(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		rows, err := s.Query(t.Context(), "SELECT current_setting('synchronous_commit')")
		if err != nil || len(rows) != 1 || *rows[0][0] != want {
			t.Errorf("with synchronous_commit = %s a session has %v, %v; want %s", set, rows, err, want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
