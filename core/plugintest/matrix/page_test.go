package matrix

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const pageFile = "../../../docs/types.md"

// page is docs/types.md.
type page struct {
	sections map[string]*section
	order    []string
}

// section is what is said of one source.
type section struct {
	from    *filled
	targets []*system
	moved   []*moved
}

func newPage() *page { return &page{sections: map[string]*section{}} }

func (p *page) add(f *filled, to *system, m *moved) {
	title := f.system.title
	s := p.sections[title]
	if s == nil {
		s = &section{from: f}
		p.sections[title] = s
		p.order = append(p.order, title)
	}
	s.targets = append(s.targets, to)
	s.moved = append(s.moved, m)
}

func (p *page) compare(t *testing.T) {
	t.Helper()
	want := p.text()
	if *update {
		if err := os.WriteFile(pageFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(pageFile); err != nil || string(got) != want {
		t.Errorf("docs/types.md is stale: run make types")
	}
}

const pageHead = `<!-- Made by make types from a run against real servers. -->

# Types

What becomes of a value of each type in each target, when the target's table is made by datasync (` + "`createTable`" + `). Edge values of
every type were moved and both ends asked for their own text of them. A cell names the type of the made column and says

* **=** every value is identical,
* **≈** values are represented as the note says, none is lost,
* **✗** so many of the values were refused: their rows are dirty and name the column; the others are as said.

A value is never changed silently.
`

func (p *page) text() string {
	var b strings.Builder
	b.WriteString(pageHead)
	for _, title := range p.order {
		p.sections[title].write(&b)
	}
	return b.String()
}

func (s *section) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n## From %s\n\n| type |", s.from.system.title)
	for _, to := range s.targets {
		fmt.Fprintf(b, " %s |", to.title)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(s.targets)) + "\n")
	n := &notes{}
	for c := range s.from.columns {
		native := s.from.columns[c].native
		if native == "" {
			native = "(none)"
		}
		fmt.Fprintf(b, "| `%s` |", native)
		for i, to := range s.targets {
			b.WriteString(" " + s.cell(c, to, s.moved[i], n) + " |")
		}
		b.WriteString("\n")
	}
	if len(n.values) > 0 {
		b.WriteString("\nRefused:\n\n")
	}
	for _, value := range n.values {
		fmt.Fprintf(b, "* %s to %s\n", value, strings.Join(n.targets[value], ", "))
	}
}

// notes are the values that were refused and why, and by which targets.
type notes struct {
	values  []string
	targets map[string][]string
}

func (n *notes) add(value, target string) {
	if n.targets == nil {
		n.targets = map[string][]string{}
	}
	if n.targets[value] == nil {
		n.values = append(n.values, value)
	}
	n.targets[value] = append(n.targets[value], target)
}

// cell is the mark of one type in one target.
func (s *section) cell(c int, to *system, m *moved, n *notes) (mark string) {
	values, refused, ways := 0, 0, map[string]bool{}
	for id := range s.from.cells {
		at, fate := &s.from.cells[id], &m.fates[id]
		if at.column != c || at.literal == "NULL" {
			continue
		}
		values++
		switch col := s.from.columns[c]; {
		case fate.refused != "":
			refused++
			why := strings.TrimPrefix(fate.refused, col.name+": ")
			n.add(fmt.Sprintf("`%s` `%s`: %s:", col.native, shorten(at.source), shorten(why)), to.title)
		case fate.target != nil && !same(col.family, at.source, *fate.target):
			ways[represented(s.from.system, to, col, at.source, *fate.target)] = true
		}
	}
	mark = "="
	if len(ways) > 0 {
		mark = "≈ " + strings.Join(names(ways), ", ")
	}
	if refused == values {
		mark = "✗"
	} else if refused > 0 {
		mark += fmt.Sprintf(", ✗ %d of %d", refused, values)
	}
	if m.types != nil {
		mark = "`" + m.types[c] + "` " + mark
	}
	return mark
}

// shorten keeps a page readable.
func shorten(s string) string {
	const most = 100
	s = strings.NewReplacer("\n", " ", "|", "\\|", "`", "'", "\x00", "\\0").Replace(s)
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}
