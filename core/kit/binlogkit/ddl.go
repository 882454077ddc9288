package binlogkit

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/datasync-io/datasync/core/record"
)

// apply follows one statement.
func (h *History) apply(database string, node ast.StmtNode) []Effect {
	switch s := node.(type) {
	case *ast.CreateTableStmt:
		if s.TemporaryKeyword != ast.TemporaryNone {
			return nil
		}
		return h.create(database, s)
	case *ast.DropTableStmt:
		if s.IsView || s.TemporaryKeyword != ast.TemporaryNone {
			return nil
		}
		var effects []Effect
		for _, t := range s.Tables {
			name := nameOf(database, t)
			effects = append(effects, Effect{Kind: record.Drop, Name: name, Before: h.Table(name)})
			h.Forget(name)
		}
		return effects
	case *ast.TruncateTableStmt:
		name := nameOf(database, s.Table)
		d := h.Table(name)
		return []Effect{{Kind: record.Truncate, Name: name, Before: d, After: d}}
	case *ast.RenameTableStmt:
		var effects []Effect
		for _, pair := range s.TableToTables {
			effects = append(effects, h.rename(nameOf(database, pair.OldTable), nameOf(database, pair.NewTable)))
		}
		return effects
	case *ast.AlterTableStmt:
		return h.alter(database, s)
	case *ast.CreateIndexStmt:
		return h.createIndex(nameOf(database, s.Table), s)
	case *ast.DropIndexStmt:
		return h.change(nameOf(database, s.Table), func(d *Definition) { d.dropIndex(s.IndexName) })
	case *ast.CreateDatabaseStmt:
		h.SetDatabase(s.Name.O, databaseCharset(s.Options, ""))
	case *ast.AlterDatabaseStmt:
		name := s.Name.O
		if name == "" {
			name = database
		}
		h.SetDatabase(name, databaseCharset(s.Options, h.databases[h.fold(name)]))
	case *ast.DropDatabaseStmt:
		return h.dropDatabase(s.Name.O)
	}
	return nil
}

func nameOf(database string, t *ast.TableName) record.Name {
	if t.Schema.O != "" {
		database = t.Schema.O
	}
	return record.Name{Database: database, Table: t.Name.O}
}

func databaseCharset(options []*ast.DatabaseOption, before string) string {
	charset := before
	for _, o := range options {
		switch o.Tp {
		case ast.DatabaseOptionCharset:
			charset = charsetName(o.Value)
		case ast.DatabaseOptionCollate:
			charset = CharsetOf(o.Value)
		}
	}
	return charset
}

func (h *History) dropDatabase(name string) []Effect {
	var effects []Effect
	for id, d := range h.tables {
		if id.database == h.fold(name) {
			effects = append(effects, Effect{Kind: record.Drop, Name: d.Name(), Before: d})
		}
	}
	slices.SortFunc(effects, func(a, b Effect) int { return strings.Compare(a.Name.Table, b.Name.Table) })
	for _, e := range effects {
		h.Forget(e.Name)
	}
	delete(h.databases, h.fold(name))
	return effects
}

func (h *History) rename(from, to record.Name) Effect {
	e := Effect{Kind: record.Rename, Name: from, To: to, Before: h.Table(from)}
	h.Forget(from)
	h.Forget(to)
	if e.Before != nil {
		d := e.Before.clone()
		d.begin()
		d.Database, d.Table = to.Database, to.Table
		h.Define(d)
		e.After = d
	}
	return e
}

func (h *History) create(database string, s *ast.CreateTableStmt) []Effect {
	name := nameOf(database, s.Table)
	d := &Definition{Database: name.Database, Table: name.Table, Charset: h.databases[h.fold(name.Database)]}
	if s.IfNotExists && h.Table(name) != nil {
		return nil // the log has it all the same
	}
	if s.ReferTable != nil {
		like := h.Table(nameOf(database, s.ReferTable))
		if like == nil {
			h.Forget(name)
			return []Effect{{Kind: record.Create, Name: name}}
		}
		d = like.clone()
		d.Database, d.Table = name.Database, name.Table
	}
	h.options(d, s.Options)
	for _, c := range s.Cols {
		h.add(d, c, len(d.Columns))
	}
	for _, c := range s.Constraints {
		d.constrain(c)
	}
	h.Define(d)
	return []Effect{{Kind: record.Create, Name: name, After: d}}
}

