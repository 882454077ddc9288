package sqlread_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/client"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/reader/mysql"
	"github.com/datasync-io/datasync/reader/sqlite"
)

// cron runs a job again and again and keeps what the store would keep.
type cron struct {
	t    *testing.T
	info plugin.ReaderInfo
	zone *time.Location
	last []plugin.Progress
	log  strings.Builder
}

func (c *cron) reader(job string) plugin.Reader {
	c.t.Helper()
	env := plugintest.Env()
	env.Log, env.Zone = slog.New(slog.NewTextHandler(&c.log, nil)), time.UTC
	if c.zone != nil {
		env.Zone = c.zone
	}
	r, err := plugintest.BuildReader(env, c.info, job)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = r.Close() })
	return r
}

// plan plans a run.
func (c *cron) plan(job string) (plugin.Reader, []plugin.Progress, error) {
	r := c.reader(job)
	splits, err := plugintest.Plan(c.t.Context(), r, plugin.Plan{Channels: 1, Last: c.last})
	progress := make([]plugin.Progress, len(splits))
	for i := range splits {
		progress[i].Split = splits[i]
	}
	return r, progress, err
}

// run runs the job to its end and returns its rows.
func (c *cron) run(job string) string {
	c.t.Helper()
	r, plan, err := c.plan(job)
	if err != nil {
		c.t.Fatal(err)
	}
	var rows []string
	for i := range plan {
		for !plan[i].Done {
			rows = append(rows, c.some(r, &plan[i], -1)...)
		}
	}
	c.last = plan
	return strings.Join(rows, ", ")
}

// some reads up to so many marks, below 0 to the end, and loses what comes
// after the last.
func (c *cron) some(r plugin.Reader, p *plugin.Progress, marks int) []string {
	c.t.Helper()
	s, err := r.Open(c.t.Context(), *p)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			c.t.Error(err)
		}
	}()
	var rows, pending []string
	for b := record.NewBatch(0, 0); marks != 0; {
		b.Reset(p.Split.ID)
		b.SetTarget(2, 0)
		err := s.Fill(c.t.Context(), b)
		if err != nil && !errors.Is(err, io.EOF) {
			c.t.Fatal(err)
		}
		for i := range b.Len() {
			pending = append(pending, strings.Join(plugintest.Texts(b.Row(i)), " "))
		}
		for _, m := range b.Marks() {
			p.Position = m.Position
			rows, pending = append(rows, pending...), nil
			marks--
		}
		if err != nil {
			p.Done = true
			return rows
		}
	}
	return rows
}

func (c *cron) want(job, rows, start, end string) {
	c.t.Helper()
	if got := c.run(job); got != rows {
		c.t.Fatalf("read %s, want %s", got, rows)
	}
	var p struct{ StartLocation, EndLocation string }
	if err := json.Unmarshal(c.last[0].Position, &p); err != nil {
		c.t.Fatal(err)
	}
	if p.StartLocation != start || p.EndLocation != end {
		c.t.Fatalf("locations %q to %q, want %q to %q", p.StartLocation, p.EndLocation, start, end)
	}
}

func TestIncremental(t *testing.T) {
	f := newFile(t, orders, "INSERT INTO orders VALUES (5, 10, ''), (6, 10, ''), (7, -8, ''), (8, NULL, '')")
	c := &cron{t: t, info: sqlite.Info()}
	job := f.job(`"increColumn": "AT"`)
	c.want(job, "7 -8, 5 10, 6 10", "", "10")
	c.want(job, "", "10", "10")
	f.exec("INSERT INTO orders VALUES (3, 10, '')", "UPDATE orders SET at = 10 WHERE id = 7")
	c.want(job, "3 10, 7 10", "10", "10")
	f.exec("UPDATE orders SET at = 11 WHERE id = 8")
	c.want(job, "8 11", "10", "11")
	f.exec("DELETE FROM orders WHERE id = 8", "INSERT INTO orders VALUES (9, 10, '')")
	c.want(job, "", "11", "11") // late: below what was delivered
	if log := c.log.String(); strings.Contains(log, "startLocation") {
		t.Errorf("the log says %s", log)
	}
}

