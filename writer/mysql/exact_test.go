package mysql

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

const (
	exactBatches = 400
	exactRows    = 50 // of a batch
	exactFaults  = 12
)

// TestExactlyOnce writes to a table without a key while the server is killed
// and the network is cut at any moment, also while a commit is on its way. Each
// attempt begins where the ledger says; at the end each row is there once.
func TestExactlyOnce(t *testing.T) {
	starts := map[string]func(testing.TB, ...servers.Option) servers.SQLServer{"MySQL": servers.StartMySQL, "MariaDB": servers.StartMariaDB}
	for product, start := range starts {
		t.Run(product, func(t *testing.T) {
			server := start(t, servers.WithProxy())
			db := server.DB(t)
			db.Exec(t, "CREATE TABLE e (id BIGINT, v VARCHAR(20), KEY (id))")
			parameters := strings.ReplaceAll(job(db, "e", map[string]any{"properties": map[string]string{"connectTimeout": "2000"}}), server.Addr(), server.ProxyAddr())
			random := rand.New(rand.NewPCG(3, 4))
			faults, attempts := 0, 0
			for at := 0; at < exactBatches; attempts++ {
				if attempts > 200 {
					t.Fatalf("%d of %d batches after %d attempts", at, exactBatches, attempts)
				}
				f := fault{at: exactBatches, begin: make(chan struct{}), done: make(chan struct{})}
				if faults < exactFaults {
					faults++
					f.at = random.IntN(exactBatches / exactFaults / 2)
				}
				err := f.during(func() { disturb(server, attempts%4 == 3) }, func() error { return exactAttempt(t.Context(), t, parameters, &at, f.step) })
				if err != nil && errclass.Of(err) != errclass.Transient {
					t.Fatalf("an end of the connection gave an error of class %s: %v", errclass.Of(err), err)
				}
			}
			l := newLab(t, db, quiet())
			if got, want := l.text("SELECT COUNT(*), COUNT(DISTINCT id), MIN(id), MAX(id) FROM "+db.Name+".e"), fmt.Sprintf("%d %[1]d 0 %d", exactBatches*exactRows, exactBatches*exactRows-1); got != want {
				t.Errorf("rows %s, want %s", got, want)
			}
			if attempts < 5 {
				t.Errorf("%d attempts: nothing is shown", attempts)
			}
		})
	}
}

// disturb kills the server and starts it again, or cuts the network.
func disturb(server servers.SQLServer, kill bool) {
	if kill {
		server.Kill()
		server.Restart()
		return
	}
	server.Cut()
	server.Restore()
}

// fault is something that happens amid an attempt: it begins with a batch, and
// is over before the tenth after it.
type fault struct {
	at, batch   int
	begin, done chan struct{}
}

// step is called before each batch.
func (f *fault) step() {
	switch f.batch {
	case f.at:
		close(f.begin)
	case f.at + 10:
		<-f.done
	}
	f.batch++
}

// during runs an attempt, and the other once the attempt has come to its batch.
func (f *fault) during(other func(), attempt func() error) error {
	ended := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(ended)
	wg.Go(func() {
		defer close(f.done)
		select {
		case <-f.begin:
			other()
		case <-ended:
		}
	})
	return attempt()
}

// exactAttempt writes from where the ledger says up to the end, or to an error.
// at is what is known to be durable, step is called before each batch.
func exactAttempt(ctx context.Context, t *testing.T, parameters string, at *int, step func()) (err error) {
	w := plugintest.NewWriter(t, Info(), parameters)
	run, stored, err := w.(plugin.Ledger).Claim(ctx, "exact", 1)
	if err != nil {
		return err
	}
	next := 0
	for _, p := range stored {
		var position struct{ Next int }
		if err := json.Unmarshal(p.Position, &position); err != nil {
			t.Fatal(err)
		}
		next = position.Next
	}
	if next < *at {
		t.Fatalf("the ledger is at batch %d, %d were durable", next, *at)
	}
	*at = next
	sink, err := w.Open(ctx, plugin.Task{Job: "exact", Run: run, Of: 1, Exact: true})
	if err != nil {
		return err
	}
	defer func() { _ = sink.Close() }()
	s := pairs("e")
	for n := next; n < exactBatches; n++ {
		b := batchOf(s, int64(n*exactRows), int64((n+1)*exactRows), "v") // of split 0
		b.Mark(fmt.Appendf(nil, `{"next":%d}`, n+1), time.Time{})
		step()
		if err := sink.Write(ctx, b); err != nil {
			return err
		}
		if n%7 != 0 && n != exactBatches-1 {
			continue
		}
		if err := sink.(plugin.Flusher).Flush(ctx); err != nil {
			return err
		}
		*at = n + 1
	}
	return nil
}

