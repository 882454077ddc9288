package debeziumfmt

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

var changeTypes = [...]string{record.Other: "", record.Create: "CREATE", record.Alter: "ALTER", record.Drop: "DROP", record.Rename: "ALTER", record.Truncate: "TRUNCATE"}

// jdbcTypes are the numbers of java.sql.Types.
var jdbcTypes = map[record.Kind]int{record.Bool: 16, record.Int64: -5, record.Uint64: 3, record.Float32: 7, record.Float64: 8,
	record.Decimal: 3, record.String: 12, record.Bytes: -3, record.Date: 91, record.Time: 92, record.Datetime: 93, record.Timestamp: 2014}

const jdbcOther = 1111

// AppendChange implements [changefmt.Encoder]: an event of Debezium's schema
// change topic. Beside Debezium's members a table has its former name after a
// rename (previousId), and a column its kind and native type.
func (e *Encoder) AppendChange(dst []byte, c *record.Change) (out []byte, key int, ok bool) {
	open, end := "{", "}"
	if e.options.Schemas {
		open, end = `{"schema":null,"payload":{`, "}}"
	}
	start := len(dst)
	dst = jsonfmt.AppendText(append(append(dst, open...), `"databaseName":`...), c.Name.Database)
	dst = append(dst, end...)
	key = len(dst) - start

	row := place(c)
	src := NewSource(row.Schema(), row, e.options)
	dst = append(append(dst, open...), `"source":`...)
	dst = src.append(dst, row, e.now)
	dst = strconv.AppendInt(append(dst, `,"ts_ms":`...), floor(e.now, 1e6), 10)
	dst = jsonfmt.AppendText(append(dst, `,"databaseName":`...), c.Name.Database)
	dst = appendText(append(dst, `,"schemaName":`...), []byte(c.Name.Schema))
	dst = appendText(append(dst, `,"ddl":`...), []byte(c.SQL))
	dst = append(dst, `,"tableChanges":[`...)
	if c.Name.Table != "" && changeTypes[c.Kind] != "" {
		dst = appendTableChange(dst, c)
	}
	return append(append(dst, ']'), end...), key, true
}

// place is a row that has the metadata of a change.
func place(c *record.Change) record.Row {
	b := record.NewBatch(1, 1)
	b.Begin(&record.Schema{Name: c.Name, Columns: []record.Column{{Name: changefmt.Optime, Kind: record.Timestamp}, {Name: changefmt.LSN, Kind: record.String}}}, record.Insert)
	if c.At.IsZero() {
		b.Null()
	} else {
		b.Timestamp(c.At.Unix(), uint32(c.At.Nanosecond()))
	}
	b.Text(record.String, c.LSN)
	return b.Row(0)
}

// quotedID is a table's name as Debezium has it: "shop"."users".
func quotedID(n record.Name) string {
	var parts []string
	for _, p := range []string{n.Database, n.Schema, n.Table} {
		if p != "" {
			parts = append(parts, `"`+strings.ReplaceAll(p, `"`, `""`)+`"`)
		}
	}
	return strings.Join(parts, ".")
}

func appendTableChange(dst []byte, c *record.Change) []byte {
	dst = append(append(append(dst, `{"type":"`...), changeTypes[c.Kind]...), `","id":`...)
	if c.Kind != record.Rename || c.To == nil {
		dst = jsonfmt.AppendText(dst, quotedID(c.Name))
	} else {
		dst = jsonfmt.AppendText(dst, quotedID(c.To.Name))
		dst = jsonfmt.AppendText(append(dst, `,"previousId":`...), quotedID(c.Name))
	}
	dst = append(dst, `,"table":`...)
	if c.To == nil {
		return append(dst, "null}"...)
	}
	dst = append(dst, `{"defaultCharsetName":null,"primaryKeyColumnNames":[`...)
	for i, k := range c.To.Key {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonfmt.AppendText(dst, c.To.Columns[k].Name)
	}
	dst = append(dst, `],"columns":[`...)
	for i := range c.To.Columns[:c.To.Data] {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendTableColumn(dst, &c.To.Columns[i], i+1)
	}
	dst = appendText(append(dst, `],"comment":`...), []byte(c.To.Comment))
	return append(dst, '}', '}')
}