func TestIncrementalStartLocation(t *testing.T) {
	f := newFile(t, orders, "INSERT INTO orders VALUES (5, 10, ''), (6, 11, ''), (7, 12, '')")
	c := &cron{t: t, info: sqlite.Info()}
	from := func(start string) string { return f.job(`"increColumn": "at", "startLocation": ` + start) }
	c.want(from(`"10"`), "6 11, 7 12", "10", "12")
	c.want(from(`10`), "", "12", "12")
	f.exec("INSERT INTO orders VALUES (4, 12, ''), (8, 13, '')")
	c.want(from(`"12"`), "4 12, 8 13", "12", "13") // where the last run ended: it is gone on with
	c.want(from(`""`), "", "13", "13")
	if log := c.log.String(); strings.Contains(log, "startLocation is another") {
		t.Errorf("the log says %s", log)
	}
	c.want(from(`-1.5`), "5 10, 6 11, 4 12, 7 12, 8 13", "-1.5", "13")
	if log := c.log.String(); !strings.Contains(log, "startLocation is another") {
		t.Errorf("the log says %s", log)
	}
}

func TestIncrementalUseMaxFunc(t *testing.T) {
	f := newFile(t, orders, "INSERT INTO orders VALUES (5, 10, ''), (6, 11, ''), (7, 11, '')")
	c := &cron{t: t, info: sqlite.Info()}
	job := f.job(`"increColumn": "at", "useMaxFunc": true, "startLocation": 10`)
	c.want(job, "5 10", "10", "10")
	f.exec("INSERT INTO orders VALUES (1, 11, '')")
	c.want(job, "", "10", "10")
	f.exec("INSERT INTO orders VALUES (2, 12, '')")
	c.want(job, "1 11, 6 11, 7 11", "10", "11")
}

// TestIncrementalTables reads several tables, each from where it was.
func TestIncrementalTables(t *testing.T) {
	f := newFile(t, orders, "CREATE TABLE other (id INTEGER PRIMARY KEY, at INTEGER)", "CREATE TABLE third (id INTEGER PRIMARY KEY, at INTEGER)",
		"INSERT INTO orders VALUES (1, 5, '')", "INSERT INTO other VALUES (2, 7)", "INSERT INTO third VALUES (3, 1)")
	c := &cron{t: t, info: sqlite.Info()}
	job := func(tables string) string {
		return fmt.Sprintf(`{"path": %q, "table": [%s], "column": ["id", "at"], "increColumn": "at"}`, f.path, tables)
	}
	for _, run := range []struct{ tables, want string }{
		{`"orders", "other"`, "1 5, 2 7"},
		{`"orders", "other"`, ""},
		{`"third", "other", "orders"`, "3 1"},
		{`"orders", "third"`, ""},
	} {
		if got := c.run(job(run.tables)); got != run.want {
			t.Errorf("%s: read %s, want %s", run.tables, got, run.want)
		}
	}
	if _, _, err := c.plan(strings.Replace(job(`"orders", "other"`), `"increColumn": "at"`, `"increColumn": "at", "polling": true`, 1)); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "set speed.channel to 2") {
		t.Errorf("polling two tables by one channel: %v", err)
	}
}

// TestIncrementalWithoutKey leaves the rows of the largest value, and says so.
func TestIncrementalWithoutKey(t *testing.T) {
	f := newFile(t, orders, "INSERT INTO orders VALUES (5, 10, ''), (5000, 10, ''), (7, 11, '')")
	c := &cron{t: t, info: sqlite.Info()}
	job := fmt.Sprintf(`{"path": %q, "customSql": "select id, at from orders", "column": ["*"], "increColumn": 1}`, f.path)
	c.want(job, "5 10, 5000 10", "", "10")
	if !strings.Contains(c.log.String(), "no unique key") {
		t.Errorf("the log says %s", c.log.String())
	}
	f.exec("INSERT INTO orders VALUES (1, 11, ''), (2, 12, '')")
	if got := c.run(job); got != "7 11, 1 11" && got != "1 11, 7 11" {
		t.Errorf("read %s", got)
	}
}

