package mysql

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

func TestDescribe(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, `CREATE TABLE shop (nr INT UNSIGNED NOT NULL, city VARCHAR(30) NOT NULL, area DECIMAL(12,3), since TIMESTAMP(3) NULL, logo VARBINARY(99), PRIMARY KEY (city, nr))`)
		want := &record.Schema{
			Name: record.Name{Database: db.Name, Table: "shop"}, Data: 5, Key: []int{1, 0},
			Columns: []record.Column{
				{Name: "nr", Kind: record.Int64, Native: "int unsigned"},
				{Name: "city", Kind: record.String, Native: "varchar(30)", Length: 30},
				{Name: "area", Kind: record.Decimal, Native: "decimal(12,3)", Precision: 12, Scale: 3, Nullable: true},
				{Name: "since", Kind: record.Timestamp, Native: "timestamp(3)", Scale: 3, Nullable: true},
				{Name: "logo", Kind: record.Bytes, Native: "varbinary(99)", Length: 99, Nullable: true},
				{Name: "_ts", Kind: record.Timestamp},
			},
		}
		env := plugintest.Env()
		env.Meta = []string{"_ts", "_lsn"}
		r, err := plugintest.BuildReader(env, Info(), job(db, "shop", nil))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.(plugin.Prober).Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := r.(plugin.Describer).Describe(t.Context())
		if err != nil || len(got) != 1 {
			t.Fatalf("%d schemas, %v", len(got), err)
		}
		if got[0].Columns[0].Native == "int(10) unsigned" { // MariaDB shows the width
			got[0].Columns[0].Native = "int unsigned"
		}
		if !reflect.DeepEqual(got[0], want) {
			t.Errorf("schema\n%+v, want\n%+v", got[0], want)
		}
	})
}

func TestReadTime(t *testing.T) {
	db := servers.MySQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	env := plugintest.Env()
	env.Meta = []string{"_ts"}
	r, err := plugintest.BuildReader(env, Info(), job(db, "t", nil))
	if err != nil {
		t.Fatal(err)
	}
	splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Open(t.Context(), plugin.Progress{Split: splits[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b, before := record.NewBatch(0, 0), time.Now().Unix()
	if err := s.Fill(t.Context(), b); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if sec, _ := b.Row(0).Timestamp(1); b.Row(0).Schema().Data != 1 || sec < before {
		t.Errorf("read at %d, not before %d", sec, before)
	}
}

// TestColumnForms reads columns in the forms that job files know.
func TestColumnForms(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, `odd``name` INT, day DATE, at TIMESTAMP NULL, text VARCHAR(20))",
			"SET time_zone = '+00:00'", "INSERT INTO t VALUES (1, 2, '2024-02-29', '2024-02-29 10:20:30', '29/02/2024')", "CREATE VIEW v AS SELECT id + 1 AS id FROM t")
		tests := []struct {
			column any
			more   map[string]any
			want   []string
		}{
			{[]string{"*"}, nil, []string{"int64 1", "int64 2", "date 2024-02-29", "timestamp 2024-02-29 10:20:30Z", "string 29/02/2024"}},
			{[]string{"odd`name", "ID"}, nil, []string{"int64 2", "int64 1"}},
			{[]any{map[string]any{"name": "id", "type": "string", "index": 3}, map[string]any{"name": "c", "value": "ö'\\"}, map[string]any{"value": 7, "type": "int"}}, nil,
				[]string{"int64 1", "string ö'\\", "string 7"}},
			{[]any{map[string]any{"name": "day", "format": "yyyyMMdd"}, map[string]any{"name": "at", "format": "dd.MM.yyyy HH:mm"}, map[string]any{"name": "text", "format": "dd/MM/yyyy"}, map[string]any{"name": "id", "format": "yyyy"}}, nil,
				[]string{"string 20240229", "string 29.02.2024 10:20", "string 2024-02-29 00:00:00", "int64 1"}},
			{[]string{"*"}, map[string]any{"customSql": "select id as a, 'x' as b from t"}, []string{"int64 1", "string x"}},
			{[]string{"*"}, map[string]any{"connection": []any{map[string]any{"jdbcUrl": db.URL(), "table": []string{db.Name + ".v"}}}}, []string{"int64 2"}},
			{[]string{"id"}, map[string]any{"connection": []any{map[string]any{"jdbcUrl": "jdbc:mysql://" + db.Addr() + "?useSSL=false", "table": "t", "schema": db.Name}}}, []string{"int64 1"}},
		}
		for _, tt := range tests {
			t.Run(fmt.Sprint(tt.column), func(t *testing.T) {
				parameters := map[string]any{"column": tt.column}
				for k, v := range tt.more {
					parameters[k] = v
				}
				got := read(t, job(db, "`t`", parameters))
				if len(got) != 1 || !slices.Equal(got[0], tt.want) {
					t.Errorf("rows %q, want %q", got, tt.want)
				}
			})
		}
	})
}

// TestFormatOfBadText shows that a text that is no date makes its row dirty.
func TestFormatOfBadText(t *testing.T) {
	db := servers.MySQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(20))", "INSERT INTO t VALUES (1, 'soon'), (2, '2024'), (3, NULL)")
	b := record.NewBatch(0, 0)
	column := []any{"id", map[string]any{"name": "s", "format": "yyyy"}}
	if err := open(t, job(db, "t", map[string]any{"column": column})).Fill(t.Context(), b); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if b.Len() != 2 || len(b.Rejects()) != 1 || string(b.Rejects()[0].Raw) != `{"id":"1","s":"soon"}` {
		t.Errorf("%d rows, rejects %+v", b.Len(), b.Rejects())
	}
}

// TestTimeZone reads instants from a server that lives in another zone.
func TestTimeZone(t *testing.T) {
	db := servers.StartMySQL(t, servers.WithArgs("--default-time-zone=+08:00")).DB(t)
	db.Exec(t, "CREATE TABLE t (at TIMESTAMP PRIMARY KEY, wall DATETIME)", "INSERT INTO t VALUES ('2024-01-01 08:00:00', '2024-01-01 08:00:00')")
	got := read(t, job(db, "t", nil))
	if want := []string{"timestamp 2024-01-01 00:00:00Z", "datetime 2024-01-01 08:00:00"}; len(got) != 1 || !slices.Equal(got[0], want) {
		t.Errorf("rows %q, want %q", got, want)
	}
}
