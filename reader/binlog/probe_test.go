package binlog

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// TestProbe names what is missing, and the remedy.
func TestProbe(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)")
		probe := func(more map[string]any) error {
			return build(t, parameters(db, more)).(plugin.Prober).Probe(t.Context())
		}
		if err := probe(map[string]any{"table": []string{"t"}}); err != nil {
			t.Errorf("all is well: %v", err)
		}
		user := "u" + db.Name[len(db.Name)-10:]
		db.Exec(t, fmt.Sprintf("CREATE USER '%s'@'%%' IDENTIFIED BY 'secret-Pass1'", user), fmt.Sprintf("GRANT SELECT ON %s.* TO '%s'@'%%'", db.Name, user))
		for name, test := range map[string]struct {
			more map[string]any
			want string
		}{
			"table":     {map[string]any{"table": []string{"tt"}}, `did you mean "t"?`},
			"own id":    {map[string]any{"slaveId": 1}, "slaveId"},
			"privilege": {map[string]any{"username": user, "password": "secret-Pass1"}, "GRANT"},
			"password":  {map[string]any{"password": "wrong"}, "password"},
		} {
			err := probe(test.more)
			if errclass.Of(err) != errclass.Config && !joined(err) || !strings.Contains(fmt.Sprint(err), test.want) || strings.Contains(fmt.Sprint(err), "secret-Pass1") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func joined(err error) bool {
	var list interface{ Unwrap() []error }
	return errors.As(err, &list)
}

// TestProbeServers looks at servers that cannot be followed.
func TestProbeServers(t *testing.T) {
	for want, options := range map[string][]string{
		"log_bin":       {"--skip-log-bin"},
		"binlog_format": {"--binlog-format=MIXED"},
	} {
		db := servers.StartMySQL(t, servers.WithArgs(options...)).DB(t)
		r := build(t, parameters(db, nil))
		if err := r.(plugin.Prober).Probe(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", options, err)
		}
		if _, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1}); errclass.Of(err) != errclass.Config {
			t.Errorf("%v: planned as %s: %v", options, errclass.Of(err), err)
		}
	}
}

// TestSameNumber is refused while another replica with the number is there.
func TestSameNumber(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)")
		p := parameters(db, map[string]any{"slaveId": 4_000_001})
		s := follow(t, build(t, p))
		db.Exec(t, "INSERT INTO t VALUES (1)")
		s.until(1)
		if err := build(t, p).(plugin.Prober).Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "slaveId") {
			t.Errorf("another replica with the number is not noticed: %v", err)
		}
	})
}

// TestSlowDestination does not read for longer than the server waits by
// itself: the session is kept.
func TestSlowDestination(t *testing.T) {
	for product, start := range map[string]func(testing.TB, ...servers.Option) servers.SQLServer{"MySQL": servers.StartMySQL, "MariaDB": servers.StartMariaDB} {
		t.Run(product, func(t *testing.T) {
			db := start(t, servers.WithArgs("--net-write-timeout=1", "--net-read-timeout=1", "--wait-timeout=1")).DB(t)
			db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, a LONGBLOB)")
			begin := statusOf(t, db)
			const rows = 40 // of 1 MiB: more than any socket buffer holds
			for i := range rows {
				db.Exec(t, fmt.Sprintf("INSERT INTO t VALUES (%d, REPEAT('x', 1048576))", i))
			}
			s := follow(t, build(t, parameters(db, map[string]any{"start": begin})))
			seen := 0
			s.each = func(record.Row) { seen++ }
			s.step()
			waitSeconds(t, db, 4)
			for seen < rows {
				s.step()
			}
		})
	}
}