// TestIncrementalResumes interrupts a run after every position: what was not
// durable is read again, and ties that were committed meanwhile are not lost.
func TestIncrementalResumes(t *testing.T) {
	for marks := range 5 {
		f := newFile(t, orders, "INSERT INTO orders VALUES (1, 1, ''), (2, 2, ''), (3, 2, ''), (4, 2, ''), (5, 2, ''), (6, 3, ''), (7, 3, ''), (8, 4, ''), (9, 5, '')")
		c := &cron{t: t, info: sqlite.Info()}
		job := f.job(`"increColumn": "at"`)
		r, plan, err := c.plan(job)
		if err != nil {
			t.Fatal(err)
		}
		rows := c.some(r, &plan[0], marks)
		f.exec("INSERT INTO orders VALUES (10, 6, ''), (-1, 5, '')")
		again := c.reader(job)
		if _, err := again.(plugin.Resumer).Resume(t.Context(), 1, plan); err != nil {
			t.Fatal(err)
		}
		for !plan[0].Done {
			rows = append(rows, c.some(again, &plan[0], -1)...)
		}
		want := "1 1, 2 2, 3 2, 4 2, 5 2, 6 3, 7 3, 8 4, -1 5, 9 5"
		if got := strings.Join(rows, ", "); got != want {
			t.Errorf("after %d positions: read %s, want %s", marks, got, want)
		}
		other := c.reader(f.job(`"increColumn": "at", "startLocation": 3`))
		if _, err := other.(plugin.Resumer).Resume(t.Context(), 1, plan); !errors.Is(err, plugin.ErrReplan) {
			t.Errorf("resuming from another startLocation: %v", err)
		}
	}
}

// TestIncrementalChannels reads by one channel, and says so; a list of start
// values is one value or an error.
func TestIncrementalChannels(t *testing.T) {
	f := newFile(t, orders, "INSERT INTO orders VALUES (1, 1, ''), (2, 2, '')")
	c := &cron{t: t, info: sqlite.Info()}
	for start, want := range map[string]string{"1": "", "1, 1": "", "1,2": "the channels begin at different values", "1,1,1": "length = [3], but the channel is [2]"} {
		splits, err := plugintest.Plan(t.Context(), c.reader(f.job(`"increColumn": "at", "startLocation": "`+start+`"`)), plugin.Plan{Channels: 2})
		if want != "" {
			if errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", start, err, want)
			}
			continue
		}
		if err != nil || len(splits) != 1 {
			t.Errorf("%s: %d splits, %v", start, len(splits), err)
		}
	}
	if !strings.Contains(c.log.String(), "one channel per table is used") {
		t.Errorf("the log says %s", c.log.String())
	}
}

func TestIncrementalFaults(t *testing.T) {
	f := newFile(t, orders, "CREATE TABLE other (id INTEGER PRIMARY KEY, at INTEGER)", "INSERT INTO orders VALUES (1, 1, '')")
	c := &cron{t: t, info: sqlite.Info()}
	for more, want := range map[string]string{
		`"increColumn": "ta"`:                              `has no column "ta"`,
		`"increColumn": 2`:                                 "there is no column 2",
		`"increColumn": "at", "startLocation": "1,2"`:      "startLocations is [1,2], length = [2], but the channel is [1]",
		`"increColumn": "0", "startLocation": "1, 1, 1,1"`: "length = [4], but the channel is [1]",
	} {
		if _, _, err := c.plan(f.job(more)); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", more, err, want)
		}
	}
	c.run(f.job(`"increColumn": "at"`))
	for name, job := range map[string]string{
		"another column": f.job(`"increColumn": "id"`),
		"another table":  strings.Replace(f.job(`"increColumn": "at"`), `"orders"`, `"other"`, 1),
	} {
		if _, _, err := c.plan(job); errclass.Of(err) != errclass.PositionLost || !strings.Contains(err.Error(), "-fresh") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := c.plan(f.job(`"increColumn": "id", "startLocation": "0"`)); err != nil {
		t.Errorf("another column with a startLocation: %v", err)
	}
}

