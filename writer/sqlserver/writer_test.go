package sqlserver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
	"github.com/datasync-io/datasync/core/record"
)

// people is a table with an identity column.
func people() *tdsdb.Table {
	return &tdsdb.Table{Name: "people", Key: []string{"id"}, Columns: []tdspeer.Column{{Name: "id", Type: "int", Identity: true}, {Name: "full name", Type: "nvarchar(20)", Nullable: true},
		{Name: "credit", Type: "money", Nullable: true}}}
}

var personSchema = record.NewSchema(record.Name{Table: "people"}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "full name", Kind: record.String, Nullable: true},
	{Name: "credit", Kind: record.Decimal, Precision: 19, Scale: 4, Nullable: true}}, 0)

// lab is a writer over a peer with one sink.
type lab struct {
	t      *testing.T
	db     *tdsdb.Database
	server *tdspeer.Server
	w      plugin.Writer
	sink   plugin.Sink
}

func newLab(t *testing.T, table *tdsdb.Table, more map[string]any) *lab {
	t.Helper()
	l := &lab{t: t}
	l.db, l.server = tdsdb.Start(t, table)
	l.w = plugintest.NewWriter(t, Info(), job(place{url: l.server.URL() + ";user=sa;password=secret"}, table.Name, more))
	t.Cleanup(func() { _ = l.w.Close() })
	return l
}

// open begins as the engine does.
func (l *lab) open(s *record.Schema) {
	l.t.Helper()
	ctx := l.t.Context()
	var run uint64 = 1
	if ledger, ok := l.w.(plugin.Ledger); ok {
		var err error
		if run, _, err = ledger.Claim(ctx, "job", 1); err != nil {
			l.t.Fatal(err)
		}
	}
	if err := l.w.(plugin.Shaper).Shape(ctx, []*record.Schema{s}); err != nil {
		l.t.Fatal(err)
	}
	var err error
	if l.sink, err = l.w.Open(ctx, plugin.Task{Job: "job", Run: run, Plan: 1, Of: 1, Exact: true}); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = l.sink.Close() })
}

// person appends a row.
func person(b *record.Batch, op record.Op, id int64, name, credit string) {
	b.Begin(personSchema, op)
	b.Int64(id)
	for _, v := range []struct {
		kind record.Kind
		text string
	}{{record.String, name}, {record.Decimal, credit}} {
		if v.text == "" {
			b.Null()
		} else {
			b.Text(v.kind, v.text)
		}
	}
}

// batch is rows of split 0 with a mark after them.
func batch(fill func(b *record.Batch)) *record.Batch {
	b := record.NewBatch(0, 0)
	b.Reset("0")
	fill(b)
	b.Mark([]byte(`{"v":1,"at":"x"}`), time.Time{})
	return b
}

func (l *lab) write(b *record.Batch) {
	l.t.Helper()
	if err := l.sink.Write(l.t.Context(), b); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) flush() {
	l.t.Helper()
	if err := l.sink.(plugin.Flusher).Flush(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
}

// golden compares what the peer was sent, but for what the engine keeps in its
// ledger, with a file of testdata; UPDATE_GOLDEN=1 writes it.
func (l *lab) golden(name string) {
	l.t.Helper()
	file := filepath.Join("testdata", name+".sql")
	var sent []string
	for _, sql := range l.server.Log() {
		if !strings.Contains(sql, "datasync_ledger") {
			sent = append(sent, sql)
		}
	}
	got := strings.Join(sent, "\nGO\n") + "\n"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			l.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		l.t.Fatal(err)
	}
	if got != string(want) {
		l.t.Errorf("statements differ from %s (UPDATE_GOLDEN=1 writes it):\n%s", file, got)
	}
}

