package sqlservercdc

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
	"github.com/datasync-io/datasync/core/record"
)

// TestCannotCopy lets what copying needs be missing.
func TestCannotCopy(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(db *tdsdb.Database)
		class errclass.Class
		parts []string
	}{
		"permission": {func(db *tdsdb.Database) { db.HideState() }, errclass.Config, []string{"GRANT VIEW DATABASE STATE"}},
		"delayed":    {func(db *tdsdb.Database) { db.Delay() }, errclass.Config, []string{"DELAYED_DURABILITY = DISABLED"}},
		"agent":      {func(db *tdsdb.Database) { db.Lag(math.MaxInt); db.StopCapture(0, "Stopped") }, errclass.Transient, []string{"SQL Server Agent is stopped", "dbo.t"}},
		"secondary": {func(db *tdsdb.Database) {
			db.Intercept(answer("dm_db_log_stats", tdspeer.Reply{Results: []tdspeer.Result{{Columns: []tdspeer.Column{column("log_end_lsn", "nvarchar(24)", true)}}}}))
		}, errclass.Config, []string{"secondary replica"}},
		"old": {func(db *tdsdb.Database) {
			db.Intercept(answer("dm_db_log_stats", tdspeer.Reply{Errors: []tdspeer.Error{{Number: 208, Message: "Invalid object name 'sys.dm_db_log_stats'."}}}))
		}, errclass.Config, []string{"SQL Server 2016 SP2"}},
		"no LSN": {func(db *tdsdb.Database) {
			db.Intercept(answer("dm_db_log_stats", tdspeer.Reply{Results: []tdspeer.Result{{
				Columns: []tdspeer.Column{column("log_end_lsn", "nvarchar(24)"), column("clock", "datetime2(7)"), column("delayed_durability", "int"), column("replica_id", "int", true)},
				Rows:    [][]any{{"what", time.Now().UTC(), int64(0), nil}},
			}}}))
		}, errclass.Permanent, []string{"what"}},
		"gone": {func(db *tdsdb.Database) { db.Uncapture("dbo_t") }, errclass.Config, []string{"sp_cdc_enable_table"}},
		"purged": {func(db *tdsdb.Database) {
			db.Transact("INSERT INTO t VALUES (8, 'a')")
			db.Purge(db.Transact("INSERT INTO t VALUES (9, 'a')"))
		}, errclass.PositionLost, []string{"the cleanup job", "onPositionLost"}},
		"never still": {func(db *tdsdb.Database) {
			db.Intercept(answer(sqlFix(record.Name{Schema: "dbo", Table: "t"}), tdspeer.Reply{Errors: []tdspeer.Error{{Number: 3961, Message: "accessed object was modified by DDL"}}}))
		}, errclass.Transient, []string{"it is changed all the time"}},
	} {
		t.Run(name, func(t *testing.T) {
			db, _, url := small(t)
			f := build(t, url, starting("initial", nil))
			split := planned(t, f)[0]
			c.spoil(db)
			_, _, err := f.copied(split)
			wantError(t, err, c.class, c.parts...)
			if name == "permission" || name == "old" {
				wantError(t, f.reader.(plugin.Prober).Probe(t.Context()), c.class, c.parts...)
			}
		})
	}
}

// answer replies to a request that has some words.
func answer(words string, with tdspeer.Reply) func(q *tdspeer.Request) *tdspeer.Reply {
	return func(q *tdspeer.Request) *tdspeer.Reply {
		if strings.Contains(q.SQL, words) {
			return &with
		}
		return nil
	}
}

// TestCaptureJobStands lets the capture job stand though its agent runs: that
// is said, until the job is told to stop.
func TestCaptureJobStands(t *testing.T) {
	db, _, url := small(t)
	f := build(t, url, starting("initial", nil))
	f.reader.(*reader).patience = 0
	split := planned(t, f)[0]
	db.Lag(math.MaxInt)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := f.reader.Open(ctx, plugin.Progress{Split: split})
		done <- err
	}()
	for !f.logged.has("its job cdc.shop_capture") {
		select {
		case err := <-done:
			t.Fatal(err)
		case <-f.logged.more():
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("opening gave %v", err)
	}
}

