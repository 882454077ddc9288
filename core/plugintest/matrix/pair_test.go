package matrix

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// filled is a source's table: which column and which value each row is.
type filled struct {
	system  *system
	db      database
	columns []column
	cells   []cell // by id
}

// cell is one value.
type cell struct {
	column  int
	literal string
	source  string // the source's own text of it
}

const (
	sourceTable = "types"
	targetTable = "types_out"
)

// fill makes the table, with the values that values gives for each type.
func fill(t *testing.T, s *system, values func(*sourceType) []string) *filled {
	t.Helper()
	f := &filled{system: s, db: s.open(t)}
	if s.before != "" {
		f.db.exec(t, s.before)
	}
	lines := []string{"id integer NOT NULL PRIMARY KEY"}
	for i := range s.types {
		name := fmt.Sprintf("c%02d", i)
		lines = append(lines, strings.TrimSpace(f.db.quote(name)+" "+s.types[i].sql)+nullable(s.types[i].sql))
		f.columns = append(f.columns, column{name, s.types[i].sql, s.types[i].family})
	}
	f.db.exec(t, "CREATE TABLE "+f.db.quote(sourceTable)+" ("+strings.Join(lines, ", ")+")")
	for i := range s.types {
		for _, v := range append(values(&s.types[i]), "NULL") {
			f.db.exec(t, fmt.Sprintf("INSERT INTO %s (id, %s) VALUES (%d, %s)", f.db.quote(sourceTable), f.db.quote(f.columns[i].name), len(f.cells), v))
			f.cells = append(f.cells, cell{column: i, literal: v})
		}
	}
	for i, c := range f.columns {
		for id, text := range f.db.texts(t, sourceTable, c) {
			if at := &f.cells[id]; at.column == i && text != nil {
				at.source = *text
			} else if at.column == i && at.literal != "NULL" {
				t.Fatalf("%s has stored %s of %s as NULL", s.name, at.literal, c.native)
			}
		}
	}
	return f
}

// nullable makes MySQL's timestamp take a NULL.
func nullable(native string) string {
	if strings.HasPrefix(native, "timestamp(") || native == "timestamp" {
		return " NULL"
	}
	return ""
}

// fate is what has become of a value.
type fate struct {
	refused string // the error; "" if it was written
	target  *string
}

// moved is what one job has done to a table.
type moved struct {
	types []string // of the target's columns; nil: it has none
	fates []fate   // by id
}

// move runs the job of one pair.
func (f *filled) move(t *testing.T, to *system) *moved {
	t.Helper()
	target := to.open(t)
	dir := t.TempDir()
	reader, writer := f.db.connection(sourceTable), target.connection(targetTable)
	reader["column"] = []string{"*"}
	if to.name != "kafka" {
		writer["column"] = []string{"*"}
	}
	if len(to.types) > 0 {
		writer["createTable"] = true
	}
	run(t, fields{"job": fields{
		"content": []any{fields{"reader": fields{"name": f.system.name + "reader", "parameter": reader}, "writer": fields{"name": to.name + "writer", "parameter": writer}}},
		"setting": fields{"speed": fields{"channel": 1}, "errorLimit": fields{}, "dirty": fields{"path": filepath.Join(dir, "dirty.jsonl")}},
	}}, dir)
	m := &moved{types: target.columns(t, targetTable), fates: make([]fate, len(f.cells))}
	refused := readDirty(t, filepath.Join(dir, "dirty.jsonl"))
	for i, c := range f.columns {
		if m.types != nil {
			c.native = m.types[i]
		}
		texts := target.texts(t, targetTable, c)
		for id := range f.cells {
			if f.cells[id].column != i {
				continue
			}
			text, written := texts[id]
			why, bad := refused[id]
			switch {
			case written == bad:
				t.Fatalf("%s to %s: %s of %s is written: %v, refused: %v (%s)", f.system.name, to.title, f.cells[id].literal, c.native, written, bad, why)
			case bad && !strings.Contains(why, c.name) && !strings.Contains(why, "max_allowed_packet"): // of the row
				t.Errorf("%s to %s: %s of %s was refused without naming its column: %s", f.system.name, to.title, f.cells[id].literal, c.native, why)
			}
			m.fates[id] = fate{refused: why, target: text}
		}
	}
	return m
}

func run(t *testing.T, file fields, state string) {
	t.Helper()
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	j, err := job.Parse(text, job.Options{})
	if err != nil {
		t.Fatal(err)
	}
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	r, err := launcher.New(j, launcher.Options{Registry: registry, Zone: time.UTC, StateDir: state})
	if err != nil {
		t.Fatal(err)
	}
	if result := r.Run(context.Background(), context.Background()); result.Err != nil {
		t.Fatalf("%s to %s: %v", j.Pipelines[0].Reader.Name, j.Pipelines[0].Writer.Name, result.Err)
	}
}

// readDirty returns the errors of the refused rows, by id, with their column's name.
func readDirty(t *testing.T, file string) map[int]string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	} else if err != nil {
		t.Fatal(err)
	}
	refused := map[int]string{}
	for line := range strings.Lines(string(raw)) {
		var l struct {
			Column, Error string
			Values        []json.RawMessage
			Raw           string // what was read, as an object of texts
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%.300s: %v", line, err)
		}
		var raw struct{ ID json.RawMessage }
		if l.Raw != "" {
			if err := json.Unmarshal([]byte(l.Raw), &raw); err != nil {
				t.Fatalf("%.300s: %v", l.Raw, err)
			}
		} else if len(l.Values) > 0 {
			raw.ID = l.Values[0]
		}
		var n int
		if _, err := fmt.Sscan(strings.Trim(string(raw.ID), `"`), &n); err != nil {
			t.Fatalf("%.300s: %v", line, err)
		}
		refused[n] = l.Error
		if l.Column != "" && !strings.Contains(l.Error, l.Column) {
			refused[n] = l.Column + ": " + l.Error
		}
	}
	return refused
}

// names returns the keys in order.
func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
