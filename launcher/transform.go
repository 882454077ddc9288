package launcher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform"
	"github.com/datasync-io/datasync/core/transform/datax"
	"github.com/datasync-io/datasync/core/transform/flinksql"
)

// sqlNode is ChunJun's job.content[i].transformer.
type sqlNode struct {
	TransformSQL string `json:"transformSql" required:"true"`
}

// stepNode is an element of DataX's job.content[i].transformer.
type stepNode struct {
	Name      string        `json:"name" required:"true"`
	Parameter parameterNode `json:"parameter"`
}

type parameterNode struct {
	ColumnIndex  *int         `json:"columnIndex"`
	Paras        []string     `json:"paras"`
	Code         string       `json:"code"`
	ExtraPackage *config.Node `json:"extraPackage"`
}

// buildTransform reads tableColumns, transformer, nameMapping and restoration. It comes
// before the plugins are built.
func (r *Runner) buildTransform() error {
	if n := r.pipe.Restoration; n != nil {
		r.notes().Inform(n.Errorf("has no effect: schema changes keep their place among the rows here, none has to wait"))
	}
	r.plan.SQL = flinksql.Options{Zone: r.o.Zone}
	var rowErr error
	switch n := r.pipe.Transformer; {
	case n == nil:
	case n.Kind() == config.ObjectKind:
		rowErr = r.buildSQL(n)
	case n.Kind() == config.ListKind:
		rowErr = r.buildSteps(n)
	default:
		rowErr = n.Errorf("expected {\"transformSql\": \"SELECT ...\"}, or DataX's list of transformers, found %s", n.Kind())
	}
	return config.Join(rowErr, r.buildNames(), r.buildColumns())
}

// notes takes what a person should know about the file.
func (r *Runner) notes() *config.Notes {
	if d := r.pipe.Reader.Parameter; d != nil {
		return d.Notes()
	}
	return &config.Notes{}
}

// at returns a decoder at a node beside the operators, under the file's settings.
func (r *Runner) at(n *config.Node) *config.Decoder {
	if d := r.pipe.Reader.Parameter; d != nil {
		return d.At(n)
	}
	return config.NewDecoder(n, config.Settings{})
}

func (r *Runner) buildSQL(n *config.Node) error {
	var s sqlNode
	if err := r.at(n).Decode(&s); err != nil {
		return err
	}
	q, err := flinksql.Parse(s.TransformSQL, r.pipe.Reader.Table)
	if err != nil {
		return r.sqlError(err)
	}
	r.plan.Query = q
	if table := r.pipe.Writer.Table; r.pipe.Reader.Table == "" && table == q.View() && table != "" {
		return r.sqlError(fmt.Errorf("FROM %s is the writer's table: name the reader's, reader.table.tableName", table))
	}
	return nil
}

// sqlError points at the query, one fault for each problem.
func (r *Runner) sqlError(err error) error {
	n := r.pipe.Transformer.Member("transformSql")
	if n == nil {
		n = r.pipe.Transformer
	}
	var faults []error
	for _, line := range strings.Split(err.Error(), "\n") {
		faults = append(faults, n.Errorf("%s", line))
	}
	return config.Join(faults...)
}

func (r *Runner) buildSteps(n *config.Node) error {
	var nodes []stepNode
	d := r.at(n)
	if err := d.Decode(&nodes); err != nil {
		return err
	}
	var errs []error
	for i, s := range nodes {
		settings := datax.Settings{Name: s.Name, Column: -1, Paras: s.Parameter.Paras}
		if s.Parameter.ColumnIndex != nil {
			settings.Column = *s.Parameter.ColumnIndex
		}
		step, err := datax.NewStep(settings)
		if err != nil {
			errs = append(errs, stepError(i, err))
			continue
		}
		r.plan.Steps = append(r.plan.Steps, step)
	}
	return d.Place(errors.Join(errs...))
}

