package debeziumfmt

import (
	"slices"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// source is the member of that name, planned for a table.
type source struct {
	system changefmt.System
	meta   changefmt.Meta
	open   []byte // `{"version":...,"name":...,"ts_ms":`
	names  []byte // `,"db":"shop","sequence":null,"schema":"public","table":"users"`
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

// newSource plans the table of row r, which may be none.
func newSource(s *record.Schema, r record.Row, o *Options) source {
	src := source{meta: changefmt.MetaOf(s)}
	var lsn []byte
	if r.Valid() && r.Schema() == s {
		lsn = src.meta.Text(r, src.meta.LSN)
	}
	src.system = SystemOf(o.Connector, s, lsn)
	connector := o.Connector
	if connector == "" {
		connector = connectors[src.system]
	}
	src.open = append(src.open, `{"version":"`+version+`","connector":`...)
	src.open = jsonfmt.AppendText(src.open, connector)
	src.open = append(jsonfmt.AppendText(append(src.open, `,"name":`...), o.Name), `,"ts_ms":`...)
	src.names = jsonfmt.AppendText(append(src.names, `,"db":`...), s.Name.Database)
	src.names = append(src.names, `,"sequence":null`...)
	if s.Name.Schema != "" || src.system != changefmt.MySQL {
		src.names = jsonfmt.AppendText(append(src.names, `,"schema":`...), s.Name.Schema)
	}
	src.names = jsonfmt.AppendText(append(src.names, `,"table":`...), s.Name.Table)
	return src
}

// append appends the source of a row. now stands in for a commit time that is
// not known.
func (s *source) append(dst []byte, r record.Row, now int64) []byte {
	if sec, nsec, ok := s.meta.Commit(r); ok {
		now = changefmt.Millis(sec, nsec)
	}
	dst = strconv.AppendInt(append(dst, s.open...), now, 10)
	if s.meta.InSnapshot(r) {
		dst = append(dst, `,"snapshot":"true"`...)
	} else {
		dst = append(dst, `,"snapshot":"false"`...)
	}
	dst = append(dst, s.names...)
	place := changefmt.ParsePlace(s.meta.Text(r, s.meta.LSN))
	if place.System != s.system {
		place = changefmt.Place{}
	}
	switch s.system {
	case changefmt.MySQL:
		dst = appendText(append(dst, `,"server_id":0,"gtid":`...), s.meta.Text(r, s.meta.GTID))
		dst = appendText(append(dst, `,"file":`...), place.File)
		dst = strconv.AppendInt(append(dst, `,"pos":`...), place.Pos, 10)
		dst = append(dst, `,"row":0,"thread":null,"query":null`...)
	case changefmt.PostgreSQL:
		dst = appendWhole(append(dst, `,"txId":`...), s.meta.Text(r, s.meta.TxID))
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

// A field of the source's schema.
type sourceField struct {
	name, wire string
	optional   bool
}

// sourceFields lists the members in their order.
func (s *source) fields(named bool) []sourceField {
	all := []sourceField{{"version", "string", false}, {"connector", "string", false}, {"name", "string", false},
		{"ts_ms", "int64", false}, {"snapshot", "string", true}, {"db", "string", false}, {"sequence", "string", true}}
	if named {
		all = append(all, sourceField{"schema", "string", false})
	}
	all = append(all, sourceField{"table", "string", true})
	switch s.system {
	case changefmt.MySQL:
		all = append(all, sourceField{"server_id", "int64", false}, sourceField{"gtid", "string", true}, sourceField{"file", "string", true},
			sourceField{"pos", "int64", false}, sourceField{"row", "int32", false}, sourceField{"thread", "int64", true}, sourceField{"query", "string", true})
	case changefmt.PostgreSQL:
		all = append(all, sourceField{"txId", "int64", true}, sourceField{"lsn", "int64", true}, sourceField{"xmin", "int64", true})
	case changefmt.SQLServer:
		all = append(all, sourceField{"change_lsn", "string", true}, sourceField{"commit_lsn", "string", true}, sourceField{"event_serial_no", "int64", true})
	}
	return all
}
