package file

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/filekit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// stamps are the numbers that order messages.
var stamps = regexp.MustCompile(`\b\d{18,19}\b`)

// aged are people with a column more.
var aged = record.NewSchema(record.Name{Table: "people"}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "name", Kind: record.String, Nullable: true}, {Name: "age", Kind: record.Int64, Nullable: true}}, 0)

func agedPersons(from, to int64) *record.Batch {
	b := record.NewBatch(0, 0)
	for id := from; id < to; id++ {
		b.Begin(aged, record.Insert)
		b.Int64(id)
		b.Text(record.String, "n"+fmt.Sprint(id))
		b.Int64(id * 2)
	}
	return b
}

// TestFilesOfAChangedTable has rows of other columns from some place on, with a
// crash at each: lines of one file have the same columns, and no row is there
// twice.
func TestFilesOfAChangedTable(t *testing.T) {
	const old, young = "0,n0\n1,n1\n2,n2\n3,n3\n", "4,n4,8\n5,n5,10\n6,n6,12\n"
	tabs := strings.NewReplacer(",", "\t")
	for name, want := range map[string]map[string]string{
		`"a.csv"`:                  {"a_0_0.csv": old, "a_0_1.csv": young},
		`"a.csv","header":true`:    {"a_0_0.csv": "id,name\n" + old, "a_0_1.csv": "id,name,age\n" + young},
		`"a.tsv","header":true`:    {"a_0_0.tsv": tabs.Replace("id,name\n" + old), "a_0_1.tsv": tabs.Replace("id,name,age\n" + young)},
		`"a.csv","encoding":"gbk"`: {"a_0_0.csv": old, "a_0_1.csv": young},
		`"a.jsonl"`: {"a.jsonl": `{"id":0,"name":"n0"}` + "\n" + `{"id":1,"name":"n1"}` + "\n" + `{"id":2,"name":"n2"}` + "\n" + `{"id":3,"name":"n3"}` + "\n" +
			`{"id":4,"name":"n4","age":8}` + "\n" + `{"id":5,"name":"n5","age":10}` + "\n" + `{"id":6,"name":"n6","age":12}` + "\n"},
		`"a.parquet"`: {"a_0_0.parquet": "int64 0 string n0|int64 1 string n1|int64 2 string n2|int64 3 string n3", "a_0_1.parquet": "int64 4 string n4 int64 8|int64 5 string n5 int64 10|int64 6 string n6 int64 12"},
	} {
		for crash := range 5 { // before so many batches; 4: none
			t.Run(fmt.Sprintf("%s %d", name, crash), func(t *testing.T) {
				dir := t.TempDir()
				config := parameters(dir, `,"fileName":`+name)
				r, err := start(t, filekit.Local{}, config, nil)
				must(t, err)
				change := &record.Change{Kind: record.Alter, Name: people.Name, From: people, To: aged}
				for i, b := range []*record.Batch{persons(0, 2), persons(2, 4), agedPersons(4, 6), agedPersons(6, 7)} {
					if i == crash {
						lost, err := r.w.Open(t.Context(), plugin.Task{Of: 1}) // rows that no position covers
						must(t, err)
						must(t, lost.Write(t.Context(), b))
						must(t, lost.Close())
						r, err = start(t, filekit.Local{}, config, r.tokens)
						must(t, err)
					}
					if i == 2 {
						must(t, r.w.Migrate(t.Context(), change))
					}
					must(t, r.write(t, 0, 1, b))
				}
				must(t, r.w.After(t.Context()))
				got := visible(t, dir)
				if strings.Contains(name, "parquet") {
					for file, data := range got {
						var lines []string
						for _, row := range parseParquet(t, data) {
							lines = append(lines, strings.Join(row, " "))
						}
						got[file] = strings.Join(lines, "|")
					}
				}
				if !maps.Equal(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	}
}

// TestFilesOfAChangedTableInOneBatch has rows of both shapes in one batch.
func TestFilesOfAChangedTableInOneBatch(t *testing.T) {
	for name, want := range map[string]int{"a.csv": 2, "a.parquet": 2, "a.jsonl": 1} {
		dir := t.TempDir()
		r, err := start(t, filekit.Local{}, parameters(dir, `,"fileName":"`+name+`"`), nil)
		must(t, err)
		b := persons(0, 2)
		b.Append(agedPersons(2, 4))
		must(t, r.write(t, 0, 1, b))
		must(t, r.w.After(t.Context()))
		if got := visible(t, dir); len(got) != want {
			t.Errorf("%s: got %q", name, slices.Sorted(maps.Keys(got)))
		}
	}
}

// changed is a batch of changes: an insert, an update, one of the key and a delete.
func changed() *record.Batch {
	s := record.NewSchema(record.Name{Database: "shop", Table: "users"}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "name", Kind: record.String}, {Name: "_optime", Kind: record.Timestamp}, {Name: "_lsn", Kind: record.String}}, 0)
	s.Data = 2
	b := record.NewBatch(0, 0)
	row := func(op record.Op, id int64, name string) {
		b.Begin(s, op)
		b.Int64(id)
		if name == "" {
			b.Absent()
		} else {
			b.Text(record.String, name)
		}
		b.Timestamp(1700000000, 5_000_000)
		b.Text(record.String, "f/1")
	}
	row(record.Insert, 1, "a")
	row(record.UpdateBefore, 1, "a")
	row(record.UpdateAfter, 1, "b")
	row(record.Delete, 1, "b")
	row(record.Insert, 2, "b")
	b.Link()
	row(record.Delete, 2, "")
	return b
}

// TestChangesInFiles writes changes as FlinkX does: a row of each, in three shapes.
func TestChangesInFiles(t *testing.T) {
	const head = "database,schema,table,ts,lsn,opTime,primary_key,type,"
	line := func(kind, rest string) string {
		return ",shop,users,TS,f/1,1700000000005,id," + kind + "," + rest + "\n"
	}
	jsonLine := func(kind, rest string) string {
		return `{"database":null,"schema":"shop","table":"users","ts":TS,"lsn":"f/1","opTime":"1700000000005","primary_key":"id","type":"` + kind + `",` + rest + "}\n"
	}
	for more, want := range map[string]string{
		`"fileName":"a.csv","header":true,"pavingData":true`: head + "before_id,before_name,after_id,after_name\n" +
			line("INSERT", ",,1,a") + line("UPDATE", "1,a,1,b") + line("UPDATE", "1,b,2,b") + line("DELETE", "2,,,"),
		`"fileName":"a.csv","header":true,"pavingData":false,"splitUpdate":true`: head + "id,name\n" +
			line("INSERT", "1,a") + line("UPDATE_BEFORE", "1,a") + line("UPDATE_AFTER", "1,b") + line("DELETE", "1,b") + line("INSERT", "2,b") + line("DELETE", "2,"),
		`"fileName":"a.jsonl","pavingData":false`: jsonLine("INSERT", `"before":{},"after":{"id":1,"name":"a"}`) + jsonLine("UPDATE", `"before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"}`) +
			jsonLine("UPDATE", `"before":{"id":1,"name":"b"},"after":{"id":2,"name":"b"}`) + jsonLine("DELETE", `"before":{"id":2},"after":{}`),
		`"fileName":"a.jsonl","pavingData":true`: jsonLine("INSERT", `"before_id":null,"before_name":null,"after_id":1,"after_name":"a"`) + jsonLine("UPDATE", `"before_id":1,"before_name":"a","after_id":1,"after_name":"b"`) +
			jsonLine("UPDATE", `"before_id":1,"before_name":"b","after_id":2,"after_name":"b"`) + jsonLine("DELETE", `"before_id":2,"before_name":null,"after_id":null,"after_name":null`),
	} {
		dir := t.TempDir()
		r, err := start(t, filekit.Local{}, parameters(dir, ","+more), nil)
		must(t, err)
		must(t, r.write(t, 0, 1, changed()))
		must(t, r.w.After(t.Context()))
		for _, got := range visible(t, dir) {
			if got = stamps.ReplaceAllString(got, "TS"); got != want {
				t.Errorf("%s: got\n%swant\n%s", more, got, want)
			}
		}
		if meta := r.w.Meta(); !slices.Equal(meta, []string{"_optime", "_lsn"}) {
			t.Errorf("%s: it wants %v", more, meta)
		}
	}
}

// TestChangesThatNoRowCanBe names the rows of the batch that are refused.
func TestChangesThatNoRowCanBe(t *testing.T) {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "type", Kind: record.String}}, 0)
	b := changed()
	b.Begin(s, record.Insert)
	b.Text(record.String, "x")
	r, err := start(t, filekit.Local{}, parameters(filepath.Join(t.TempDir(), "a.jsonl"), `,"split":true`), nil)
	must(t, err)
	sink, err := r.w.Open(t.Context(), plugin.Task{Of: 1})
	must(t, err)
	var refused *errclass.Rows
	err = sink.Write(t.Context(), b)
	if !errors.As(err, &refused) || !refused.Written || len(refused.Bad) != 1 || refused.Bad[0].Index != b.Len()-1 {
		t.Errorf("got %v", err)
	}
	must(t, sink.Close())
}
