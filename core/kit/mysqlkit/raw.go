package mysqlkit

import (
	"encoding/json"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// Raw returns the first n columns of the row in packet as a JSON object of
// texts, for a row that cannot be decoded.
func (sh *Shape) Raw(packet []byte, n int) []byte {
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
