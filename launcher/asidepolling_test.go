package launcher_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
)

// told is a log that tells when a text is in it.
type told struct {
	text string
	once sync.Once
	is   chan struct{}
}

func (l *told) Write(p []byte) (int, error) {
	if strings.Contains(string(p), l.text) {
		l.once.Do(func() { close(l.is) })
	}
	return len(p), nil
}

// TestPollingGoesOnBesideALostTable: a table that is renamed while it is polled
// is set aside, the other one is followed; the next start follows both.
func TestPollingGoesOnBesideALostTable(t *testing.T) {
	s := newShop(t, shopTables("aa", "bb"), "CREATE TABLE aa (id INTEGER, v TEXT); CREATE TABLE bb (id INTEGER, v TEXT);")
	text := fmt.Sprintf(`{"job":{"content":[{
		"reader":{"name":"sqlitereader","parameter":{"path":%q,"column":["*"],"table":["aa","bb"],"increColumn":"id","polling":true,"pollingInterval":5,"pollingLag":0}},
		"writer":{"name":"sqlitewriter","parameter":{"path":%q,"table":"*","column":["*"]}}}],"setting":{"speed":{"channel":2}}}}`, filepath.Join(s.dir, "from.db"), filepath.Join(s.dir, "to.db"))
	start := func(seen func(table string), log *told) (stop func() *launcher.Result) {
		j, err := job.Parse([]byte(text), job.Options{File: "polling.json"})
		if err != nil {
			t.Fatal(err)
		}
		r, err := launcher.New(j, launcher.Options{Registry: amidRegistry(t, "sqlite", seen), StateDir: filepath.Join(s.dir, "state"), Log: slog.New(slog.NewTextHandler(log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		stopping, cancel := context.WithCancel(t.Context())
		ended := make(chan *launcher.Result)
		go func() { ended <- r.Run(t.Context(), stopping) }()
		return func() *launcher.Result { cancel(); return <-ended }
	}
	rows := make(chan string, 100)
	await := func(tables ...string) {
		for len(tables) > 0 {
			got := <-rows
			for i := range tables {
				if tables[i] == got {
					tables = append(tables[:i], tables[i+1:]...)
					break
				}
			}
		}
	}
	log := &told{text: "a split is set aside", is: make(chan struct{})}
	stop := start(func(table string) { rows <- table }, log)
	await("aa", "bb")
	s.exec(s.from, "ALTER TABLE bb RENAME TO b2")
	<-log.is
	for len(rows) > 0 {
		<-rows
	}
	s.exec(s.from, "INSERT INTO aa VALUES (3001, 'x')")
	await("aa")
	res := stop()
	if res.State != launcher.Drained {
		t.Errorf("the run is %s: %v", res.State, res.Err)
	}
	if res.ExitCode != launcher.ExitSetAside {
		t.Errorf("exit code %d, %v", res.ExitCode, res.Err)
	}
	for _, p := range res.Plan {
		if bad := p.Split.Table.Table == "bb"; bad != (p.Err != "") {
			t.Errorf("split %s of %s: error %q", p.Split.ID, p.Split.Table, p.Err)
		}
	}
	s.exec(s.from, "ALTER TABLE b2 RENAME TO bb; INSERT INTO aa VALUES (3002, 'x'); INSERT INTO bb VALUES (3001, 'x'), (3002, 'x')")
	for len(rows) > 0 {
		<-rows
	}
	stop = start(func(table string) { rows <- table }, &told{text: "nothing"})
	await("aa", "bb")
	if res := stop(); res.ExitCode != launcher.ExitOK {
		t.Errorf("the second run has ended with exit code %d, %v", res.ExitCode, res.Err)
	}
	for _, table := range []string{"aa", "bb"} {
		if got := s.count(table); got != "3002/3002" {
			t.Errorf("table %s has %s rows", table, got)
		}
	}
}