// stepError is a fault of one element, for config.Decoder.Place.
func stepError(i int, err error) error {
	var f *datax.Fault
	if errors.As(err, &f) {
		return config.Field(fmt.Sprintf("[%d].%s", i, f.Key), f.Err)
	}
	return config.Field(fmt.Sprintf("[%d]", i), err)
}

// transformable compiles the transformer for the columns that the job lists:
// what cannot be done is found before anything is dialled. It returns the
// names of the columns that come out; nil if the source says which there are.
func (r *Runner) transformable(names []string) ([]string, error) {
	if r.plan.Empty() {
		return names, nil
	}
	s := r.listedSchema(names)
	if s == nil || r.plan.Columns != nil { // which columns are left, the table's name says
		return nil, nil
	}
	if r.plan.Names != nil {
		s = r.plan.Names.Schema(s)
	}
	out := s
	if q := r.plan.Query; q != nil {
		p, err := q.Compile(s, r.plan.SQL)
		if err != nil {
			return nil, r.sqlError(err)
		}
		out = p.Schema()
	}
	if len(r.plan.Steps) > 0 {
		var err error
		var planned *datax.PlanError
		if out, err = r.plan.Steps.NewTransform().Schema(s); errors.As(err, &planned) {
			return nil, r.at(r.pipe.Transformer).Place(config.Field(fmt.Sprintf("[%d].%s", planned.Step, planned.Key), planned.Err))
		} else if err != nil {
			return nil, err
		}
	}
	var made []string
	for _, c := range out.Columns[:out.Data] {
		made = append(made, c.Name)
	}
	return made, nil
}

// listedSchema is the schema of columns that the job lists, with the types
// that it gives them; a column without one may hold anything. nil: it lists none.
func (r *Runner) listedSchema(names []string) *record.Schema {
	nodes := r.pipe.Reader.Parameter.Node().Member("column").Items()
	if names == nil || len(nodes) != len(names) {
		return nil
	}
	columns := make([]record.Column, len(names))
	for i, n := range nodes {
		columns[i] = record.Column{Name: names[i], Kind: record.Any, Nullable: true}
		if !n.Member("value").Unset() || !n.Member("format").Unset() || n.Member("type").Unset() {
			continue // a constant or a formatted value is a text
		}
		if t, err := convert.ParseType(n.Member("type").Text()); err == nil {
			columns[i] = t.Column(names[i])
		}
	}
	name := r.pipe.Reader.Table
	return record.NewSchema(record.Name{Table: name}, columns)
}

// transformed returns what the source's schemas become.
func (r *Runner) transformed(schemas []*record.Schema) ([]*record.Schema, error) {
	if r.plan.Empty() {
		return schemas, nil
	}
	out, err := r.plan.Schemas(schemas)
	if placed := r.placedColumns(err); placed != err {
		return nil, placed
	}
	if err != nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("%s: %w", r.transformerPath(), err))
	}
	return out, nil
}

func (r *Runner) transformerPath() string {
	if r.pipe.Transformer == nil {
		return "job.content.nameMapping"
	}
	return r.pipe.Transformer.Path()
}

// shownOf returns what of rows and rejected input may be seen: b, or out.
func shownOf(t *transform.Transform, b, out *record.Batch) (*record.Batch, error) {
	if t == nil {
		return b, nil
	}
	out.Reset(b.Split())
	if hidden, err := t.Screen(b, out); !hidden || err != nil {
		return b, err
	}
	return out, nil
}

// previewed applies the plan, but for what [shownOf] has done, to rows that are shown; refuse is told of those
// that would be dirty.
func previewed(ctx context.Context, t *transform.Transform, in, out *record.Batch, refuse func(error)) (*record.Batch, error) {
	if t == nil || t.InPlace(in) {
		return in, nil
	}
	out.Reset(in.Split())
	err := t.Apply(ctx, in, out)
	var refused *errclass.Rows
	if errors.As(err, &refused) {
		for _, bad := range slices.Clone(refused.Bad) {
			refuse(&errclass.Value{Column: bad.Column, Reason: bad.Reason, Err: bad.Err})
		}
		err = nil
	}
	return out, err
}
