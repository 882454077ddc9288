package job

import (
	"github.com/datasync-io/datasync/core/config"
)

// restoreColumn checks, as FlinkX does, that a bounded job that is to resume
// names a column that its reader has, by name or index. A file that lists no column names is not checked.
func (p *parser) restoreColumn(j *Job) {
	r := j.Setting.Restore
	if !r.IsRestore || r.IsStream || r.RestoreColumnName == "" && r.RestoreColumnIndex < 0 || len(j.Pipelines) == 0 {
		return
	}
	parameter := j.Pipelines[0].Reader.Parameter
	if parameter == nil {
		return
	}
	at := j.root.Member("job").Member("setting").Member("restore")
	names := columnNames(parameter.Node().Member("column"))
	if len(names) == 0 {
		return
	}
	if r.RestoreColumnName == "" {
		if r.RestoreColumnIndex >= len(names) {
			p.add(at.Member("restoreColumnIndex").Errorf("the reader has no column %d, there are %d, from 0 on", r.RestoreColumnIndex, len(names)))
		}
		return
	}
	found := -1
	for i, name := range names {
		if name == r.RestoreColumnName {
			found = i
		}
	}
	switch {
	case found < 0:
		hint := ""
		if near := config.Nearest(r.RestoreColumnName, names); near != "" {
			hint = ", did you mean " + near + "?"
		}
		p.add(at.Member("restoreColumnName").Errorf("the reader has no column %q%s", r.RestoreColumnName, hint))
	case r.RestoreColumnIndex >= 0 && r.RestoreColumnIndex != found:
		p.add(at.Member("restoreColumnIndex").Errorf("column %q has index %d in the reader; keep the name and leave the index out", r.RestoreColumnName, found))
	}
}

// columnNames returns the names in a column list; none for ["*"].
func columnNames(list *config.Node) []string {
	var names []string
	for _, item := range list.Items() {
		name := item.Text()
		if item.Kind() == config.ObjectKind {
			name = item.Member("name").Text()
		}
		if name == "" || name == "*" {
			return nil
		}
		names = append(names, name)
	}
	return names
}