func TestStatements(t *testing.T) {
	for name, x := range map[string]struct {
		table *tdsdb.Table
		more  map[string]any
		fill  func(b *record.Batch)
	}{
		"insert": {people(), nil, func(b *record.Batch) {
			person(b, record.Insert, 1, "Ada", "1.5")
			person(b, record.Insert, 2, "", "")
		}},
		"insert without identity": {people(), map[string]any{"column": []string{"full name", "credit"}}, func(b *record.Batch) {
			s := record.NewSchema(record.Name{Table: "people"}, personSchema.Columns[1:])
			b.Begin(s, record.Insert)
			b.Text(record.String, "Ada")
			b.Null()
		}},
		"update": {people(), map[string]any{"mode": "update"}, func(b *record.Batch) {
			person(b, record.Insert, 1, "Ada", "1.5")
			person(b, record.Insert, 1, "Eve", "")
		}},
		"update keeps": {people(), map[string]any{"mode": "update", "allReplace": false}, func(b *record.Batch) {
			person(b, record.Insert, 1, "Ada", "")
		}},
		"changes": {people(), nil, func(b *record.Batch) {
			person(b, record.UpdateBefore, 1, "Ada", "1.5")
			person(b, record.UpdateAfter, 1, "Eve", "2")
			person(b, record.Delete, 3, "", "")
		}},
		"variant": {&tdsdb.Table{Name: "people", Key: []string{"id"}, Columns: []tdspeer.Column{{Name: "id", Type: "int"}, {Name: "full name", Type: "nvarchar(20)", Nullable: true},
			{Name: "credit", Type: "sql_variant", Nullable: true}}}, nil, func(b *record.Batch) { person(b, record.Insert, 1, "Ada", "1.5") }},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, x.table, x.more)
			b := batch(x.fill)
			if name == "insert without identity" {
				// SQLite behind the peer numbers nothing in a column that is not NULL.
				l.db.Intercept(func(q *tdspeer.Request) *tdspeer.Reply {
					if q.Load != nil {
						return &tdspeer.Reply{}
					}
					return nil
				})
			}
			if name == "variant" {
				l.db.Intercept(func(q *tdspeer.Request) *tdspeer.Reply {
					if strings.HasPrefix(q.SQL, "INSERT INTO [dbo].[people]") {
						return &tdspeer.Reply{Affected: 1}
					}
					return nil
				})
			}
			l.open(b.Row(0).Schema())
			l.server.Forget()
			l.write(b)
			l.flush()
			const shared = "FROM [datasync_ledger] WITH (REPEATABLEREAD, ROWLOCK) WHERE "
			if !strings.Contains(strings.Join(l.server.Log(), "|"), shared) {
				t.Errorf("the run's row is not kept from being changed: %q is not in %s", shared, l.server.Log())
			}
			l.golden(strings.ReplaceAll(name, " ", "_"))
		})
	}
}

// TestIdentityOfSeveralTables switches IDENTITY_INSERT from one table to the next.
func TestIdentityOfSeveralTables(t *testing.T) {
	other := people()
	other.Name = "others"
	l := &lab{t: t}
	l.db, l.server = tdsdb.Start(t, people(), other)
	l.w = plugintest.NewWriter(t, Info(), job(place{url: l.server.URL() + ";user=sa;password=secret"}, "*", nil))
	otherSchema := *personSchema
	otherSchema.Name.Table = "others"
	l.open(personSchema)
	b := batch(func(b *record.Batch) {
		person(b, record.Insert, 1, "Ada", "")
		b.Begin(&otherSchema, record.Insert)
		b.Int64(7)
		b.Null()
		b.Null()
	})
	l.write(b)
	l.flush()
	var switched []string
	for _, sql := range l.server.Log() {
		if strings.Contains(sql, "IDENTITY_INSERT") {
			switched = append(switched, sql)
		}
	}
	if got := strings.Join(switched, "|"); got != "SET IDENTITY_INSERT [dbo].[people] ON|SET IDENTITY_INSERT [dbo].[people] OFF; SET IDENTITY_INSERT [dbo].[others] ON" {
		t.Errorf("switched %s", got)
	}
	if got := len(l.db.Rows("people")) + len(l.db.Rows("others")); got != 2 {
		t.Errorf("%d rows", got)
	}
}

