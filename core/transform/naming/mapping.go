package naming

import (
	"fmt"
	"strings"
	"sync"

	"github.com/datasync-io/datasync/core/record"
)

// Mapping is checked settings, and what was mapped by them. Several
// goroutines may use it: all channels share the mapped schemas.
type Mapping struct {
	s     Settings
	rules []rule
	cased func(string) string

	mu     sync.RWMutex
	mapped map[*record.Schema]*record.Schema
}

// New checks settings. Its error is a [*Fault].
func New(s Settings) (*Mapping, error) {
	m := &Mapping{s: s, mapped: map[*record.Schema]*record.Schema{}}
	switch strings.ToUpper(s.Casing) {
	case "", "UNCHANGE":
		m.cased = func(name string) string { return name }
	case "UPPER":
		m.cased = strings.ToUpper
	case "LOWER":
		m.cased = strings.ToLower
	default:
		return nil, &Fault{"casing", fmt.Errorf("expected UNCHANGE, UPPER or LOWER, found %q", s.Casing)}
	}
	withColumn := map[string]bool{"columnName": true}
	for name := range known {
		withColumn[name] = true
	}
	for _, p := range []struct {
		key, target string
		known       map[string]bool
	}{{"schema", s.Pattern.Schema, known}, {"table", s.Pattern.Table, known}, {"column", s.Pattern.Column, withColumn}} {
		if err := placeholders(p.target, p.known); err != nil {
			return nil, &Fault{"pattern." + p.key, err}
		}
	}
	var err error
	m.rules, err = s.rules()
	return m, err
}

// Name maps a table's name; Table may be "" for that of a schema.
func (m *Mapping) Name(n record.Name) record.Name {
	source := namesOf(n)
	schema, table := m.cased(source.schema), m.cased(source.table)
	if p := m.s.Pattern.Schema; p != "" {
		schema = source.fill(p, "", m.cased)
	}
	if p := m.s.Pattern.Table; p != "" && n.Table != "" {
		table = source.fill(p, "", m.cased)
	}
	if to, ok := m.s.Schemas[source.schema]; ok {
		schema = to
	}
	if to, ok := m.s.Tables[source.schema][source.table]; ok {
		table = to
	}
	out := n
	out.Table = table
	if n.Schema == "" && n.Database != "" {
		out.Database = schema
	} else {
		out.Schema = schema
		if n.Database != "" {
			out.Database = m.cased(n.Database)
		}
	}
	return m.byRule(n, out, source)
}

// byRule applies the first of identifierMappings that fits.
func (m *Mapping) byRule(n, out record.Name, source names) record.Name {
	for _, r := range m.rules {
		for _, text := range spellings(n) {
			if !r.re.MatchString(text) {
				continue
			}
			parts := make([]string, len(r.target))
			for i, t := range r.target {
				parts[i] = source.fill(t, "", m.cased)
			}
			return placed(n, out, parts)
		}
	}
	return out
}

// spellings are the texts that a rule may match: with the database and without.
func spellings(n record.Name) []string {
	full := n.String()
	if n.Database == "" || n.Schema == "" {
		if n.Database != "" { // its schema is its database
			return []string{full, n.Database + "." + full}
		}
		return []string{full}
	}
	return []string{full, record.Name{Schema: n.Schema, Table: n.Table}.String()}
}

// placed puts database.schema.table, schema.table or schema in the name's place.
func placed(n, out record.Name, parts []string) record.Name {
	schema := parts[0]
	if len(parts) == 3 {
		schema = parts[1]
	}
	if len(parts) > 1 && n.Table != "" {
		out.Table = parts[len(parts)-1]
	}
	if n.Schema == "" && n.Database != "" {
		out.Database = schema
		return out
	}
	out.Schema = schema
	if len(parts) == 3 {
		out.Database = parts[0]
	}
	return out
}

// Schema returns the mapped schema, the same one for the same s.
func (m *Mapping) Schema(s *record.Schema) *record.Schema {
	if s == nil {
		return nil
	}
	m.mu.RLock()
	out := m.mapped[s]
	m.mu.RUnlock()
	if out != nil {
		return out
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if out := m.mapped[s]; out != nil {
		return out
	}
	out = m.make(s)
	m.mapped[s], m.mapped[out] = out, out // mapped once, whoever asks again
	return out
}

func (m *Mapping) make(s *record.Schema) *record.Schema {
	out := *s
	out.Name = m.Name(s.Name)
	out.Columns = append([]record.Column(nil), s.Columns...)
	source := namesOf(s.Name)
	fields := m.s.Columns[source.schema][source.table]
	for i := range s.Data {
		name := s.Columns[i].Name
		to, ok := fields[name]
		switch {
		case ok:
		case m.s.Pattern.Column != "":
			to = source.fill(m.s.Pattern.Column, name, m.cased)
		default:
			to = m.cased(name)
		}
		out.Columns[i].Name = to
	}
	return &out
}

// Relabel gives the rows of b their new names.
func (m *Mapping) Relabel(b *record.Batch) {
	for _, s := range b.Schemas() {
		b.Relabel(s, m.Schema(s))
	}
}

// Change returns a schema change under the new names. The statement of the
// source is left out of it where it names something that has another name now.
func (m *Mapping) Change(c *record.Change) *record.Change {
	out := *c
	out.Name = m.Name(c.Name)
	out.From, out.To = m.Schema(c.From), m.Schema(c.To)
	if out.Name != c.Name || renamed(c.From, out.From) || renamed(c.To, out.To) {
		out.SQL = ""
	}
	return &out
}

func renamed(from, to *record.Schema) bool {
	if from == nil {
		return false
	}
	if from.Name != to.Name {
		return true
	}
	for i := range from.Columns {
		if from.Columns[i].Name != to.Columns[i].Name {
			return true
		}
	}
	return false
}