// TestIncrementalTypes reads by increment columns of every type, on both
// products: from the beginning, from a location, and what is new.
func TestIncrementalTypes(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	types := []struct {
		column, a, b, c string // three values that grow
		start, end      string // the first as a location, the last as it is reported
	}{
		{"INT", "-7", "-1", "3", "-7", "3"},
		{"BIGINT UNSIGNED", "1", "18446744073709551614", "18446744073709551615", "1", "18446744073709551615"},
		{"DECIMAL(30,10)", "-12345678901234567890.0000000001", "-1.5", "2", "-12345678901234567890.0000000001", "2.0000000000"},
		{"DOUBLE", "-1.5e300", "0.1", "0.2", "-1.5e300", "0.2"},
		{"VARCHAR(30)", "'a'", "'Ab'", "'B é'", "A", "B é"},
		{"VARBINARY(8)", "X'00ff'", "X'01'", "X'0100'", "0x00ff", "0x0100"},
		{"DATE", "'1999-12-31'", "'2024-02-28'", "'2024-02-29'", "1999-12-31", "1709136000000"},
		{"DATETIME", "'2024-02-28 23:59:59'", "'2024-02-29 00:00:00'", "'2024-02-29 10:00:00'", "1709135999000", "1709172000000"},
		{"DATETIME(6)", "'1969-12-31 23:59:59.5'", "'2024-02-29 00:00:00.000001'", "'2024-02-29 10:00:00.000001'", "1969-12-31 23:59:59.500", "1709172000000001"},
		{"TIMESTAMP(3) NULL", "'2024-02-28 23:59:59'", "'2024-02-29 00:00:00'", "'2024-02-29 10:00:00.5'", "2024-02-29 07:59:59", "1709200800500"},
		{"YEAR", "1999", "2000", "2024", "1999", "2024"},
	}
	products(t, func(t *testing.T, db servers.Database) {
		for i, tt := range types {
			t.Run(tt.column, func(t *testing.T) {
				table := fmt.Sprintf("t%d", i)
				execUTC(t, db, "CREATE TABLE "+table+" (id INT AUTO_INCREMENT PRIMARY KEY, v "+tt.column+")")
				insert := func(v ...string) {
					t.Helper()
					for _, v := range v {
						execUTC(t, db, "INSERT INTO "+table+" (v) VALUES ("+v+")")
					}
				}
				insert(tt.a, tt.b)
				job := func(more string) string {
					return fmt.Sprintf(`{"username": %q, "password": %q, "column": ["id"], "connection": [{"jdbcUrl": [%q], "table": [%q]}], "increColumn": "v", "fetchSize": 0 %s}`,
						servers.RootUser, servers.RootPassword, db.URL(), table, more)
				}
				from := &cron{t: t, info: mysql.Info(), zone: shanghai}
				if got := from.run(job(fmt.Sprintf(`, "startLocation": %q`, tt.start))); got != "2" {
					t.Errorf("from %s: read %s", tt.start, got)
				}
				c := &cron{t: t, info: mysql.Info(), zone: shanghai}
				if got := c.run(job("")); got != "1, 2" {
					t.Errorf("read %s", got)
				}
				insert(tt.c, tt.b, tt.c)
				c.want(job(""), "4, 3, 5", location(t, c), tt.end)
				c.want(job(""), "", tt.end, tt.end)
				again := &cron{t: t, info: mysql.Info(), zone: shanghai} // the end is a location
				if got := again.run(job(fmt.Sprintf(`, "startLocation": %q`, tt.end))); got != "" {
					t.Errorf("from %s: read %s", tt.end, got)
				}
			})
		}
	})
}

// location is where the last run ended, as reported.
func location(t *testing.T, c *cron) string {
	var p struct{ EndLocation string }
	if err := json.Unmarshal(c.last[0].Position, &p); err != nil {
		t.Fatal(err)
	}
	return p.EndLocation
}

// execUTC runs a statement in a session in UTC.
func execUTC(t *testing.T, db servers.Database, sql string) {
	t.Helper()
	run(t, utc(t, db), sql)
}

func utc(t *testing.T, db servers.Database) *client.Conn {
	t.Helper()
	c := db.Connect(t)
	run(t, c, "SET NAMES utf8mb4", "SET time_zone = '+00:00'")
	return c
}

func TestIncrementalCanceled(t *testing.T) {
	f := newFile(t, orders, "INSERT INTO orders VALUES (1, 1, '')")
	c := &cron{t: t, info: sqlite.Info()}
	r, plan, err := c.plan(f.job(`"increColumn": "at"`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Open(t.Context(), plan[0])
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Fill(ctx, record.NewBatch(0, 0)); errclass.Of(err) != errclass.Canceled {
		t.Errorf("filling after the end of the context: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
