package stream

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

func openSink(t testing.TB, console io.Writer, config string) plugin.Sink {
	t.Helper()
	s, err := plugintest.NewWriter(t, info(console), config).Open(t.Context(), plugin.Task{Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTable(t *testing.T) {
	schema := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "name", Kind: record.String}, {Name: "raw", Kind: record.Bytes}})
	b := record.NewBatch(0, 0)
	b.Begin(schema, record.Insert)
	b.Int64(1)
	b.Text(record.String, "世界")
	b.Null()
	b.Begin(schema, record.UpdateBefore)
	b.Int64(2)
	b.Text(record.String, "a\x1b[2Jb\n\xff")
	b.Bytes([]byte{1, 0xab})
	b.Begin(schema, record.UpdateAfter)
	b.Int64(2)
	b.Absent()
	b.Bytes(nil)
	b.Begin(schema, record.Delete)
	b.Int64(2)
	b.Null()
	b.Null()
	var out bytes.Buffer
	if err := openSink(t, &out, `{"column":["key",{"name":"","type":"string"},"raw"]}`).Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	const want = `+------+-----+-----------------+--------+
| kind | key | name            | raw    |
+------+-----+-----------------+--------+
| +I   | 1   | 世界            | null   |
| -U   | 2   | a\x1b[2Jb\n\xff | 0x01ab |
| +U   | 2   | (absent)        | 0x     |
| -D   | 2   | null            | null   |
+------+-----+-----------------+--------+
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestNullCostsNothing(t *testing.T) {
	var out bytes.Buffer
	sink := openSink(t, &out, `{"print":"false"}`)
	b := plugintest.Rows(plugintest.AllKinds("t"), 0, 100)
	if n := testing.AllocsPerRun(10, func() {
		if err := sink.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}); n != 0 || out.Len() > 0 {
		t.Errorf("%v allocations, %d bytes printed", n, out.Len())
	}
}

type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestConsoleGone(t *testing.T) {
	sink := openSink(t, closedPipe{}, `{}`)
	err := sink.Write(t.Context(), plugintest.Rows(plugintest.Kinds("t"), 0, 1))
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a console that is gone gave %v", err)
	}
}
