package binlog

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/record"
)

// selection is the tables whose changes are read.
type selection struct {
	plain    map[record.Name]bool // written as names; in lower case
	patterns []*regexp.Regexp     // over db.t
}

// single tells that one table is followed.
func (s *selection) single() bool { return len(s.plain) == 1 && len(s.patterns) == 0 }

// systemDatabases hold nothing of the users'.
var systemDatabases = map[string]bool{"mysql": true, "information_schema": true, "performance_schema": true, "sys": true}

var plainName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("^(?:`[^`]+`|[\\p{L}\\p{N}_$-]+)(?:\\.(?:`[^`]+`|[\\p{L}\\p{N}_$-]+))?$")
})

// selection reads table and filter.
func (c *Config) selection(database string) (*selection, error) {
	s := &selection{plain: map[record.Name]bool{}}
	var errs []error
	for i, text := range c.Table {
		if err := s.add(strings.TrimSpace(text), database); err != nil {
			errs = append(errs, config.Field(fmt.Sprintf("table[%d]", i), err))
		}
	}
	if len(c.Table) > 0 {
		return s, errors.Join(errs...)
	}
	filter := c.Filter
	if strings.TrimSpace(filter) == "" {
		if filter = `.*\..*`; database != "" {
			filter = regexp.QuoteMeta(database) + `\..*`
		}
	}
	for part := range strings.SplitSeq(filter, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if err := s.pattern(part); err != nil {
			errs = append(errs, config.Field("filter", err))
		}
	}
	return s, errors.Join(errs...)
}

func (s *selection) add(text, database string) error {
	if text == "" {
		return errors.New("is empty")
	}
	if plainName().MatchString(text) {
		first, second, both := strings.Cut(text, ".")
		if strings.HasPrefix(text, "`") {
			first, second, both = cutQuoted(text)
		}
		name := record.Name{Database: database, Table: unquoted(first)}
		if both {
			name = record.Name{Database: unquoted(first), Table: unquoted(second)}
		}
		if name.Database == "" {
			return fmt.Errorf("no database is named: write database.%s, or the database in jdbcUrl", text)
		}
		s.plain[lower(name)] = true
		return nil
	}
	if !strings.Contains(text, ".") {
		if database == "" {
			return fmt.Errorf("no database is named: write database.%s, or the database in jdbcUrl", text)
		}
		text = regexp.QuoteMeta(database) + `\.` + text
	}
	return s.pattern(text)
}

func cutQuoted(text string) (first, second string, both bool) {
	end := strings.IndexByte(text[1:], '`') + 2
	first, second = text[:end], strings.TrimPrefix(text[end:], ".")
	return first, second, second != ""
}

func unquoted(s string) string { return strings.Trim(s, "`") }

func (s *selection) pattern(text string) error {
	re, err := regexp.Compile(`(?i)^(?:` + text + `)$`)
	if err != nil {
		return fmt.Errorf("%q is no regular expression: %w", text, err)
	}
	s.patterns = append(s.patterns, re)
	return nil
}

func lower(n record.Name) record.Name {
	return record.Name{Database: strings.ToLower(n.Database), Table: strings.ToLower(n.Table)}
}

// has tells whether a table's changes are read.
func (s *selection) has(n record.Name) bool {
	if s.plain[lower(n)] {
		return true
	}
	if len(s.patterns) == 0 || systemDatabases[strings.ToLower(n.Database)] || !s.fits(n) {
		return false
	}
	original, is := original(n.Table)
	return !is || !s.has(record.Name{Database: n.Database, Table: original})
}

func (s *selection) fits(n record.Name) bool {
	full := n.Database + "." + n.Table
	for _, re := range s.patterns {
		if re.MatchString(full) {
			return true
		}
	}
	return false
}

// follows tells whether a table's definition is kept: also that of a shadow of
// a table that is read, which may take its place.
func (s *selection) follows(n record.Name) bool {
	if s.has(n) {
		return true
	}
	name, is := original(n.Table)
	return is && s.has(record.Name{Database: n.Database, Table: name})
}

// shadows are the names that tools for online schema changes give to the
// tables they work with: gh-ost's _t_gho, _t_ghc and _t_del, the latter with a
// time if asked to, and pt-online-schema-change's _t_new and _t_old, with more
// underscores where a name is taken.
var shadows = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^_+(.+?)_(?:gho|ghc|ghr|(?:\d{14}_)?del|new|old)$`)
})

// original returns the table that one is a shadow of.
func original(table string) (string, bool) {
	m := shadows().FindStringSubmatch(table)
	if m == nil {
		return "", false
	}
	return m[1], true
}
