package stream

import (
	"bytes"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

func TestContract(t *testing.T) {
	plugintest.Writer(t, plugintest.WriterSuite{
		Open: func(testing.TB) plugintest.Destination {
			var console bytes.Buffer
			return plugintest.Destination{
				New:  func(t testing.TB) plugin.Writer { return plugintest.NewWriter(t, info(&console), `{}`) },
				Rows: func(testing.TB) [][]string { return printed(console.String()) },
			}
		},
		Schemas: []*record.Schema{plugintest.AllKinds("t"), plugintest.Kinds("u", record.String, record.Int64)},
		Want:    shown,
		Ordered: true,
		BadConfigs: map[string]func(testing.TB) error{
			"unknown key":     plugintest.WriterError(info(nil), `{"prnt":true}`),
			"print is a list": plugintest.WriterError(info(nil), `{"print":[]}`),
		},
	})
}

// shown spells a row as its table line, cells trimmed.
func shown(r record.Row) []string {
	p := &printer{writer: &writer{}}
	row := []string{changes[r.Op()]}
	for c := range r.Schema().Columns {
		row = append(row, strings.TrimSpace(p.text(r, c)))
	}
	return split("| " + strings.Join(row, " | ") + " |")
}

// split takes a line apart at its bars; a bar inside a value is one more cell.
func split(line string) (cells []string) {
	for _, cell := range strings.Split(strings.Trim(line, "|"), "|") {
		cells = append(cells, strings.TrimSpace(cell))
	}
	return cells
}

// printed takes tables apart and leaves frames and titles out.
func printed(out string) (rows [][]string) {
	for _, line := range strings.Split(out, "\n") {
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| kind ") {
			rows = append(rows, split(line))
		}
	}
	return rows
}
