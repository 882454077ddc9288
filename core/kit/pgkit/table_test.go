package pgkit_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

func TestReadTable(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, append(typeSetup,
		`CREATE SCHEMA "Sales"`,
		`CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
		`CREATE DOMAIN short AS varchar(7) NOT NULL`,
		`CREATE TABLE "Sales"."Orders" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, nr serial UNIQUE, "Name" varchar(20) DEFAULT 'x' NOT NULL, gone int,
 folded text COLLATE folding, price price, code short, twice int GENERATED ALWAYS AS (nr * 2) STORED, how mood, tags text[], span interval, part numeric(5))`,
		`ALTER TABLE "Sales"."Orders" DROP COLUMN gone`,
		`COMMENT ON TABLE "Sales"."Orders" IS 'what was ordered'`, `COMMENT ON COLUMN "Sales"."Orders".id IS 'number'`,
		`CREATE INDEX by_name ON "Sales"."Orders" ("Name", lower(folded)) WHERE nr > 0`,
		`CREATE UNIQUE INDEX a_part ON "Sales"."Orders" (part, id) INCLUDE (nr)`,
		`CREATE INDEX hashed ON "Sales"."Orders" USING hash (nr)`,
		`CREATE INDEX collated ON "Sales"."Orders" ("Name" COLLATE "en-x-icu")`,
		`INSERT INTO "Sales"."Orders" (code) SELECT 'c' FROM generate_series(1, 50)`, `ANALYZE "Sales"."Orders"`,
		`CREATE VIEW "Sales".names AS SELECT "Name", nr FROM "Sales"."Orders"`,
		`CREATE TABLE parts (id int, k int, PRIMARY KEY (id)) PARTITION BY RANGE (id)`, `CREATE TABLE parts1 PARTITION OF parts DEFAULT`,
		`INSERT INTO parts SELECT generate_series(1, 30), 1`, `ANALYZE parts`,
	)...)
	c := dial(t, settings(t, db.URL(), map[string]string{"currentSchema": `Sales,public`}))
	got, err := c.ReadTable(t.Context(), record.Name{Table: "Orders"})
	if err != nil {
		t.Fatal(err)
	}
	col := func(name string, kind record.Kind, native string, more sqlkit.TableColumn) sqlkit.TableColumn {
		more.Name, more.Kind, more.Native = name, kind, native
		return more
	}
	nullable := record.Column{Nullable: true}
	want := &sqlkit.Table{
		Name: record.Name{Database: db.Name, Schema: "Sales", Table: "Orders"}, Comment: "what was ordered", Rows: 50,
		Columns: []sqlkit.TableColumn{
			col("id", record.Int64, "bigint", sqlkit.TableColumn{Sorts: true, Default: true, Identity: true, Comment: "number"}),
			col("nr", record.Int64, "integer", sqlkit.TableColumn{Sorts: true, Default: true, Identity: true}),
			col("Name", record.String, "character varying(20)", sqlkit.TableColumn{Column: record.Column{Length: 20}, Sorts: true, Default: true}),
			col("folded", record.String, "text", sqlkit.TableColumn{Column: nullable, Collation: `public.folding`}),
			col("price", record.Decimal, "numeric(10,2)", sqlkit.TableColumn{Column: record.Column{Precision: 10, Scale: 2, Nullable: true}, Sorts: true}),
			col("code", record.String, "character varying(7)", sqlkit.TableColumn{Column: record.Column{Length: 7}, Sorts: true}),
			col("twice", record.Int64, "integer", sqlkit.TableColumn{Column: nullable, Sorts: true, Default: true, Generated: true}),
			col("how", record.String, "mood", sqlkit.TableColumn{Column: nullable, Sorts: true}),
			col("tags", record.String, "text[]", sqlkit.TableColumn{Column: nullable}),
			col("span", record.Interval, "interval", sqlkit.TableColumn{Column: nullable}),
			col("part", record.Decimal, "numeric(5,0)", sqlkit.TableColumn{Column: record.Column{Precision: 5, Nullable: true}, Sorts: true}),
		},
		Indexes: []sqlkit.Index{
			{Name: "Orders_pkey", Primary: true, Unique: true, Columns: []string{"id"}},
			{Name: "Orders_nr_key", Unique: true, Columns: []string{"nr"}},
			{Name: "a_part", Unique: true, Columns: []string{"part", "id"}, Nullable: true},
			{Name: "by_name", Columns: []string{"Name", ""}, Partial: true, Nullable: true},
			{Name: "collated", Columns: []string{""}},
		},
	}
	for i := range want.Columns {
		if i < len(got.Columns) && !reflect.DeepEqual(got.Columns[i], want.Columns[i]) {
			t.Errorf("column %+v, want %+v", got.Columns[i], want.Columns[i])
		}
	}
	if got.Columns = want.Columns; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	// What a statement says of a column is what the table says.
	st, err := c.Prepare(t.Context(), `SELECT * FROM "Orders"`)
	if err != nil {
		t.Fatal(err)
	}
	for i, is := range st.Columns() {
		was := want.Columns[i].Column
		is.Nullable = was.Nullable // of a domain, too, in the table alone
		if is != was || st.Sorts(i) != want.Columns[i].Sorts {
			t.Errorf("selected %+v (%v), want %+v (%v)", is, st.Sorts(i), was, want.Columns[i].Sorts)
		}
	}
	view, err := c.ReadTable(t.Context(), record.Name{Table: "names"})
	if err != nil || !view.View || len(view.Columns) != 2 || view.Key() != nil || view.Rows >= 0 {
		t.Errorf("the view is %+v, %v", view, err)
	}
	parts, err := c.ReadTable(t.Context(), record.Name{Schema: "public", Table: "parts"})
	if err != nil || parts.Rows != 30 || !reflect.DeepEqual(parts.Key(), []string{"id"}) {
		t.Errorf("the partitioned table is %+v, %v", parts, err)
	}
	missing := record.Name{Table: "orders"}
	if _, err := c.ReadTable(t.Context(), missing); !errors.Is(err, sqlkit.ErrNoTable) || errclass.Of(err) != errclass.Config ||
		!strings.Contains(err.Error(), `did you mean "Orders"?`) {
		t.Errorf("got %v (%v)", err, errclass.Of(err))
	}
	tables, err := c.Tables(t.Context(), record.Name{})
	var names []string
	for _, n := range tables {
		names = append(names, n.Schema+"."+n.Table)
	}
	if err != nil || !reflect.DeepEqual(names, []string{"Sales.Orders", "Sales.names", "public.parts"}) {
		t.Errorf("tables %v, %v", names, err)
	}
}
