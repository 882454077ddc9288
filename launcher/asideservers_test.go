package launcher_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// amidWriter tells what is about to be written.
type amidWriter struct {
	plugin.Writer
	plugin.Ledger
	plugin.Shaper
	plugin.Hooks
	amid func(table string)
}

type amidSink struct {
	plugin.Sink
	plugin.Flusher
	amid func(table string)
}

func (w *amidWriter) Open(ctx context.Context, t plugin.Task) (plugin.Sink, error) {
	s, err := w.Writer.Open(ctx, t)
	if err != nil {
		return nil, err
	}
	return &amidSink{s, s.(plugin.Flusher), w.amid}, nil
}

func (s *amidSink) Write(ctx context.Context, b *record.Batch) error {
	if b.Len() > 0 {
		s.amid(b.Row(0).Schema().Name.Table)
	}
	return s.Sink.Write(ctx, b)
}

// amidRegistry is the registry whose writer of one name tells what it does.
func amidRegistry(t *testing.T, writer string, amid func(table string)) *plugin.Registry {
	t.Helper()
	all, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	info, err := all.Writer(writer)
	if err != nil {
		t.Fatal(err)
	}
	var readers []plugin.ReaderInfo
	for _, r := range all.Readers() {
		readers = append(readers, *r)
	}
	registry, err := plugin.NewRegistry(readers, []plugin.WriterInfo{{Name: writer, Config: info.Config, New: func(env plugin.Env, d *config.Decoder) (plugin.Writer, error) {
		w, err := info.New(env, d)
		if err != nil {
			return nil, err
		}
		return &amidWriter{w, w.(plugin.Ledger), w.(plugin.Shaper), w.(plugin.Hooks), amid}, nil
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return registry
}

type target interface {
	URL() string
	Exec(t testing.TB, statements ...string)
}

// TestTargetsOfServersAreSetAside: one target is missing, one lacks a column, one
// lacks a key, one is dropped before its first row and one amid its rows; the
// others are copied whole.
func TestTargetsOfServersAreSetAside(t *testing.T) {
	const rows = 15_000
	for name, tt := range map[string]struct {
		from, to       func(t testing.TB) target
		reader, writer string
		series         string // a statement that adds rows
	}{
		"mysql to postgresql": {func(t testing.TB) target { return servers.MySQL(t).DB(t) }, func(t testing.TB) target { return servers.PostgreSQL(t).DB(t) }, "mysql", "postgresql",
			"INSERT INTO %s WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM s WHERE n < %d) SELECT n, REPEAT('x', 2000) FROM s"},
		"postgresql to mariadb": {func(t testing.TB) target { return servers.PostgreSQL(t).DB(t) }, func(t testing.TB) target { return servers.MariaDB(t).DB(t) }, "postgresql", "mysql",
			"INSERT INTO %s SELECT n, repeat('x', 2000) FROM generate_series(1, %d) n"},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := tt.from(t), tt.to(t)
			if tt.reader == "mysql" {
				tt.series = "SET cte_max_recursion_depth = 100000;" + tt.series
			}
			for _, table := range []string{"whole", "missing", "narrow", "nokey", "early", "late"} {
				n := 100
				if table == "late" || table == "whole" {
					n = rows
				}
				from.Exec(t, append([]string{"CREATE TABLE " + table + " (id int PRIMARY KEY, v text)"}, strings.Split(fmt.Sprintf(tt.series, table, n), ";")...)...)
				switch table {
				case "missing":
				case "narrow":
					to.Exec(t, "CREATE TABLE narrow (id int PRIMARY KEY)")
				case "nokey":
					to.Exec(t, "CREATE TABLE nokey (id int, v text)")
				default:
					to.Exec(t, "CREATE TABLE "+table+" (id int PRIMARY KEY, v text)")
				}
			}
			var dropping sync.WaitGroup
			var early, late sync.Once
			registry := amidRegistry(t, tt.writer, func(table string) {
				if table != "early" {
					early.Do(func() { to.Exec(t, "DROP TABLE early") })
				}
				if table == "late" {
					late.Do(func() { dropping.Go(func() { to.Exec(t, "DROP TABLE late") }) }) // waits for the transaction
				}
			})
			text := fmt.Sprintf(`{"job":{"content":[{
				"reader":{"name":"%sreader","parameter":{"username":%[2]q,"password":%[3]q,"column":["*"],"connection":[{"jdbcUrl":%[4]q,"table":["whole","missing","narrow","nokey","early","late"]}]}},
				"writer":{"name":"%[5]swriter","parameter":{"username":%[2]q,"password":%[3]q,"column":["*"],"mode":"update","connection":[{"jdbcUrl":%[6]q,"table":"*"}],"flushIntervalMills":50}}}]}}`,
				tt.reader, servers.RootUser, servers.RootPassword, from.URL(), tt.writer, to.URL())
			j, err := job.Parse([]byte(text), job.Options{File: "tables.json"})
			if err != nil {
				t.Fatal(err)
			}
			r, err := launcher.New(j, launcher.Options{Registry: registry, StateDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			res := r.Run(t.Context(), t.Context())
			dropping.Wait()
			if res.ExitCode != launcher.ExitSetAside {
				t.Errorf("exit code %d: %v", res.ExitCode, res.Err)
			}
			want := map[string]string{"missing": "no such table", "narrow": `no column "v"`, "nokey": "name a uniqueKey", "early": "rows that were in it", "late": "rows that were in it"}
			for _, p := range res.Plan {
				why, bad := want[p.Split.Table.Table]
				if bad == p.Done || bad != (p.Err != "") || !strings.Contains(p.Err, why) {
					t.Errorf("split %s of %s: done %t, error %q, want %q", p.Split.ID, p.Split.Table, p.Done, p.Err, why)
				}
			}
			to.Exec(t, fmt.Sprintf("CREATE TABLE check_whole (n int, CHECK (n = %d))", rows), "INSERT INTO check_whole SELECT count(*) FROM whole")
		})
	}
}