// TestFaults is what goes wrong with the target: the class of the error, and
// what it says.
func TestFaults(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, fmt.Sprintf(tables, "orders"), "CREATE TABLE plain (id INT PRIMARY KEY, v VARCHAR(5)) ENGINE = MyISAM", "CREATE VIEW seen AS SELECT * FROM orders",
			"CREATE TABLE parent (id INT PRIMARY KEY)", "CREATE TABLE child (id INT PRIMARY KEY, v VARCHAR(5) NOT NULL, p INT NOT NULL, FOREIGN KEY (p) REFERENCES parent (id))")
		db.Exec(t, "CREATE TABLE locked AS SELECT * FROM orders", "ALTER TABLE locked ADD PRIMARY KEY (id)", "INSERT INTO locked (id) VALUES (0), (1), (2)",
			"CREATE USER '"+db.Name+"'@'%' IDENTIFIED BY 'reader-Pass1'", "GRANT SELECT ON "+db.Name+".* TO '"+db.Name+"'@'%'")
		defer db.Exec(t, "DROP USER '"+db.Name+"'@'%'")
		holder := db.Connect(t)
		for _, sql := range []string{"BEGIN", "SELECT id FROM locked WHERE id = 1 FOR UPDATE"} {
			if _, err := holder.Execute(sql); err != nil {
				t.Fatal(err)
			}
		}
		list := []struct {
			name, table string
			more        map[string]any
			class       errclass.Class
			text        string
		}{
			{"missing table", "order", nil, errclass.Config, `did you mean "orders"?`},
			{"missing database", "nowhere_at_all.orders", nil, errclass.Config, "nowhere_at_all"},
			{"without transactions", "plain", nil, errclass.Config, "MyISAM"},
			{"view", "seen", nil, errclass.Config, "view"},
			{"missing column", "parent", nil, errclass.Config, `no column "c1"`},
			{"column that must be written", "child", map[string]any{"column": []string{"id"}}, errclass.Config, `"p"`},
			{"read only", "orders", map[string]any{"session": []string{"SET SESSION TRANSACTION READ ONLY"}, "semantic": "at-least-once"}, errclass.Config, "READ ONLY"},
			{"lock wait", "locked", map[string]any{"session": []string{"SET SESSION innodb_lock_wait_timeout = 1"}, "mode": "update", "semantic": "at-least-once"}, errclass.Transient, "1205"},
			{"may not insert", "orders", map[string]any{"username": db.Name, "password": "reader-Pass1", "semantic": "at-least-once"}, errclass.Config, "INSERT"},
			{"wrong password", "orders", map[string]any{"password": "guessed"}, errclass.Config, "check username and password"},
		}
		for _, tt := range list {
			t.Run(tt.name, func(t *testing.T) {
				err := shapeAndWrite(t.Context(), t, job(db, tt.table, tt.more))
				if errclass.Of(err) != tt.class || err == nil || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("class %s: %v, want class %s and %q", errclass.Of(err), err, tt.class, tt.text)
				}
				if err != nil && (strings.Contains(err.Error(), "guessed") || strings.Contains(err.Error(), servers.RootPassword)) {
					t.Errorf("the error names the password: %v", err)
				}
			})
		}
	})
}

// shapeAndWrite does what a job does up to the first batch.
func shapeAndWrite(ctx context.Context, t *testing.T, parameters string) error {
	w := plugintest.NewWriter(t, Info(), parameters)
	s := kinds("orders")
	if err := w.(plugin.Shaper).Shape(ctx, []*record.Schema{s}); err != nil {
		return err
	}
	sink, err := w.Open(ctx, plugin.Task{Job: "faults", Run: 1, Of: 1})
	if err != nil {
		return err
	}
	defer func() { _ = sink.Close() }()
	return sink.Write(ctx, plugintest.Rows(s, 0, 3))
}
