package transform_test

import (
	"context"
	"errors"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform"
	"github.com/datasync-io/datasync/core/transform/datax"
	"github.com/datasync-io/datasync/core/transform/flinksql"
	"github.com/datasync-io/datasync/core/transform/naming"
)

var orders = record.NewSchema(record.Name{Database: "shop", Table: "orders"}, []record.Column{
	{Name: "id", Kind: record.Int64}, {Name: "note", Kind: record.String}}, 0)

func batch(ids ...int64) *record.Batch {
	b := record.NewBatch(0, 0)
	for _, id := range ids {
		b.Begin(orders, record.Insert)
		b.Int64(id)
		b.String([]byte("n"))
	}
	return b
}

func names(t *testing.T) *naming.Mapping {
	t.Helper()
	m, err := naming.New(naming.Settings{Schemas: map[string]string{"shop": "dw"}, Casing: "UPPER"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func query(t *testing.T, sql string) *flinksql.Query {
	t.Helper()
	q, err := flinksql.Parse(sql, "")
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// TestNamesComeFirst has a query over renamed columns.
func TestNamesComeFirst(t *testing.T) {
	p := &transform.Plan{Names: names(t), Query: query(t, "SELECT ID + 1 AS n FROM v WHERE ID > 1")}
	in, out := batch(1, 2), record.NewBatch(0, 0)
	if err := p.New().Apply(context.Background(), in, out); err != nil || out.Len() != 1 || out.Row(0).Int64(0) != 3 {
		t.Fatalf("%d rows, %v", out.Len(), err)
	}
	schemas, err := p.Schemas([]*record.Schema{orders})
	if err != nil || schemas[0].Name.String() != "dw.ORDERS" || schemas[0].Columns[0].Name != "n" {
		t.Errorf("%+v, %v", schemas, err)
	}
}

func TestNamesAloneCopyNothing(t *testing.T) {
	p := &transform.Plan{Names: names(t)}
	in := batch(1)
	tr := p.New()
	tr.InPlace(in) // a batch that comes again stays as it is
	if !tr.InPlace(in) || in.Row(0).Schema().Name.String() != "dw.ORDERS" {
		t.Errorf("name %s", in.Row(0).Schema().Name)
	}
	out := record.NewBatch(0, 0)
	if err := p.New().Apply(context.Background(), batch(1), out); err != nil || out.Row(0).Schema() != in.Row(0).Schema() {
		t.Errorf("other channels have other schemas: %v", err)
	}
	if (&transform.Plan{}).Empty() != true || p.Empty() {
		t.Error("empty")
	}
}

func TestStepsAndErrors(t *testing.T) {
	step, err := datax.NewStep(datax.Settings{Name: "dx_substr", Column: 1, Paras: []string{"1", "1"}})
	if err != nil {
		t.Fatal(err)
	}
	p := &transform.Plan{Steps: datax.Chain{step}}
	out := record.NewBatch(0, 0)
	if err := p.New().Apply(context.Background(), batch(1), out); err != nil || string(out.Row(0).Bytes(1)) != "" {
		t.Errorf("%v", err)
	}
	bad := &transform.Plan{Query: query(t, "SELECT nope FROM v")}
	if _, err := bad.Schemas([]*record.Schema{orders}); errclass.Of(err) != errclass.Config {
		t.Errorf("class %s of %v", errclass.Of(err), err)
	}
	var refused *errclass.Rows
	if err := bad.New().Apply(context.Background(), batch(1), out); err == nil || errors.As(err, &refused) {
		t.Errorf("a plan that fits no row is no fault of rows: %v", err)
	}
}

func TestChange(t *testing.T) {
	to := record.NewSchema(orders.Name, append(orders.Columns[:2:2], record.Column{Name: "extra", Kind: record.Int64}), 0)
	alter := &record.Change{Kind: record.Alter, Name: orders.Name, From: orders, To: to, SQL: "ALTER TABLE orders ADD extra int"}
	for _, tt := range []struct {
		name string
		p    transform.Plan
		want func(c *record.Change) bool
	}{
		{"names", transform.Plan{Names: names(t)}, func(c *record.Change) bool {
			return c.To.Columns[2].Name == "EXTRA" && c.Name.String() == "dw.ORDERS" && c.SQL == ""
		}},
		{"a list that stays", transform.Plan{Query: query(t, "SELECT id FROM v")}, func(c *record.Change) bool { return c == nil }},
		{"all columns", transform.Plan{Query: query(t, "SELECT *, 1 AS one FROM v")}, func(c *record.Change) bool {
			return len(c.From.Columns) == 3 && len(c.To.Columns) == 4 && c.SQL == ""
		}},
		{"nothing", transform.Plan{}, func(c *record.Change) bool { return c == alter }},
	} {
		if got, err := tt.p.New().Change(alter); err != nil || !tt.want(got) {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
	other := &record.Change{Kind: record.Other, SQL: "CREATE USER x"}
	if got, err := (&transform.Plan{Query: query(t, "SELECT id FROM v")}).New().Change(other); err != nil || got != other {
		t.Errorf("%+v, %v", got, err)
	}
	lost := &record.Change{Kind: record.Alter, Name: orders.Name, From: to, To: orders}
	if _, err := (&transform.Plan{Query: query(t, "SELECT extra FROM v")}).New().Change(lost); errclass.Of(err) != errclass.Config {
		t.Errorf("a column that the query needs is dropped: %v", err)
	}
}
