package stream

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

var _ plugin.Sink = (*printer)(nil)

// printer writes each batch as a table, one after another if schemas differ.
type printer struct {
	writer *writer
	cell   []byte
}

// changes are the marks of FlinkX's row kinds.
var changes = [...]string{record.Insert: "+I", record.UpdateBefore: "-U", record.UpdateAfter: "+U", record.Delete: "-D"}

// Write prints the batch in one piece; an error of the console ends the sink.
func (p *printer) Write(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var out []byte
	for i := 0; i < b.Len(); {
		end := i + 1
		for end < b.Len() && b.Row(end).Schema() == b.Row(i).Schema() {
			end++
		}
		out = append(out, p.table(b, i, end)...)
		out = append(out, '\n')
		i = end
	}
	if len(out) == 0 {
		return nil
	}
	p.writer.mu.Lock()
	defer p.writer.mu.Unlock()
	if _, err := p.writer.console.Write(out); err != nil {
		return fmt.Errorf("printing %d rows: %w", b.Len(), err)
	}
	return nil
}

// table renders rows from <= i < to, which have one schema.
func (p *printer) table(b *record.Batch, from, to int) string {
	schema := b.Row(from).Schema()
	t := table.NewWriter()
	t.SetOutputMirror(nil)
	style := table.StyleDefault
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	header := table.Row{"kind"}
	for c := range schema.Columns {
		header = append(header, p.title(schema, c))
	}
	t.AppendHeader(header)
	for i := from; i < to; i++ {
		r := b.Row(i)
		row := table.Row{changes[r.Op()]}
		for c := range schema.Columns {
			row = append(row, p.text(r, c))
		}
		t.AppendRow(row)
	}
	return t.Render()
}

func (p *printer) title(s *record.Schema, c int) string {
	if c < s.Data && s.Data == len(p.writer.titles) && p.writer.titles[c] != "" {
		return string(appendVisible(nil, []byte(p.writer.titles[c])))
	}
	return string(appendVisible(nil, []byte(s.Columns[c].Name)))
}

// text spells a value so that it cannot move the cursor: control characters
// are escaped as in Go, binary data is hexadecimal.
func (p *printer) text(r record.Row, c int) string {
	switch r.Kind(c) {
	case record.Null:
		return "null"
	case record.Absent:
		return "(absent)"
	case record.Bytes:
		p.cell = hex.AppendEncode(append(p.cell[:0], "0x"...), r.Bytes(c))
		return string(p.cell)
	}
	p.cell = r.AppendText(p.cell[:0], c)
	for _, ch := range p.cell {
		if ch < ' ' || ch >= 0x7f {
			return string(appendVisible(nil, p.cell))
		}
	}
	return string(p.cell)
}

func appendVisible(dst, v []byte) []byte {
	for len(v) > 0 {
		ch, n := utf8.DecodeRune(v)
		switch {
		case ch == utf8.RuneError && n == 1:
			dst = fmt.Appendf(dst, `\x%02x`, v[0])
		case unicode.IsPrint(ch):
			dst = append(dst, v[:n]...)
		default:
			quoted := strconv.AppendQuoteRune(nil, ch)
			dst = append(dst, quoted[1:len(quoted)-1]...)
		}
		v = v[n:]
	}
	return dst
}

// Close leaves the console to the others.
func (p *printer) Close() error { return nil }
