package maxwellfmt

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

var changeTypes = [...]string{record.Other: "alter", record.Create: "create", record.Alter: "alter",
	record.Drop: "drop", record.Rename: "alter", record.Truncate: "truncate"}

// AppendChange implements [changefmt.Encoder]: the type is table-create,
// table-alter, table-drop or (which Maxwell has not) table-truncate, and the same
// with database-; old and def are the table before and after.
func (e *Encoder) AppendChange(dst []byte, c *record.Change) (out []byte, key int, ok bool) {
	what, names := "table-", appendNames(nil, c.Name)
	if c.Name.Table == "" {
		what = "database-"
	}
	start := len(dst)
	dst = append(append(append(dst, '{'), names...), '}')
	key = len(dst) - start
	dst = append(append(append(append(dst, `{"type":"`...), what...), changeTypes[c.Kind]...), `",`...)
	dst = append(dst, names...)
	for _, side := range []struct {
		label string
		s     *record.Schema
	}{{`,"old":`, c.From}, {`,"def":`, c.To}} {
		if side.s != nil {
			dst = appendTable(append(dst, side.label...), side.s)
		}
	}
	ms := e.now * 1000
	if !c.At.IsZero() {
		ms = c.At.UnixMilli()
	}
	dst = strconv.AppendInt(append(dst, `,"ts":`...), ms, 10)
	if c.LSN != "" {
		dst = appendPosition(append(dst, `,"position":`...), []byte(c.LSN))
	}
	dst = jsonfmt.AppendText(append(dst, `,"sql":`...), c.SQL)
	return append(dst, '}'), key, true
}

func appendTable(dst []byte, s *record.Schema) []byte {
	dst = append(appendNames(append(dst, '{'), s.Name), `,"columns":[`...)
	for i := range s.Columns[:s.Data] {
		c := &s.Columns[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		native := strings.ToLower(c.Native)
		base, _, _ := strings.Cut(native, "(")
		base, _, _ = strings.Cut(base, " ")
		if base == "" {
			base = c.Kind.String()
		}
		dst = jsonfmt.AppendText(append(dst, `{"type":`...), base)
		dst = jsonfmt.AppendText(append(dst, `,"name":`...), c.Name)
		if c.Kind == record.Int64 || c.Kind == record.Uint64 {
			dst = strconv.AppendBool(append(dst, `,"signed":`...), c.Kind == record.Int64 && !strings.Contains(native, "unsigned"))
		}
		if members := changefmt.EnumMembers(c.Native); members != nil {
			dst = append(dst, `,"enum-values":[`...)
			for i, m := range members {
				if i > 0 {
					dst = append(dst, ',')
				}
				dst = jsonfmt.AppendText(dst, m)
			}
			dst = append(dst, ']')
		}
		if (base == "datetime" || base == "timestamp" || base == "time") && c.Scale > 0 {
			dst = strconv.AppendInt(append(dst, `,"column-length":`...), int64(c.Scale), 10)
		}
		if c.Native != "" {
			dst = jsonfmt.AppendText(append(dst, `,"native":`...), c.Native)
		}
		dst = strconv.AppendBool(append(dst, `,"nullable":`...), c.Nullable)
		dst = append(dst, '}')
	}
	dst = append(dst, `],"primary-key":[`...)
	for i, k := range s.Key {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonfmt.AppendText(dst, s.Columns[k].Name)
	}
	return append(dst, ']', '}')
}

var changeKinds = map[string]record.ChangeKind{"create": record.Create, "alter": record.Alter, "drop": record.Drop, "truncate": record.Truncate}

// readChange reads what AppendChange, or Maxwell, writes; nil if it is none.
func (m *message) readChange(all *gjson.Result) *record.Change {
	what, verb, ok := strings.Cut(m.kind.Str, "-")
	kind, known := changeKinds[verb]
	if !ok || !known || what != "table" && what != "database" {
		return nil
	}
	c := &record.Change{Kind: kind, Name: m.name(), SQL: strings.Clone(all.Get("sql").Str), LSN: string(place(m.position.Str))}
	if ms := m.ts.Int(); ms > 0 {
		c.At = fromMillis(ms)
	}
	if table := all.Get("def"); table.IsObject() {
		c.To = readTable(&table)
	}
	if table := all.Get("old"); table.IsObject() {
		c.From = readTable(&table)
	}
	if c.From != nil && c.To != nil && c.From.Name != c.To.Name {
		c.Kind = record.Rename
	}
	return c
}

func readTable(table *gjson.Result) *record.Schema {
	m := message{database: table.Get("database"), schema: table.Get("schema"), table: table.Get("table")}
	var columns []record.Column
	for _, v := range table.Get("columns").Array() {
		name, native := strings.Clone(v.Get("name").Str), strings.Clone(v.Get("native").Str)
		if native == "" {
			native = strings.Clone(v.Get("type").Str)
			if length := v.Get("column-length"); length.Int() > 0 {
				native += "(" + length.Raw + ")"
			}
			if signed := v.Get("signed"); signed.Type == gjson.False {
				native += " unsigned"
			}
		}
		c := record.Column{Name: name, Kind: record.Any, Native: native, Nullable: true}
		if t, err := convert.ParseType(native); err == nil {
			c = t.Column(name)
		}
		if nullable := v.Get("nullable"); nullable.Type == gjson.False {
			c.Nullable = false
		}
		columns = append(columns, c)
	}
	s := record.NewSchema(m.name(), columns)
	for _, v := range table.Get("primary-key").Array() {
		if k := s.Index(v.Str); k >= 0 {
			s.Key = append(s.Key, k)
		}
	}
	return s
}

var _ changefmt.Decoder = (*Decoder)(nil)
