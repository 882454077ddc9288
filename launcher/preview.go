package launcher

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform"
)

// previewWait is how long a preview waits for rows of an input without an end.
const previewWait = 3 * time.Second

// previewWidth is how much of a value a preview shows, in characters.
const previewWidth = 60

// PreviewOptions say what a preview shows.
type PreviewOptions struct {
	Rows int  // so many
	JSON bool // one object a line: table, op, row; not tables for people
}

// Preview prints the first rows that the job would write, as a table per
// schema. Nothing is written but out, and no state is kept.
func (r *Runner) Preview(ctx context.Context, o PreviewOptions, out io.Writer) (err error) {
	defer func() { err = errors.Join(err, r.close()) }()
	splits := []plugin.Split{{ID: "0"}}
	if s, ok := r.reader.(plugin.Splitter); ok {
		if splits, err = s.Splits(ctx, plugin.Plan{Channels: 1}); err != nil {
			return fmt.Errorf("planning: %w", err)
		}
	}
	p := previewer{out: out, left: o.Rows, json: o.JSON, mask: r.job.Scrubber(), encoder: jsonfmt.NewEncoder()}
	if !r.plan.Empty() {
		p.transform, p.seen, p.made = r.plan.New(), record.NewBatch(0, 0), record.NewBatch(0, 0)
	}
	for _, split := range splits {
		if p.left <= 0 {
			break
		}
		if err := r.previewSplit(ctx, split, &p); err != nil {
			return err
		}
	}
	p.flush()
	if p.left == o.Rows && o.Rows > 0 && !o.JSON && p.err == nil {
		_, p.err = io.WriteString(out, "no rows\n")
	}
	return p.err
}

func (r *Runner) previewSplit(ctx context.Context, split plugin.Split, p *previewer) (err error) {
	s, err := r.reader.Open(ctx, plugin.Progress{Split: split})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	reading := ctx
	if split.Endless {
		var cancel func()
		reading, cancel = context.WithTimeout(ctx, previewWait)
		defer cancel()
	}
	b := record.NewBatch(p.left, 0)
	for p.left > 0 {
		b.Reset(split.ID)
		b.SetTarget(p.left, 0)
		err := s.Fill(reading, b)
		switch {
		case err != nil && reading.Err() != nil && ctx.Err() == nil:
			return nil // it waits for more
		case err != nil && err != io.EOF:
			return err
		}
		seen, bad := shownOf(p.transform, b, p.seen)
		if bad != nil {
			return r.placedColumns(bad)
		}
		for _, bad := range seen.Rejects() {
			p.refused(bad.Err)
		}
		made, bad := previewed(ctx, p.transform, seen, p.made, p.refused)
		if bad != nil {
			return bad
		}
		if p.add(made); p.err != nil {
			return p.err
		}
		if err == io.EOF {
			return nil
		}
	}
	return nil
}

// previewer prints rows, in one table as long as their schema stays the same.
type previewer struct {
	out     io.Writer
	left    int
	json    bool
	mask    func(string) string // for errors; rows are shown as they are
	encoder *jsonfmt.Encoder
	err     error // of out
	schema  *record.Schema
	table   table.Writer
	named   bool // there are several tables

	transform *transform.Transform // nil: rows stay as they are
	seen      *record.Batch        // what of the rows may be seen
	made      *record.Batch        // what the transform fills
}

func (p *previewer) add(b *record.Batch) {
	for i := 0; i < b.Len() && p.left > 0; i++ {
		row := b.Row(i)
		if p.json {
			p.object(row)
			p.left--
			continue
		}
		if s := row.Schema(); s != p.schema {
			p.named = p.named || p.schema != nil && p.schema.Name != s.Name
			p.flush()
			p.begin(s)
		}
		cells := make(table.Row, len(p.schema.Columns))
		for c := range cells {
			cells[c] = shown(row, c)
		}
		p.table.AppendRow(cells)
		p.left--
	}
}

// refused shows input that is no row.
func (p *previewer) refused(why error) {
	reason := p.mask(why.Error())
	line := "not a row: " + reason + "\n"
	if p.json {
		text, _ := json.Marshal(map[string]string{"error": reason}) // texts always encode
		line = string(text) + "\n"
	}
	if _, err := io.WriteString(p.out, line); p.err == nil {
		p.err = err
	}
}

// object shows a row as an object of its own.
func (p *previewer) object(row record.Row) {
	s := row.Schema()
	head, _ := json.Marshal(struct { // texts always encode
		Table string `json:"table"`
		Op    string `json:"op"`
	}{s.Name.String(), row.Op().String()})
	line := append(head[:len(head)-1], `,"row":`...)
	line, err := p.encoder.AppendRow(line, row)
	if err != nil {
		p.refused(err)
		return
	}
	if _, err := p.out.Write(append(line, "}\n"...)); p.err == nil {
		p.err = err
	}
}

func (p *previewer) begin(s *record.Schema) {
	p.schema, p.table = s, table.NewWriter()
	p.table.Style().Format.Header = 0
	header := make(table.Row, len(s.Columns))
	for i, c := range s.Columns {
		header[i] = visible(c.Name) + "\n" + c.Kind.String()
	}
	p.table.AppendHeader(header)
}

func (p *previewer) flush() {
	if p.table == nil {
		return
	}
	text := p.table.Render() + "\n"
	if p.named {
		text = visible(p.schema.Name.String()) + ":\n" + text
	}
	if _, err := io.WriteString(p.out, text); p.err == nil {
		p.err = err
	}
	p.table = nil
}

// visible spells a text so that it stays in its place: what moves the cursor, or is not
// seen, is escaped as in Go.
func visible(text string) string {
	if strings.IndexFunc(text, hidden) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if !hidden(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

func hidden(r rune) bool { return !unicode.IsPrint(r) }

// shown is a value for a person: short, and NULL is not "".
func shown(row record.Row, c int) string {
	switch row.Kind(c) {
	case record.Null:
		return "NULL"
	case record.Absent:
		return "-"
	case record.Bytes:
		raw := row.Bytes(c)
		return fmt.Sprintf("0x%x", raw[:min(len(raw), previewWidth/2)])
	}
	text := []rune(string(row.AppendText(nil, c)))
	if len(text) > previewWidth {
		return visible(string(text[:previewWidth])) + "…"
	}
	return visible(string(text))
}
