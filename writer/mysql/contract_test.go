package mysql

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// job is a writer's parameters, with the account and the table filled in.
func job(db servers.Database, table string, more map[string]any) string {
	parameters := map[string]any{
		"username": servers.RootUser, "password": servers.RootPassword, "column": []string{"*"},
		"connection": []any{map[string]any{"jdbcUrl": db.URL(), "table": []string{table}}},
	}
	for k, v := range more {
		parameters[k] = v
		if v == nil {
			delete(parameters, k)
		}
	}
	text, err := json.Marshal(parameters)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func kinds(table string) *record.Schema {
	return plugintest.Kinds(table, record.Bool, record.Int64, record.Uint64, record.Decimal, record.String, record.Bytes, record.Date, record.Time,
		record.Datetime, record.Timestamp, record.Interval, record.JSON, record.UUID, record.Float32, record.Float64)
}

const tables = "CREATE TABLE %s (id BIGINT PRIMARY KEY, c1 TINYINT(1), c2 BIGINT, c3 BIGINT UNSIGNED, c4 VARCHAR(100), c5 VARCHAR(50) DEFAULT 'as it was', c6 VARBINARY(20), c7 DATE," +
	" c8 TIME(3), c9 DATETIME(3), c10 TIMESTAMP(6) NULL, c11 VARCHAR(64), c12 LONGTEXT, c13 CHAR(36), c14 FLOAT, c15 DOUBLE, CHECK (id <> 1000000))"

// shown reads tables back, in the texts of [plugintest.Texts].
func shown(t testing.TB, db servers.Database, names ...string) (all [][]string) {
	t.Helper()
	c := db.Connect(t)
	defer func() { _ = c.Close() }()
	for _, sql := range []string{"SET NAMES utf8mb4", "SET time_zone = '+00:00'"} {
		if _, err := c.Execute(sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		r, err := c.Execute("SELECT id, IF(c1, 'true', 'false'), c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14 + 0e0, c15, c1 IS NULL FROM " + name + " ORDER BY id")
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.Values {
			row := make([]string, 16)
			for n := range row {
				v, err := r.GetString(i, n)
				if err != nil {
					t.Fatal(err)
				}
				null, _ := r.IsNull(i, n)
				row[n] = spelled(n, v, null)
			}
			if n, _ := r.GetInt(i, 16); n == 1 {
				row[1] = "NULL"
			}
			all = append(all, row)
		}
	}
	return all
}

// spelled turns MySQL's text of column n into the one of record.
func spelled(n int, v string, null bool) string {
	switch {
	case null:
		return "NULL"
	case n >= 8 && n <= 10:
		v = strings.TrimSuffix(strings.TrimRight(v, "0"), ".")
		if n == 10 {
			v += "Z"
		}
	case n >= 14:
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return err.Error()
		}
		return string(record.AppendFloat(nil, f, 64))
	}
	return v
}

func suite(db servers.Database, table string, more map[string]any) plugintest.WriterSuite {
	return plugintest.WriterSuite{
		Open: func(t testing.TB) plugintest.Destination {
			db.Exec(t, "DROP TABLE IF EXISTS t, u, datasync_ledger", fmt.Sprintf(tables, "t"), fmt.Sprintf(tables, "u"))
			return plugintest.Destination{
				New:  func(t testing.TB) plugin.Writer { return plugintest.NewWriter(t, Info(), job(db, table, more)) },
				Rows: func(t testing.TB) [][]string { return shown(t, db, "t", "u") },
			}
		},
		Schemas: []*record.Schema{kinds("t")},
		Absent:  5,
		Changes: true,
		Bad: func(b *record.Batch, s *record.Schema) {
			plugintest.AppendRow(b, s, record.Insert, 1_000_000, -999)
		},
		BadConfigs: badConfigs(db),
	}
}

func badConfigs(db servers.Database) map[string]func(testing.TB) error {
	at := func(url, table string) map[string]any {
		return map[string]any{"connection": []any{map[string]any{"jdbcUrl": url, "table": table}}}
	}
	bad := map[string]map[string]any{
		"unknown key":   {"tabel": "t"},
		"no column":     {"column": nil},
		"unknown mode":  {"mode": "append"},
		"copy":          {"insertSqlMode": "copy"},
		"load upserts":  {"insertSqlMode": "load", "mode": "update"},
		"no user":       {"username": nil},
		"no URL":        at("", "t"),
		"no table":      at(db.URL(), ""),
		"not MySQL":     at("jdbc:postgresql://h/db", "t"),
		"no database":   at("jdbc:mysql://h:3306", "t"),
		"three parts":   at(db.URL(), "a.b.c"),
		"key store":     {"properties": map[string]string{"trustCertificateKeyStoreUrl": "file:/x/truststore.jks"}},
		"exact, commit": {"semantic": "exactly-once", "isAutoCommit": true},
	}
	builders := map[string]func(testing.TB) error{}
	for name, more := range bad {
		builders[name] = plugintest.WriterError(Info(), job(db, "t", more))
	}
	return builders
}

func TestContract(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		for name, more := range map[string]map[string]any{
			"insert":        nil,
			"load":          {"insertSqlMode": "load"},
			"update":        {"mode": "update", "updateKey": map[string]any{"id": []string{"id"}}, "allReplace": true},
			"at least once": {"semantic": "at-least-once"},
		} {
			t.Run(name, func(t *testing.T) { plugintest.Writer(t, suite(db, "t", more)) })
		}
		t.Run("position", func(t *testing.T) {
			plugintest.CheckWriter(t, suite(db, "`t`", map[string]any{"column": []any{"id", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11",
				map[string]any{"name": "c12", "type": "json"}, "c13", "C14", "c15"}}), "rows", "bad", "absent")
		})
		t.Run("replace", func(t *testing.T) {
			plugintest.CheckWriter(t, suite(db, db.Name+".t", map[string]any{"writeMode": "replace"}), "rows", "bad", "changes")
		})
		t.Run("tls", func(t *testing.T) {
			plugintest.CheckWriter(t, suite(db, "t", map[string]any{"insertSqlMode": "load", "properties": map[string]string{"sslMode": "REQUIRED"}}), "rows", "bad", "durable")
		})
		t.Run("tables", func(t *testing.T) {
			s := suite(db, "*", nil)
			s.Schemas = append(s.Schemas, kinds("u"))
			plugintest.Writer(t, s)
		})
	})
}
