package binlogkit

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/record"
)

// spellChanges spells what a change says of its columns.
func spellChanges(s *record.Schema, list []record.ColumnChange) string {
	spell := func(d record.Default) string {
		return [...]string{record.Untold: "?", record.Nothing: "none", record.Constant: "'" + d.Text + "'", record.Computed: "computed"}[d.Kind]
	}
	var out []string
	for _, c := range list {
		text := s.Columns[c.Column].Name + " default " + spell(c.Default)
		if c.Added {
			text = s.Columns[c.Column].Name + " added " + spell(c.Fill) + " default " + spell(c.Default)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// What statements say of columns: which are new, what the rows that are there
// have in them, and what those that come.
func TestColumnChanges(t *testing.T) {
	run := &Run{Session: Session{At: time.Date(2024, 5, 6, 7, 8, 9, 987_654_000, time.UTC), Exact: true}, Location: time.FixedZone("", 19800)}
	for name, c := range map[string]struct{ alter, want string }{
		"none":                   {"ADD c INT", "c added none default none"},
		"taken for nothing":      {"ADD c INT NOT NULL", "c added '0' default none"},
		"constant":               {"ADD c VARCHAR(9) DEFAULT 'x' FIRST", "c added 'x' default 'x'"},
		"several":                {"ADD c INT DEFAULT 1, ADD e INT NOT NULL DEFAULT +2", "c added '1' default '1', e added '2' default '2'"},
		"a new name":             {"RENAME COLUMN b TO c", ""},
		"a new name and type":    {"CHANGE b c BIGINT", ""},
		"one goes and one comes": {"DROP b, ADD c INT DEFAULT 5", "c added '5' default '5'"},
		"renamed in between":     {"ADD c INT DEFAULT 5, RENAME TO d.u", "c added '5' default '5'"},
		"a default":              {"ALTER b SET DEFAULT 7", "b default '7'"},
		"no default":             {"ALTER n DROP DEFAULT", "n default none"},
		"left as it is":          {"MODIFY n BIGINT DEFAULT 3", ""},
		"left out":               {"MODIFY n BIGINT", "n default none"},
		"the clock":              {"ADD c TIMESTAMP DEFAULT NOW()", "c added '2024-05-06 07:08:09Z' default computed"},
		"digits of the clock":    {"ADD c TIMESTAMP(3) DEFAULT NOW(3)", "c added '2024-05-06 07:08:09.987Z' default computed"},
		"a clock of a zone":      {"ADD c DATETIME DEFAULT NOW()", "c added '2024-05-06 12:38:09' default computed"},
		"a day":                  {"ADD c DATE DEFAULT (CURRENT_DATE)", "c added '2024-05-06' default computed"},
		"a rounded clock":        {"ADD c TIME DEFAULT (CURTIME(6))", "c added computed default computed"},
		"a later moment":         {"ADD c DATETIME DEFAULT (NOW() + INTERVAL 1 DAY)", "c added computed default computed"},
		"a sum":                  {"ADD c INT DEFAULT (1 + 2 * -3)", "c added '-5' default '-5'"},
		"a quotient":             {"ADD c INT DEFAULT (6 / 2)", "c added computed default computed"},
		"rounded":                {"ADD c DECIMAL(5,1) DEFAULT 1.25", "c added computed default computed"},
		"cut":                    {"ADD c VARCHAR(2) DEFAULT 'abc'", "c added computed default computed"},
		"another character set":  {"ADD c VARCHAR(9) DEFAULT _latin1 X'e9'", "c added computed default computed"},
		"numbered":               {"ADD c INT AUTO_INCREMENT UNIQUE", "c added computed default computed"},
		"a day that is none":     {"ADD c DATE NOT NULL DEFAULT '0000-00-00'", "c added computed default computed"},
		"a year of two digits":   {"ADD c YEAR DEFAULT 24", "c added computed default computed"},
		"an expression":          {"ADD c VARCHAR(9) DEFAULT (UPPER(a))", "c added computed default computed"},
		"in parentheses":         {"ADD c JSON DEFAULT ('[1]')", "c added '[1]' default '[1]'"},
		"hidden":                 {"ADD c INT DEFAULT 1 INVISIBLE", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h, o := NewHistory(Product{}), &Options{Intern: func(s *record.Schema) *record.Schema { return s }}
			for _, sql := range []string{"CREATE TABLE d.t (a INT PRIMARY KEY, b INT, n INT DEFAULT 3)", "ALTER TABLE d.t ADD z INT DEFAULT 9"} {
				if _, err := h.Apply("d", sql); err != nil {
					t.Fatal(err)
				}
			}
			effects, err := h.Apply("d", "ALTER TABLE d.t "+c.alter)
			if err != nil {
				t.Fatal(err)
			}
			e := effects[0]
			s := SchemaOf(e.After, o)
			if got := spellChanges(s, ColumnChanges(e.Before, e.After, run, s, o)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A table that takes another's place has the columns that the other lacked as
// new ones, and keeps what is known of them over a checkpoint.
func TestColumnChangesOfASwap(t *testing.T) {
	o := &Options{Intern: func(s *record.Schema) *record.Schema { return s }}
	for _, c := range []struct{ alter, want string }{
		{"ADD c INT NOT NULL DEFAULT 4", "c added '4' default '4'"},
		{"CHANGE b c INT", ""}, // it may be b under another name
	} {
		h := NewHistory(Product{})
		for i, sql := range []string{"CREATE TABLE d.t (a INT PRIMARY KEY, b INT)", "CREATE TABLE d.s LIKE d.t", "ALTER TABLE d.s " + c.alter} {
			if _, err := h.Apply("d", sql); err != nil {
				t.Fatal(i, err)
			}
		}
		saved, err := h.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		h = NewHistory(Product{})
		if err := h.Load(saved); err != nil {
			t.Fatal(err)
		}
		effects, err := h.Apply("d", "RENAME TABLE d.t TO d.old, d.s TO d.t")
		if err != nil || len(effects) != 2 {
			t.Fatal(fmt.Sprint(effects), err)
		}
		s := SchemaOf(effects[1].After, o)
		if got := spellChanges(s, ColumnChanges(effects[0].Before, effects[1].After, nil, s, o)); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// A statement whose session is not known to the second's fraction, or in its
// zone, or gives columns defaults without a word, leaves them unknown.
func TestColumnChangesOfASession(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	for name, c := range map[string]struct {
		alter string
		run   Run
		want  string
	}{
		"no fraction":      {"ADD c TIMESTAMP(3) DEFAULT NOW(3)", Run{Session: Session{At: at}}, "c added computed default computed"},
		"no zone":          {"ADD c DATETIME DEFAULT NOW()", Run{Session: Session{At: at}}, "c added computed default computed"},
		"an instant":       {"ADD c TIMESTAMP DEFAULT NOW()", Run{Session: Session{At: at}}, "c added '2024-05-06 07:08:09Z' default computed"},
		"without a word":   {"ADD c TIMESTAMP", Run{Session: Session{At: at, Implicit: true}}, "c added computed default none"},
		"without, NOT":     {"ADD c TIMESTAMP NOT NULL", Run{Session: Session{At: at, Implicit: true}}, "c added computed default none"},
		"NULL is said":     {"ADD c TIMESTAMP NULL", Run{Session: Session{At: at, Implicit: true}}, "c added none default none"},
		"explicit default": {"ADD c TIMESTAMP", Run{Session: Session{At: at}}, "c added none default none"},
	} {
		t.Run(name, func(t *testing.T) {
			h, o := NewHistory(Product{}), &Options{ZeroNull: true, Intern: func(s *record.Schema) *record.Schema { return s }}
			for _, sql := range []string{"CREATE TABLE d.t (a INT PRIMARY KEY)", "ALTER TABLE d.t " + c.alter} {
				effects, err := h.Apply("d", sql)
				if err != nil {
					t.Fatal(err)
				}
				if e := effects[0]; e.Before != nil {
					s := SchemaOf(e.After, o)
					if got := spellChanges(s, ColumnChanges(e.Before, e.After, &c.run, s, o)); got != c.want {
						t.Errorf("got %q, want %q", got, c.want)
					}
				}
			}
		})
	}
}