// options applies what a statement says of the whole table.
func (h *History) options(d *Definition, options []*ast.TableOption) {
	convert := false
	for _, o := range options {
		switch o.Tp {
		case ast.TableOptionCharset:
			convert = convert || o.UintValue == ast.TableOptionCharsetWithConvertTo
			if d.Charset = charsetName(o.StrValue); o.Default {
				d.Charset = h.databases[h.fold(d.Database)]
			}
		case ast.TableOptionCollate:
			d.Charset = CharsetOf(o.StrValue)
		case ast.TableOptionComment:
			d.Comment = o.StrValue
		}
	}
	if !convert {
		return
	}
	for i := range d.Columns {
		if d.Columns[i].Charset != "" {
			d.Columns[i].Charset = d.Charset
		}
	}
}

// change alters a table, if it is known.
func (h *History) change(name record.Name, how func(d *Definition)) []Effect {
	e := Effect{Kind: record.Alter, Name: name, Before: h.Table(name)}
	if e.Before != nil {
		e.After = e.Before.clone()
		e.After.begin()
		how(e.After)
		h.Define(e.After)
	}
	return []Effect{e}
}

func (h *History) createIndex(name record.Name, s *ast.CreateIndexStmt) []Effect {
	return h.change(name, func(d *Definition) {
		if s.KeyType == ast.IndexKeyTypeUnique {
			d.index(s.IndexName, false, s.IndexPartSpecifications)
		}
	})
}

func (h *History) alter(database string, s *ast.AlterTableStmt) []Effect {
	name := nameOf(database, s.Table)
	to := name
	effects := h.change(name, func(d *Definition) {
		for _, spec := range s.Specs {
			h.spec(d, spec)
		}
	})
	truncates := false
	for _, spec := range s.Specs {
		switch spec.Tp {
		case ast.AlterTableRenameTable:
			to = nameOf(database, spec.NewTable)
		case ast.AlterTableTruncatePartition, ast.AlterTableDropPartition:
			truncates = true
		}
	}
	if truncates && len(s.Specs) == 1 {
		effects[0].Kind = record.Other // rows of a partition are gone, and no event says which
	}
	if to == name {
		return effects
	}
	renamed := h.rename(name, to)
	renamed.Before = effects[0].Before
	if renamed.After != nil {
		for i := range renamed.After.Columns {
			renamed.After.Columns[i].from = effects[0].After.Columns[i].from
		}
	}
	return []Effect{renamed}
}

// spec applies one clause of an ALTER TABLE.
func (h *History) spec(d *Definition, s *ast.AlterTableSpec) {
	switch s.Tp {
	case ast.AlterTableAddColumns:
		for i, c := range s.NewColumns {
			if s.IfNotExists && d.Column(c.Name.Name.O) >= 0 {
				continue
			}
			h.add(d, c, d.place(s.Position, len(d.Columns), i))
		}
		for _, c := range s.NewConstraints {
			d.constrain(c)
		}
	case ast.AlterTableModifyColumn:
		h.replace(d, s.NewColumns[0].Name.Name.O, s)
	case ast.AlterTableChangeColumn:
		h.replace(d, s.OldColumnName.Name.O, s)
	case ast.AlterTableAlterColumn:
		if i := d.Column(s.NewColumns[0].Name.Name.O); i >= 0 {
			d.Columns[i].Default = Default{Form: formNone}
			if options := s.NewColumns[0].Options; len(options) > 0 {
				d.Columns[i].Default = defaultOf(options[0].Expr)
			}
		}
	case ast.AlterTableRenameColumn:
		d.renameColumn(s.OldColumnName.Name.O, s.NewColumnName.Name.O)
	case ast.AlterTableDropColumn:
		d.dropColumn(s.OldColumnName.Name.O)
	case ast.AlterTableAddConstraint:
		d.constrain(s.Constraint)
	case ast.AlterTableDropPrimaryKey:
		d.Indexes = slices.DeleteFunc(d.Indexes, func(x Index) bool { return x.Primary })
	case ast.AlterTableDropIndex:
		d.dropIndex(s.Name)
	case ast.AlterTableRenameIndex:
		for i := range d.Indexes {
			if strings.EqualFold(d.Indexes[i].Name, s.FromKey.O) {
				d.Indexes[i].Name = s.ToKey.O
			}
		}
	case ast.AlterTableOption:
		h.options(d, s.Options)
	}
}

