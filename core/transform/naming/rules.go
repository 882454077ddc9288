package naming

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform/javaregex"
)

// Settings are both generations of nameMapping. Rules of the first are maps
// from source names to new ones; those of the second are tried in order.
type Settings struct {
	Schemas map[string]string                       // schemaMappings
	Tables  map[string]map[string]string            // tableMappings, by schema
	Columns map[string]map[string]map[string]string // fieldMappings, by schema and table
	Pattern Pattern

	Casing      string // UNCHANGE, UPPER, LOWER; "" is UNCHANGE
	Identifiers []Rule
}

// Pattern names what the maps leave alone. Each may hold ${dataBaseName},
// ${schemaName} and ${tableName}, and that of columns ${columnName}; "" leaves the name.
type Pattern struct{ Schema, Table, Column string }

// Rule is one of identifierMappings: a regular expression over the whole of
// "database.schema.table", and the new name.
type Rule struct{ Pattern, Target string }

// Fault is what is wrong with settings, and with which key.
type Fault struct {
	Key string
	Err error
}

func (f *Fault) Error() string { return f.Key + ": " + f.Err.Error() }
func (f *Fault) Unwrap() error { return f.Err }

type rule struct {
	re     *regexp.Regexp
	target []string // one to three parts, the last ones of database, schema, table
}

var placeholder = regexp.MustCompile(`\$\{([^{}]*)\}`)

var known = map[string]bool{"dataBaseName": true, "databaseName": true, "schemaName": true, "tableName": true}

// rules compiles identifierMappings.
func (s Settings) rules() ([]rule, error) {
	var all []rule
	for _, r := range s.Identifiers {
		key := fmt.Sprintf("identifierMappings[%q]", r.Pattern)
		re, err := javaregex.Compile(r.Pattern)
		if err == nil {
			re, err = regexp.Compile(`\A(?:` + re.String() + `)\z`)
		}
		if err != nil {
			return nil, &Fault{key, err}
		}
		if err := placeholders(r.Target, known); err != nil {
			return nil, &Fault{key, err}
		}
		parts := strings.Split(r.Target, ".")
		if len(parts) > 3 {
			return nil, &Fault{key, fmt.Errorf("expected schema, schema.table or database.schema.table, found %q", r.Target)}
		}
		for _, p := range parts {
			if p == "" {
				return nil, &Fault{key, fmt.Errorf("a part of %q is empty", r.Target)}
			}
		}
		all = append(all, rule{re, parts})
	}
	return all, nil
}

// placeholders refuses those that are not known.
func placeholders(target string, known map[string]bool) error {
	for _, m := range placeholder.FindAllStringSubmatch(target, -1) {
		if !known[m[1]] {
			return fmt.Errorf("unknown placeholder %s in %q: use ${dataBaseName}, ${schemaName} or ${tableName}", m[0], target)
		}
	}
	return nil
}

// names are the parts of a source's name under which rules know it.
type names struct{ database, schema, table string }

func namesOf(n record.Name) names {
	if n.Schema == "" {
		return names{n.Database, n.Database, n.Table}
	}
	return names{n.Database, n.Schema, n.Table}
}

// fill replaces placeholders by the names, in the casing.
func (n names) fill(target, column string, cased func(string) string) string {
	return placeholder.ReplaceAllStringFunc(target, func(p string) string {
		switch p[2 : len(p)-1] {
		case "schemaName":
			return cased(n.schema)
		case "tableName":
			return cased(n.table)
		case "columnName":
			return cased(column)
		}
		return cased(n.database)
	})
}
