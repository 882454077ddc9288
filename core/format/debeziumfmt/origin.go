package debeziumfmt

import (
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/record"
)

// Origin is what a source tells. Its texts lie in the message.
type Origin struct {
	Name            record.Name
	At              time.Time // when the source committed; zero: unknown
	LSN, GTID, TxID []byte
	Snapshot        bool
}

// ReadOrigin reads a source.
func ReadOrigin(v gjson.Result) (o Origin) {
	var p changefmt.Place
	v.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "db":
			o.Name.Database = v.Str
		case "schema":
			o.Name.Schema = v.Str
		case "table", "collection":
			o.Name.Table = v.Str
		case "ts_ms":
			if ms := v.Int(); ms > 0 {
				o.At = time.UnixMilli(ms).UTC()
			}
		case "gtid":
			o.GTID = []byte(v.Str)
		case "txId":
			if v.Type == gjson.Number {
				o.TxID = []byte(v.Raw)
			}
		case "snapshot":
			o.Snapshot = v.Type == gjson.True || v.Type == gjson.String && v.Str != "false"
		case "file":
			p.File = []byte(v.Str)
		case "pos":
			p.Pos = v.Int()
		case "lsn":
			p.LSN = v.Uint()
		case "commit_lsn":
			p.Commit = []byte(v.Str)
		case "change_lsn":
			p.Change = []byte(v.Str)
		}
		return true
	})
	switch {
	case len(p.File) > 0:
		p.System = changefmt.MySQL
	case p.LSN > 0:
		p.System = changefmt.PostgreSQL
	case len(p.Commit) > 0:
		p.System = changefmt.SQLServer
	}
	o.LSN = changefmt.AppendPlace(nil, p)
	return o
}

// Owned returns the table's name in memory of its own.
func (o *Origin) Owned() record.Name {
	return record.Name{Database: strings.Clone(o.Name.Database), Schema: strings.Clone(o.Name.Schema), Table: strings.Clone(o.Name.Table)}
}

// NameOf makes a table's name of its full one, which begins with the name of the
// source; where there is none, of the topic.
func NameOf(full, topic string) record.Name {
	if full == "" {
		return record.Name{Table: topic}
	}
	parts := strings.Split(full, ".")
	if len(parts) > 1 {
		parts = parts[1:]
	}
	switch len(parts) {
	case 1:
		return record.Name{Table: parts[0]}
	case 2:
		return record.Name{Database: parts[0], Table: parts[1]}
	}
	return record.Name{Database: parts[0], Schema: parts[1], Table: strings.Join(parts[2:], ".")}
}