// TestTooLarge refuses to hold a table in memory that has no order.
func TestTooLarge(t *testing.T) {
	db, url := peer(t)
	db.ForbidSnapshot()
	for i := range 100 {
		db.Transact(fmt.Sprintf("INSERT INTO log VALUES (%d, 'a text')", i))
	}
	f := build(t, url, map[string]any{"tableList": "log", "start": map[string]any{"mode": "initial"}})
	split := planned(t, f)[0]
	rows, _, err := f.copied(split)
	if err != nil || len(rows) != 100 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	f.reader.(*reader).pieceBytes = 1000
	_, _, err = f.copied(split)
	wantError(t, err, errclass.Config, "shop.dbo.log", "ALLOW_SNAPSHOT_ISOLATION")
}

// TestForeignChunks refuses what another job has stored.
func TestForeignChunks(t *testing.T) {
	_, _, url := small(t)
	f := build(t, url, starting("initial", nil))
	split := planned(t, f)[0]
	resume := func(p plugin.Progress) error {
		_, err := f.reader.(plugin.Resumer).Resume(t.Context(), 1, []plugin.Progress{p})
		return err
	}
	other := split
	other.Spec = []byte(strings.ReplaceAll(string(split.Spec), "shop", "shed"))
	bad := split
	bad.Spec = []byte(`{"v":9}`)
	for _, p := range []plugin.Progress{{Split: other}, {Split: bad}, {Split: split, Position: []byte(`{}`)}} {
		wantError(t, resume(p), errclass.PositionLost, "-fresh")
	}
	if _, err := f.reader.Open(t.Context(), plugin.Progress{Split: bad}); errclass.Of(err) != errclass.PositionLost {
		t.Errorf("a foreign chunk was opened: %v", err)
	}
}

// TestCopiedAgain removes changes before they are read: the tables are copied
// again and changes are followed from there; a copy during which that happens
// again is the last.
func TestCopiedAgain(t *testing.T) {
	db, _, url := small(t)
	db.ForbidSnapshot()
	f := follow(t, url, map[string]any{"onPositionLost": "snapshot"})
	purge := func() {
		t.Helper()
		db.Transact("UPDATE t SET v = 'b'")
		db.Purge(db.Transact("UPDATE t SET v = 'c'"))
	}
	db.Transact("INSERT INTO t VALUES (1, 'a'), (2, 'a')")
	f.want([]string{"int64 1", "string a"}, []string{"int64 2", "string a"})
	purge()
	lostNow := func(err error, again bool) {
		t.Helper()
		wantError(t, err, errclass.PositionLost, "the cleanup job")
		if errors.Is(err, plugin.ErrReplan) != again {
			t.Fatalf("the error is %v", err)
		}
	}
	err := f.fill()
	for err == nil {
		err = f.fill()
	}
	lostNow(err, true)
	f.close()
	if !f.logged.has("POSITION LOST") {
		t.Errorf("the log is %s", f.logged.text.String())
	}
	splits := planned(t, f)
	p := f.must(splits[0], []string{"int64 1", "string c"}, []string{"int64 2", "string c"})
	f.goOn(p)
	db.Transact("DELETE FROM t WHERE id = 1")
	f.want([]string{"op delete", "int64 1", "string c"})
	f.close()

	// While the rows are copied, and before changes are read.
	f.reader.(*reader).pieceBytes = 1
	db.Transact("WITH RECURSIVE g(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM g WHERE i < 3000) INSERT INTO t SELECT i, NULL FROM g")
	split := planned(t, f)[0]
	src, err := f.reader.Open(t.Context(), plugin.Progress{Split: split})
	if err != nil {
		t.Fatal(err)
	}
	purge()
	for b := record.NewBatch(0, 0); err == nil; {
		b.Reset("")
		err = src.Fill(t.Context(), b)
	}
	lostNow(errors.Join(err, src.Close()), false)
}