// place returns where the n-th new column goes.
func (d *Definition) place(p *ast.ColumnPosition, otherwise, n int) int {
	if p != nil && p.Tp == ast.ColumnPositionFirst {
		return n
	}
	if p != nil && p.Tp == ast.ColumnPositionAfter {
		if i := d.Column(p.RelativeColumn.Name.O); i >= 0 {
			return i + 1 + n
		}
	}
	return otherwise
}

// replace gives a column another definition, and perhaps another name and place.
func (h *History) replace(d *Definition, old string, s *ast.AlterTableSpec) {
	i := d.Column(old)
	if i < 0 {
		return
	}
	fresh := s.NewColumns[0].Name.Name.O
	d.renameColumn(old, fresh)
	wasPrimary := slices.ContainsFunc(d.Indexes, func(x Index) bool { return x.Primary && slices.Contains(x.Columns, d.Columns[i].Name) })
	from := d.Columns[i].from
	d.Columns = slices.Delete(d.Columns, i, i+1)
	at := h.add(d, s.NewColumns[0], d.place(s.Position, i, 0))
	d.Columns[at].from = from
	if wasPrimary {
		d.Columns[at].Nullable = false
	}
}

func (d *Definition) renameColumn(from, to string) {
	i := d.Column(from)
	if i < 0 {
		return
	}
	from = d.Columns[i].Name
	d.Columns[i].Name = to
	for x := range d.Indexes {
		for c := range d.Indexes[x].Columns {
			if strings.EqualFold(d.Indexes[x].Columns[c], from) {
				d.Indexes[x].Columns[c] = to
			}
		}
	}
}

// dropColumn removes a column, also from indexes, which go with their last one.
func (d *Definition) dropColumn(name string) {
	i := d.Column(name)
	if i < 0 {
		return
	}
	d.Columns = slices.Delete(d.Columns, i, i+1)
	for x := range d.Indexes {
		d.Indexes[x].Columns = slices.DeleteFunc(d.Indexes[x].Columns, func(c string) bool { return strings.EqualFold(c, name) })
	}
	d.Indexes = slices.DeleteFunc(d.Indexes, func(x Index) bool { return len(x.Columns) == 0 })
}

func (d *Definition) dropIndex(name string) {
	d.Indexes = slices.DeleteFunc(d.Indexes, func(x Index) bool {
		return strings.EqualFold(x.Name, name) || x.Primary && strings.EqualFold(name, "PRIMARY")
	})
}

func (d *Definition) constrain(c *ast.Constraint) {
	switch c.Tp {
	case ast.ConstraintPrimaryKey:
		d.index("PRIMARY", true, c.Keys)
	case ast.ConstraintUniq, ast.ConstraintUniqKey, ast.ConstraintUniqIndex:
		d.index(c.Name, false, c.Keys)
	}
}

func (d *Definition) index(name string, primary bool, parts []*ast.IndexPartSpecification) {
	x := Index{Name: name, Primary: primary}
	for _, p := range parts {
		if p.Column == nil {
			x.Columns = append(x.Columns, "")
			continue
		}
		column := p.Column.Name.O
		if i := d.Column(column); i >= 0 {
			if column = d.Columns[i].Name; primary {
				d.Columns[i].Nullable = false
			}
		}
		x.Columns = append(x.Columns, column)
		x.Prefixes = x.Prefixes || p.Length > 0
	}
	if x.Name == "" && len(x.Columns) > 0 {
		x.Name = x.Columns[0]
	}
	d.Indexes = append(d.Indexes, x)
}
