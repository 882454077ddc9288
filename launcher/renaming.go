package launcher

import (
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/transform/naming"
)

// nameNode is job.content[i].nameMapping: FlinkX's maps and ChunJun's regular
// expressions.
type nameNode struct {
	SchemaMappings map[string]string                       `json:"schemaMappings"`
	TableMappings  map[string]map[string]string            `json:"tableMappings"`
	FieldMappings  map[string]map[string]map[string]string `json:"fieldMappings"`
	Pattern        patternNode                             `json:"pattern"`

	SourceName         string       `json:"sourceName"`
	Casing             string       `json:"casing" enum:"UNCHANGE,UPPER,LOWER"`
	IdentifierMappings *config.Node `json:"identifierMappings"`
	ColumnTypeMappings *config.Node `json:"columnTypeMappings" ignored:"a column's type at the destination follows from that of its values"`
}

type patternNode struct {
	Schema string `json:"schema"`
	Table  string `json:"table"`
	Column string `json:"column" alias:"field"`
}

// changing are the readers of changes, whose names are mapped without being
// asked for by sourceName, as in FlinkX.
var changing = map[string]bool{"binlog": true, "sqlservercdc": true, "pgwal": true, "oraclelogminer": true, "mysqlcdc": true}

func (r *Runner) buildNames() error {
	n := r.pipe.NameMapping
	if n == nil {
		return nil
	}
	var m nameNode
	d := r.at(n)
	if err := d.Decode(&m); err != nil {
		return err
	}
	if !changing[r.pipe.Reader.Plugin] && m.SourceName == "" {
		r.notes().Inform(n.Errorf("has no effect: %s reads no changes; with sourceName in it, names are mapped all the same", r.pipe.Reader.Name))
		return nil
	}
	s := naming.Settings{Schemas: m.SchemaMappings, Tables: m.TableMappings, Columns: m.FieldMappings, Casing: m.Casing,
		Pattern: naming.Pattern{Schema: m.Pattern.Schema, Table: m.Pattern.Table, Column: m.Pattern.Column}}
	if k := m.IdentifierMappings; !k.Unset() && k.Kind() != config.ObjectKind {
		return k.Errorf("expected an object of regular expressions and names, found %s", k.Kind())
	}
	for _, rule := range m.IdentifierMappings.Members() { // in the order of the file
		s.Identifiers = append(s.Identifiers, naming.Rule{Pattern: rule.Name, Target: rule.Node.Text()})
	}
	mapping, err := naming.New(s)
	var f *naming.Fault
	if !errors.As(err, &f) {
		r.plan.Names = mapping
		return err
	}
	for _, rule := range m.IdentifierMappings.Members() {
		if f.Key == fmt.Sprintf("identifierMappings[%q]", rule.Name) {
			return config.Join(rule.Node.Errorf("%v", f.Err))
		}
	}
	return d.Place(config.Field(f.Key, f.Err))
}
