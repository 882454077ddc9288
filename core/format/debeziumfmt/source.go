package debeziumfmt

import (
	"slices"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// Source is the member of that name, planned for a table.
type Source struct {
	System changefmt.System
	Meta   changefmt.Meta

	texts  map[string][]byte // members that are the same in every row
	fields []SourceField
	open   []byte // `{"version":...,"name":...,"ts_ms":`
	db     []byte // `,"db":"shop","sequence":`
	names  []byte // `,"schema":"public","table":"users"`
}

var connectors = [...]string{changefmt.Unknown: "datasync", changefmt.MySQL: "mysql", changefmt.PostgreSQL: "postgresql", changefmt.SQLServer: "sqlserver"}

// ConnectorOf is source.connector of a system.
func ConnectorOf(s changefmt.System) string { return connectors[s] }

// SystemOf tells what kind of database a table is in: as the setting says, else
// as the place of its first row in a log tells (which may be none), else by the
// parts of its name and the types that only one system has.
func SystemOf(connector string, s *record.Schema, lsn []byte) changefmt.System {
	if i := slices.Index(connectors[:], connector); i >= 0 && connector != "" {
		return changefmt.System(i)
	}
	if p := changefmt.ParsePlace(lsn); p.System != changefmt.Unknown {
		return p.System
	}
	if s.Name.Schema == "" {
		return changefmt.MySQL
	}
	for _, c := range s.Columns[:s.Data] {
		for _, own := range []string{"nvarchar", "datetime2", "uniqueidentifier", "datetimeoffset", "smallmoney", "nchar"} {
			if strings.HasPrefix(strings.ToLower(c.Native), own) {
				return changefmt.SQLServer
			}
		}
	}
	return changefmt.PostgreSQL
}

// NewSource plans a table, of which r is the first row if it is one.
func NewSource(s *record.Schema, r record.Row, options Options) Source {
	o := options.complete()
	src := Source{Meta: changefmt.MetaOf(s)}
	var lsn []byte
	if r.Valid() && r.Schema() == s {
		lsn = src.Meta.Text(r, src.Meta.LSN)
	}
	src.System = SystemOf(o.Connector, s, lsn)
	connector := o.Connector
	if connector == "" {
		connector = connectors[src.System]
	}
	src.texts = map[string][]byte{"version": []byte(version), "connector": []byte(connector), "name": []byte(o.Name),
		"db": []byte(s.Name.Database), "schema": []byte(s.Name.Schema), "table": []byte(s.Name.Table)}
	src.plan(s.Name)
	src.open = append(src.open, `{"version":"`+version+`","connector":`...)
	src.open = jsonfmt.AppendText(src.open, connector)
	src.open = append(jsonfmt.AppendText(append(src.open, `,"name":`...), o.Name), `,"ts_ms":`...)
	src.db = append(jsonfmt.AppendText(append(src.db, `,"db":`...), s.Name.Database), `,"sequence":`...)
	if s.Name.Schema != "" || src.System != changefmt.MySQL {
		src.names = jsonfmt.AppendText(append(src.names, `,"schema":`...), s.Name.Schema)
	}
	src.names = jsonfmt.AppendText(append(src.names, `,"table":`...), s.Name.Table)
	return src
}

// append appends the source of a row. now, in nanoseconds since 1970, stands in
// for a commit time that is not known.
func (s *Source) append(dst []byte, r record.Row, now int64) []byte {
	now = s.at(r, now)
	dst = strconv.AppendInt(append(dst, s.open...), floor(now, 1e6), 10)
	if s.Meta.InSnapshot(r) {
		dst = append(dst, `,"snapshot":"true"`...)
	} else {
		dst = append(dst, `,"snapshot":"false"`...)
	}
	place := changefmt.ParsePlace(s.Meta.Text(r, s.Meta.LSN))
	if place.System != s.System {
		place = changefmt.Place{}
	}
	dst = append(dst, s.db...)
	if s.System == changefmt.PostgreSQL && place.LSN != 0 {
		dst = append(appendSequence(append(dst, `"[null,\"`...), place.LSN), `\"]"`...)
	} else {
		dst = append(dst, "null"...)
	}
	dst = strconv.AppendInt(append(dst, `,"ts_us":`...), floor(now, 1e3), 10)
	dst = strconv.AppendInt(append(dst, `,"ts_ns":`...), now, 10)
	dst = append(dst, s.names...)
	switch s.System {
	case changefmt.MySQL:
		server, _ := s.Meta.Number(r, s.Meta.Server)
		row, _ := s.Meta.Number(r, s.Meta.RowNo)
		dst = strconv.AppendInt(append(dst, `,"server_id":`...), server, 10)
		dst = appendText(append(dst, `,"gtid":`...), s.Meta.Text(r, s.Meta.GTID))
		dst = appendText(append(dst, `,"file":`...), place.File)
		dst = strconv.AppendInt(append(dst, `,"pos":`...), place.Pos, 10)
		dst = strconv.AppendInt(append(dst, `,"row":`...), row, 10)
		dst = append(dst, `,"thread":`...)
		if thread, known := s.Meta.Number(r, s.Meta.Thread); known {
			dst = strconv.AppendInt(dst, thread, 10)
		} else {
			dst = append(dst, "null"...)
		}
		dst = append(dst, `,"query":null`...)
	case changefmt.PostgreSQL:
		dst = appendWhole(append(dst, `,"txId":`...), s.Meta.Text(r, s.Meta.TxID))
		dst = append(dst, `,"lsn":`...)
		if place.LSN == 0 {
			dst = append(dst, "null"...)
		} else {
			dst = strconv.AppendUint(dst, place.LSN, 10)
		}
		dst = append(dst, `,"xmin":null`...)
	case changefmt.SQLServer:
		dst = appendText(append(dst, `,"change_lsn":`...), place.Change)
		dst = appendText(append(dst, `,"commit_lsn":`...), place.Commit)
		dst = append(dst, `,"event_serial_no":null`...)
	}
	return append(dst, '}')
}

// at is when the source committed a row, in nanoseconds since 1970, else now.
func (s *Source) at(r record.Row, now int64) int64 {
	if sec, nsec, ok := s.Meta.Commit(r); ok {
		return sec*1e9 + int64(nsec)
	}
	return now
}

// floor divides nanoseconds, rounding down.
func floor(ns, by int64) int64 {
	if ns < 0 {
		return (ns - by + 1) / by
	}
	return ns / by
}

// appendSequence appends the second part of PostgreSQL's sequence. The first one,
// the place of the commit before, is not known here.
func appendSequence(dst []byte, lsn uint64) []byte { return strconv.AppendUint(dst, lsn, 10) }

// appendText appends a text, null for none.
func appendText(dst, text []byte) []byte {
	if len(text) == 0 {
		return append(dst, "null"...)
	}
	return jsonfmt.AppendText(dst, string(text))
}

// appendWhole appends the digits of a whole number, null for anything else.
func appendWhole(dst, text []byte) []byte {
	if head, rest := leading(text); len(head) == 0 || len(rest) > 0 {
		return append(dst, "null"...)
	}
	return append(dst, text...)
}

// SourceField is a field of a source's schema; Wire is string, int32 or int64.
type SourceField struct {
	Name, Wire string
	Optional   bool
}

// Fields lists the members in their order.
func (s *Source) Fields() []SourceField { return s.fields }

func (s *Source) plan(name record.Name) {
	all := []SourceField{{"version", "string", false}, {"connector", "string", false}, {"name", "string", false},
		{"ts_ms", "int64", false}, {snapshotField, "string", true}, {"db", "string", false}, {"sequence", "string", true},
		{"ts_us", "int64", true}, {"ts_ns", "int64", true}}
	if name.Schema != "" || s.System != changefmt.MySQL {
		all = append(all, SourceField{"schema", "string", false})
	}
	all = append(all, SourceField{"table", "string", true})
	switch s.System {
	case changefmt.MySQL:
		all = append(all, SourceField{"server_id", "int64", false}, SourceField{"gtid", "string", true}, SourceField{"file", "string", true},
			SourceField{"pos", "int64", false}, SourceField{"row", "int32", false}, SourceField{"thread", "int64", true}, SourceField{"query", "string", true})
	case changefmt.PostgreSQL:
		all = append(all, SourceField{"txId", "int64", true}, SourceField{"lsn", "int64", true}, SourceField{"xmin", "int64", true})
	case changefmt.SQLServer:
		all = append(all, SourceField{"change_lsn", "string", true}, SourceField{"commit_lsn", "string", true}, SourceField{"event_serial_no", "int64", true})
	}
	s.fields = all
}

// snapshotField is an Enum of snapshotWords in Debezium's schemas.
const (
	snapshotField = "snapshot"
	snapshotWords = "true,first,first_in_data_collection,last_in_data_collection,last,false,incremental"
)

// The words of snapshot.
var yes, no = []byte("true"), []byte("false")

// SourceValues are the members of one row's source. Texts are borrowed.
type SourceValues struct {
	source   *Source
	nanos    int64
	sequence [32]byte
	place    changefmt.Place
	gtid     []byte
	txid     int64
	hasTxID  bool
	server   int64
	row      int64
	thread   int64
	threaded bool
	snapshot bool
}

// Values returns the members of a row's source; now, in nanoseconds since 1970,
// stands in for a commit time that is not known.
func (s *Source) Values(r record.Row, now int64) SourceValues {
	v := SourceValues{source: s, nanos: s.at(r, now), gtid: s.Meta.Text(r, s.Meta.GTID), snapshot: s.Meta.InSnapshot(r)}
	v.server, _ = s.Meta.Number(r, s.Meta.Server)
	v.row, _ = s.Meta.Number(r, s.Meta.RowNo)
	v.thread, v.threaded = s.Meta.Number(r, s.Meta.Thread)
	if v.place = changefmt.ParsePlace(s.Meta.Text(r, s.Meta.LSN)); v.place.System != s.System {
		v.place = changefmt.Place{}
	}
	if text := s.Meta.Text(r, s.Meta.TxID); s.System == changefmt.PostgreSQL && len(text) > 0 {
		n, err := strconv.ParseInt(string(text), 10, 64)
		v.txid, v.hasTxID = n, err == nil
	}
	return v
}

// Member returns a member; false: it is null.
func (v *SourceValues) Member(name string) (text []byte, n int64, there bool) {
	if text, fixed := v.source.texts[name]; fixed {
		return text, 0, true
	}
	some := func(b []byte) ([]byte, int64, bool) { return b, 0, len(b) > 0 }
	switch name {
	case "ts_ms":
		return nil, floor(v.nanos, 1e6), true
	case "ts_us":
		return nil, floor(v.nanos, 1e3), true
	case "ts_ns":
		return nil, v.nanos, true
	case "sequence":
		if v.source.System != changefmt.PostgreSQL || v.place.LSN == 0 {
			return nil, 0, false
		}
		return append(appendSequence(append(v.sequence[:0], `[null,"`...), v.place.LSN), `"]`...), 0, true
	case snapshotField:
		if v.snapshot {
			return yes, 0, true
		}
		return no, 0, true
	case "server_id":
		return nil, v.server, true
	case "row":
		return nil, v.row, true
	case "thread":
		return nil, v.thread, v.threaded
	case "gtid":
		return some(v.gtid)
	case "file":
		return some(v.place.File)
	case "pos":
		return nil, v.place.Pos, true
	case "txId":
		return nil, v.txid, v.hasTxID
	case "lsn":
		return nil, int64(v.place.LSN), v.place.LSN != 0
	case "change_lsn":
		return some(v.place.Change)
	case "commit_lsn":
		return some(v.place.Commit)
	}
	return nil, 0, false
}