func TestFaults(t *testing.T) {
	refuse := func(head string, numbers ...int32) func(q *tdspeer.Request) *tdspeer.Reply {
		return func(q *tdspeer.Request) *tdspeer.Reply {
			if !strings.HasPrefix(q.SQL, head) {
				return nil
			}
			reply := &tdspeer.Reply{}
			for _, n := range numbers {
				reply.Errors = append(reply.Errors, tdspeer.Error{Number: n, Message: "refused"})
			}
			reply.Drop = len(numbers) == 0
			return reply
		}
	}
	for name, x := range map[string]struct {
		more  map[string]any
		fault func(q *tdspeer.Request) *tdspeer.Reply
		class errclass.Class
		text  string
		kept  int // rows of a batch that was committed before
	}{
		"deadlock":                    {fault: refuse("INSERT BULK", 1205), class: errclass.Transient, text: "1205"},
		"no permission":               {fault: refuse("SET FMTONLY ON", 229), class: errclass.Config, text: "229"},
		"identity without permission": {fault: refuse("SET IDENTITY_INSERT", 1088), class: errclass.Config, text: "identity"},
		"read only":                   {fault: refuse("BEGIN TRANSACTION", 3906), class: errclass.Transient, text: "beginning"},
		"full disk":                   {fault: refuse("INSERT BULK", 1105), class: errclass.Transient, text: "1105"},
		"dropped in a load":           {fault: refuse("INSERT BULK"), class: errclass.Transient},
		"dropped in a merge":          {more: map[string]any{"mode": "update"}, fault: refuse("MERGE"), class: errclass.Transient},
		"dropped in the commit":       {fault: refuse("COMMIT"), class: errclass.Transient, text: "committing"},
		"keys that collate":           {more: map[string]any{"mode": "update"}, fault: refuse("MERGE", 8672), class: errclass.Data, text: "8672"},
		"duplicate":                   {fault: refuse("INSERT BULK", 2627, 3621), class: errclass.Data, text: "2627"},
		"trigger":                     {fault: refuse("INSERT BULK", 3609), class: errclass.Data, text: "3609"},
		"tempdb is full":              {more: map[string]any{"mode": "update"}, fault: refuse("IF OBJECT_ID", 1105), class: errclass.Transient, text: "temporary table"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, people(), x.more)
			l.open(personSchema)
			l.db.Intercept(x.fault)
			err := l.sink.Write(t.Context(), batch(func(b *record.Batch) { person(b, record.Insert, 1, "Ada", "1") }))
			if err == nil {
				err = l.sink.(plugin.Flusher).Flush(t.Context())
			}
			if errclass.Of(err) != x.class || !strings.Contains(err.Error(), x.text) {
				t.Fatalf("class %s, want %s: %v", errclass.Of(err), x.class, err)
			}
			l.db.Intercept(nil)
			if x.class == errclass.Data { // the sink goes on
				l.write(batch(func(b *record.Batch) { person(b, record.Insert, 2, "Eve", "") }))
				l.flush()
				if got := l.db.Rows("people"); len(got) != 1 || got[0][0] != "2" {
					t.Errorf("rows %v", got)
				}
				return
			}
			_ = l.sink.Close()
			if got := l.db.Rows("people"); len(got) != 0 {
				t.Errorf("rows %v", got)
			}
		})
	}
}

// TestTransactionEndedByTheServer: a trigger that rolls back takes rows along
// that were taken before; that must not be overlooked.
func TestTransactionEndedByTheServer(t *testing.T) {
	l := newLab(t, people(), nil)
	l.open(personSchema)
	l.write(batch(func(b *record.Batch) { person(b, record.Insert, 1, "Ada", "") }))
	l.db.Intercept(func(q *tdspeer.Request) *tdspeer.Reply {
		switch {
		case q.Load != nil:
			return &tdspeer.Reply{Errors: []tdspeer.Error{{Number: 3609, Message: "The transaction ended in the trigger."}}}
		case strings.HasPrefix(q.SQL, "ROLLBACK TRANSACTION datasync"):
			return &tdspeer.Reply{Errors: []tdspeer.Error{{Number: 3908, Message: "Could not run BEGIN TRANSACTION"}}}
		}
		return nil
	})
	err := l.sink.Write(t.Context(), batch(func(b *record.Batch) { person(b, record.Insert, 2, "Eve", "") }))
	if errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), "trigger") {
		t.Errorf("class %s: %v", errclass.Of(err), err)
	}
}

