package transform

import (
	"context"
	"slices"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform/columns"
	"github.com/datasync-io/datasync/core/transform/datax"
	"github.com/datasync-io/datasync/core/transform/flinksql"
	"github.com/datasync-io/datasync/core/transform/naming"
	"github.com/datasync-io/datasync/core/transform/rowwise"
)

// Plan is what is done with the rows of a job. At most one of Query and Steps
// is given. It may be shared by goroutines.
type Plan struct {
	Columns *columns.Policy // nil: none
	Names   *naming.Mapping // nil: none
	Query   *flinksql.Query // nil: none
	SQL     flinksql.Options
	Steps   datax.Chain // none: nil
}

// Empty tells that nothing is done.
func (p *Plan) Empty() bool {
	return p.Columns == nil && p.Names == nil && p.Query == nil && len(p.Steps) == 0
}

// New returns the plan for one channel.
func (p *Plan) New() *Transform {
	t := &Transform{columns: p.Columns, names: p.Names}
	if p.Columns != nil {
		t.screen = p.Columns.NewScreen()
	}
	switch {
	case p.Query != nil:
		t.rows = p.Query.NewTransform(p.SQL)
	case len(p.Steps) > 0:
		t.rows = p.Steps.NewTransform()
	}
	return t
}

// Schemas returns what the schemas become. Its errors are of class Config.
func (p *Plan) Schemas(list []*record.Schema) ([]*record.Schema, error) {
	t := p.New()
	out := make([]*record.Schema, len(list))
	for i, s := range list {
		var err error
		if out[i], err = t.Schema(s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Transform is a plan for one channel: one goroutine at a time may use it.
type Transform struct {
	columns *columns.Policy
	screen  *columns.Screen // nil: no column is hidden
	names   *naming.Mapping
	rows    *rowwise.Transform // nil: rows stay as they are
}

// Schema returns the schema of the rows that rows of s become; nil for nil.
func (t *Transform) Schema(s *record.Schema) (*record.Schema, error) {
	if s == nil {
		return nil, nil
	}
	if t.columns != nil {
		var err error
		if s, err = t.columns.Schema(s); err != nil {
			return nil, err
		}
	}
	if t.names != nil {
		s = t.names.Schema(s)
	}
	if t.rows == nil {
		return s, nil
	}
	return t.rows.Schema(s)
}

// Screen does what comes before all else: it appends to out what may be seen of
// in, one row for each, and of input that is no row. It is false, and out as it
// was, where that is all of in; otherwise out takes the place of in, for InPlace,
// Apply and whoever is shown a row that they refuse.
func (t *Transform) Screen(in, out *record.Batch) (bool, error) {
	if t.screen == nil {
		return false, nil
	}
	return t.screen.Apply(in, out)
}

// InPlace does what needs no copy of the rows of b, which Screen has let
// through, and tells whether that is all; otherwise Apply follows.
func (t *Transform) InPlace(b *record.Batch) (all bool) {
	if t.names != nil {
		t.names.Relabel(b)
	}
	return t.rows == nil
}

// Apply appends to out what becomes of the rows of in. An *errclass.Rows
// names rows of in that out lacks since they could not be computed; any other
// error is one of the plan as a whole.
func (t *Transform) Apply(ctx context.Context, in, out *record.Batch) error {
	if !t.InPlace(in) {
		return t.rows.Apply(ctx, in, out)
	}
	for i := range in.Len() {
		out.CopyRow(in.Row(i))
	}
	return nil
}

// Change returns a schema change as it is for what comes out. It is nil where
// nothing changes there: the columns that a query selects have stayed the
// same. A statement of the source is left out where it does not say the same
// any longer.
func (t *Transform) Change(c *record.Change) (*record.Change, error) {
	if t.columns != nil {
		var err error
		if c, err = t.columns.Change(c); c == nil || err != nil {
			return nil, err
		}
	}
	if t.names != nil {
		c = t.names.Change(c)
	}
	if t.rows == nil {
		return c, nil
	}
	out := *c
	out.SQL, out.Columns = "", nil // the columns are others
	var err error
	if out.From, err = t.rowSchema(c.From); err != nil {
		return nil, err
	}
	if out.To, err = t.rowSchema(c.To); err != nil {
		return nil, err
	}
	if c.Kind == record.Alter && out.From != nil && out.To != nil && sameShape(out.From, out.To) {
		return nil, nil
	}
	if c.Kind == record.Other && c.From == nil && c.To == nil {
		return c, nil
	}
	return &out, nil
}

func (t *Transform) rowSchema(s *record.Schema) (*record.Schema, error) {
	if s == nil {
		return nil, nil
	}
	out, err := t.rows.Schema(s)
	return out, errclass.With(errclass.Config, err)
}

func sameShape(a, b *record.Schema) bool {
	return a.Name == b.Name && a.Data == b.Data && slices.Equal(a.Columns, b.Columns) && slices.Equal(a.Key, b.Key)
}
