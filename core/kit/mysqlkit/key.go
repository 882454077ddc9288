package mysqlkit

import (
	"encoding/json"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Key returns the values that the row in packet is sorted by; false if one has no
// value to begin again after (a zero date). scratch is overwritten.
func (sh *Shape) Key(packet []byte, scratch *record.Batch) ([]sqlkit.Value, bool) {
	scratch.Reset("")
	if err := sh.decode(packet, scratch, sh.all, true); err != nil {
		return nil, false
	}
	row := scratch.Row(0)
	values := make([]sqlkit.Value, len(sh.all.Key))
	var text []byte
	for i, c := range sh.all.Key {
		values[i].Kind = row.Kind(c)
		if values[i].Kind == record.Null {
			if !sh.all.Columns[c].Nullable {
				return nil, false
			}
			continue
		}
		text = row.AppendText(text[:0], c)
		if values[i].Kind == record.Timestamp {
			text = text[:len(text)-1] // the Z: the session reads it as UTC anyway
		}
		values[i].Text = string(text)
	}
	return values, true
}

// KeyColumns describe the columns that the rows are sorted by.
func (sh *Shape) KeyColumns() []sqlkit.KeyColumn {
	columns := make([]sqlkit.KeyColumn, len(sh.all.Key))
	for i, c := range sh.all.Key {
		column := sh.all.Columns[c]
		columns[i] = sqlkit.KeyColumn{Name: column.Name, Kind: column.Kind, Nullable: column.Nullable}
	}
	return columns
}

// Raw returns the row in packet as a JSON object of texts, for a row that
// cannot be decoded.
func (sh *Shape) Raw(packet []byte) []byte {
	n := sh.Schema.Data
	values, err := mysql.RowData(packet).ParseBinary(sh.fields, nil)
	if err != nil {
		return packet
	}
	out := []byte{'{'}
	for i := range values[:n] {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, quoted(string(sh.fields[i].Name))...), ':')
		if s := text(&values[i]); s != nil {
			out = append(out, quoted(*s)...)
		} else {
			out = append(out, "null"...)
		}
	}
	return append(out, '}')
}

func quoted(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil { // no text fails
		return []byte(`""`)
	}
	return b
}