func appendTableColumn(dst []byte, c *record.Column, position int) []byte {
	jdbc, known := jdbcTypes[c.Kind]
	if !known {
		jdbc = jdbcOther
	}
	name, _, _ := strings.Cut(strings.ToUpper(c.Native), "(")
	whole := func(label string, n int) {
		dst = append(append(append(dst, ',', '"'), label...), '"', ':')
		if n == 0 {
			dst = append(dst, "null"...)
		} else {
			dst = strconv.AppendInt(dst, int64(n), 10)
		}
	}
	dst = jsonfmt.AppendText(append(dst, `{"name":`...), c.Name)
	dst = strconv.AppendInt(append(dst, `,"jdbcType":`...), int64(jdbc), 10)
	dst = jsonfmt.AppendText(append(dst, `,"nativeType":null,"typeName":`...), name)
	dst = jsonfmt.AppendText(append(dst, `,"typeExpression":`...), name)
	dst = append(dst, `,"charsetName":null`...)
	whole("length", max(c.Length, c.Precision))
	whole("scale", c.Scale)
	whole("position", position)
	dst = strconv.AppendBool(append(dst, `,"optional":`...), c.Nullable)
	dst = append(dst, `,"autoIncremented":false,"generated":false`...)
	dst = appendText(append(dst, `,"comment":`...), []byte(c.Comment))
	dst = jsonfmt.AppendText(append(dst, `,"kind":`...), c.Kind.String())
	return append(appendText(append(dst, `,"native":`...), []byte(c.Native)), '}')
}

// readChange reads what AppendChange, or Debezium, writes.
func readChange(payload *gjson.Result) (*record.Change, error) {
	src := ReadOrigin(payload.Get("source"))
	c := &record.Change{
		SQL: clone(payload.Get("ddl")), LSN: string(src.LSN), At: src.At,
		Name: record.Name{Database: clone(payload.Get("databaseName")), Schema: clone(payload.Get("schemaName"))},
	}
	changes := payload.Get("tableChanges").Array()
	if len(changes) == 0 {
		c.Name.Table = src.Name.Table
		return c, nil
	}
	change := &changes[0]
	name := readID(change.Get("id").Str, c.Name.Schema != "")
	switch kind := change.Get("type").Str; kind {
	case "CREATE":
		c.Kind = record.Create
	case "DROP":
		c.Kind = record.Drop
	case "TRUNCATE":
		c.Kind = record.Truncate
	default:
		c.Kind = record.Alter
	}
	c.Name = name
	if old := change.Get("previousId"); old.Type == gjson.String {
		c.Kind, c.Name = record.Rename, readID(old.Str, name.Schema != "")
	}
	if table := change.Get("table"); table.IsObject() && c.Kind != record.Drop {
		var err error
		if c.To, err = readTable(&table, name); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// readID reads a quoted name.
func readID(id string, schemas bool) (n record.Name) {
	var parts []string
	for rest := id; len(rest) > 0; rest = strings.TrimPrefix(rest, ".") {
		if rest[0] != '"' {
			part, after, _ := strings.Cut(rest, ".")
			parts, rest = append(parts, part), after
			continue
		}
		var part strings.Builder
		i := 1
		for ; i < len(rest); i++ {
			if rest[i] == '"' {
				if i+1 >= len(rest) || rest[i+1] != '"' {
					break
				}
				i++
			}
			part.WriteByte(rest[i])
		}
		parts, rest = append(parts, part.String()), rest[min(i+1, len(rest)):]
	}
	switch {
	case len(parts) >= 3:
		return record.Name{Database: parts[0], Schema: parts[1], Table: parts[2]}
	case len(parts) == 2 && schemas:
		return record.Name{Schema: parts[0], Table: parts[1]}
	case len(parts) == 2:
		return record.Name{Database: parts[0], Table: parts[1]}
	}
	return record.Name{Table: strings.Join(parts, ".")}
}

func readTable(table *gjson.Result, name record.Name) (*record.Schema, error) {
	var columns []record.Column
	var key []int
	for _, v := range table.Get("columns").Array() {
		columns = append(columns, readTableColumn(&v))
	}
	for _, v := range table.Get("primaryKeyColumnNames").Array() {
		found := false
		for i := range columns {
			if columns[i].Name == v.Str {
				key, found = append(key, i), true
			}
		}
		if !found {
			return nil, errclass.BadValue(clone(v), errclass.Conversion, "the key column is no column of the table")
		}
	}
	s := record.NewSchema(name, columns, key...)
	s.Comment = clone(table.Get("comment"))
	return s, nil
}

func readTableColumn(v *gjson.Result) record.Column {
	length, scale := int(v.Get("length").Int()), int(v.Get("scale").Int())
	c := record.Column{Name: clone(v.Get("name")), Kind: record.Any, Native: clone(v.Get("native")), Nullable: v.Get("optional").Bool(),
		Scale: scale, Comment: clone(v.Get("comment"))}
	kind, known := record.KindOf(v.Get("kind").Str)
	if !known {
		c.Native = strings.ToLower(clone(v.Get("typeExpression")))
		if t, err := convert.ParseType(c.Native); err == nil {
			kind, known = t.Kind, true
		}
	}
	if known {
		c.Kind = kind
	}
	if c.Kind == record.Decimal {
		c.Precision = length
	} else {
		c.Length = length
	}
	return c
}

func clone(v gjson.Result) string { return strings.Clone(v.Str) }
