package flinkxfmt

import (
	"testing"

	"github.com/datasync-io/datasync/core/record"
)

// A table as the stream found it is told in FlinkX's own words, apart from one
// that a statement has made.
func TestTablesThatAreThere(t *testing.T) {
	c := &record.Change{Kind: record.Create, Name: record.Name{Database: "shop", Table: "t"}, SQL: "CREATE TABLE t (id int)", LSN: "binlog.000001/000000000000000004"}
	for there, want := range map[bool]string{
		false: `{"database":null,"schema":"shop","table":"t","type":"CREATE","content":"CREATE TABLE t (id int)","lsn":"binlog.000001/000000000000000004","lsn_sequence":"0"}`,
		true:  `{"database":null,"schema":"shop","table":"t","type":"CREATE_TABLE","content":"CREATE TABLE t (id int)","lsn":"binlog.000001/000000000000000004","lsn_sequence":"0","snapshot":true}`,
	} {
		c.Snapshot = there
		text, _, ok := new(Encoder).AppendChange(nil, c)
		if !ok || string(text) != want {
			t.Errorf("got %s, want %s", text, want)
		}
	}
}