// TestRefusedValues: bad rows are named with their column before anything of
// the batch is sent.
func TestRefusedValues(t *testing.T) {
	l := newLab(t, people(), nil)
	l.open(personSchema)
	err := l.sink.Write(t.Context(), batch(func(b *record.Batch) {
		person(b, record.Insert, 1, "Ada", "1")
		person(b, record.Insert, 2, strings.Repeat("x", 21), "")
		person(b, record.Insert, 3, "a\xffb", "")
		person(b, record.Insert, 4, "Eve", "99999999999999999.0000")
	}))
	var refused *errclass.Rows
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	var got []string
	for _, bad := range refused.Bad {
		got = append(got, bad.Column+" "+bad.Reason.String())
	}
	if strings.Join(got, ", ") != "full name overflow, full name encoding, credit overflow" || refused.Bad[0].Index != 1 || refused.Written {
		t.Errorf("refused %v: %v", got, err)
	}
}

// TestNamedDuplicates: the row is found by what the server says of its key.
func TestNamedDuplicates(t *testing.T) {
	const violation = "Violation of PRIMARY KEY constraint 'PK_people'. Cannot insert duplicate key in object 'dbo.people'. The duplicate key value is (%s)."
	for name, x := range map[string]struct {
		message string
		at      int // -1: nobody is named
	}{
		"a row":               {strings.Replace(violation, "%s", "2", 1), 1},
		"no row":              {strings.Replace(violation, "%s", "7", 1), -1},
		"another index":       {strings.ReplaceAll(strings.Replace(violation, "%s", "2", 1), "PK_people", "UX"), -1},
		"two rows":            {strings.Replace(violation, "%s", "3", 1), -1},
		"a message without a": {"Violation of PRIMARY KEY constraint 'PK_people'.", -1},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, people(), nil)
			l.open(personSchema)
			l.db.Intercept(func(q *tdspeer.Request) *tdspeer.Reply {
				if q.Load == nil {
					return nil
				}
				return &tdspeer.Reply{Errors: []tdspeer.Error{{Number: 2627, Class: 14, Message: x.message}, {Number: 3621, Message: "The statement has been terminated."}}}
			})
			err := l.sink.Write(t.Context(), batch(func(b *record.Batch) {
				for _, id := range []int64{1, 2, 3, 3} {
					person(b, record.Insert, id, "Ada", "")
				}
			}))
			var refused *errclass.Rows
			switch named := errors.As(err, &refused); {
			case errclass.Of(err) != errclass.Data, named != (x.at >= 0):
				t.Errorf("class %s, named %v: %v", errclass.Of(err), named, err)
			case named && (refused.Bad[0].Index != x.at || refused.Bad[0].Reason != errclass.Duplicate || refused.Written):
				t.Errorf("refused %+v", refused)
			}
		})
	}
}

func TestCreateTable(t *testing.T) {
	l := &lab{t: t}
	l.db, l.server = tdsdb.Start(t)
	l.w = plugintest.NewWriter(t, Info(), job(place{url: l.server.URL() + ";user=sa;password=secret"}, "dbo.made", map[string]any{"createTable": true, "mode": "update"}))
	s := kinds("made")
	l.open(s)
	b := plugintest.Rows(s, 0, 20)
	b.Reset("0")
	for i := range 20 {
		plugintest.AppendRow(b, s, record.Insert, i, 0)
	}
	b.Mark([]byte(`{"v":1}`), time.Time{})
	err := l.sink.Write(t.Context(), b)
	var refused *errclass.Rows
	if !errors.As(err, &refused) || len(refused.Bad) == 0 || refused.Bad[0].Column != "c4" {
		t.Fatalf("decimals without a precision become decimal(38,10), which refuses some: %v", err)
	}
	l.write(batch(func(b *record.Batch) { plugintest.AppendRow(b, s, record.Insert, 0, 0) }))
	l.flush()
	if got := l.db.Rows("made"); len(got) != 1 {
		t.Errorf("rows %v", got)
	}
}

func TestNoTable(t *testing.T) {
	l := newLab(t, people(), nil)
	w := plugintest.NewWriter(t, Info(), job(place{url: l.server.URL() + ";user=sa"}, "peple", nil))
	defer func() { _ = w.Close() }()
	err := w.(plugin.Shaper).Shape(t.Context(), []*record.Schema{personSchema})
	if errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), `did you mean "people"?`) {
		t.Errorf("class %s: %v", errclass.Of(err), err)
	}
	if err := w.(plugin.Prober).Probe(t.Context()); errclass.Of(err) != errclass.Config {
		t.Errorf("probing: %v", err)
	}
}
