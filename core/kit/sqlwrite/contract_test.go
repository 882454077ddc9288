package sqlwrite_test

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const tables = `
CREATE TABLE %s (id INTEGER PRIMARY KEY, c1 INTEGER, c2 TEXT, c3 TEXT, c4 TEXT DEFAULT 'as it was', c5 TEXT, c6, CHECK (id <> 1000000));`

// kinds need conversions, and are texts as they are read back.
func kinds(table string) *record.Schema {
	return plugintest.Kinds(table, record.Int64, record.Decimal, record.String, record.String, record.Datetime, record.UUID)
}

// texts pass as they are.
func texts(table string) *record.Schema {
	return plugintest.Kinds(table, record.Int64, record.String, record.String, record.String, record.String, record.UUID)
}

func suite(parameters string, nameless bool, schemas ...*record.Schema) plugintest.WriterSuite {
	return plugintest.WriterSuite{
		Open: func(t testing.TB) plugintest.Destination {
			d := newLite(t, fmt.Sprintf(tables, "t")+fmt.Sprintf(tables, "u"))
			d.nameless = nameless
			return plugintest.Destination{
				New: func(t testing.TB) plugin.Writer {
					return plugintest.NewWriter(t, d.info(), `{"connection": [{"jdbcUrl": "jdbc:x", `+parameters+`}`)
				},
				Rows: func(t testing.TB) [][]string { return append(d.rows("SELECT * FROM t"), d.rows("SELECT * FROM u")...) },
			}
		},
		Schemas:  schemas,
		Absent:   4,
		Channels: 1, // SQLite has one writer at a time
		Changes:  true,
		Bad:      func(b *record.Batch, s *record.Schema) { plugintest.AppendRow(b, s, record.Insert, 1_000_000, 0) },
		BadConfigs: map[string]func(testing.TB) error{
			"no url":        bad(`{"connection": [{"table": "t"}], "column": ["*"]}`),
			"no table":      bad(`{"connection": [{"jdbcUrl": "x"}], "column": ["*"]}`),
			"star and list": bad(`{"connection": [{"jdbcUrl": "x", "table": "*"}], "column": ["id"]}`),
			"unknown mode":  bad(`{"connection": [{"jdbcUrl": "x", "table": "t"}], "column": ["*"], "mode": "append"}`),
			"two keys":      bad(`{"connection": [{"jdbcUrl": "x", "table": "t"}], "column": ["*"], "updateKey": {"a": ["id"], "b": ["c1"]}}`),
			"auto commit":   bad(`{"connection": [{"jdbcUrl": "x", "table": "t"}], "column": ["*"], "isAutoCommit": true, "semantic": "exactly-once"}`),
			"copy updates":  bad(`{"connection": [{"jdbcUrl": "x", "table": "t"}], "column": ["*"], "mode": "update", "insertSqlMode": "copy"}`),
		},
	}
}

func bad(parameters string) func(testing.TB) error {
	return plugintest.WriterError((&lite{}).info(), parameters)
}

func TestContract(t *testing.T) {
	for name, parameters := range map[string]string{
		"insert":   `"table": "t"}], "column": ["*"]`,
		"update":   `"table": "t"}], "column": ["*"], "mode": "Update", "updateKey": {"id": ["id"]}, "allReplace": true`,
		"position": `"table": "t"}], "column": ["id", "c1", "c2", "c3", "c4", "c5", "c6"]`,
	} {
		t.Run(name, func(t *testing.T) { plugintest.Writer(t, suite(parameters, false, kinds("t"))) })
		t.Run(name+" as it is", func(t *testing.T) {
			plugintest.CheckWriter(t, suite(parameters, true, texts("t")), "rows", "borrowed", "bad", "absent", "changes")
		})
	}
	t.Run("replace", func(t *testing.T) {
		plugintest.CheckWriter(t, suite(`"table": "t"}], "column": ["*"], "writeMode": "REPLACE"`, true, kinds("t")), "rows", "bad", "changes")
	})
	t.Run("tables", func(t *testing.T) {
		plugintest.CheckWriter(t, suite(`"table": "*"}], "column": ["*"]`, false, kinds("t"), texts("u")), "rows", "schemas", "bad", "durable")
	})
}
