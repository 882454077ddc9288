package naming_test

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform/naming"
)

func mustNew(t *testing.T, s naming.Settings) *naming.Mapping {
	t.Helper()
	m, err := naming.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestNames(t *testing.T) {
	mysql := record.Name{Database: "shop", Table: "orders"}
	pg := record.Name{Database: "app", Schema: "public", Table: "Orders"}
	for _, tt := range []struct {
		name string
		s    naming.Settings
		in   record.Name
		want string
	}{
		{"schema", naming.Settings{Schemas: map[string]string{"shop": "dw"}}, mysql, "dw.orders"},
		{"table", naming.Settings{Tables: map[string]map[string]string{"shop": {"orders": "o"}}}, mysql, "shop.o"},
		{"another schema's table", naming.Settings{Tables: map[string]map[string]string{"x": {"orders": "o"}}}, mysql, "shop.orders"},
		{"both", naming.Settings{Schemas: map[string]string{"public": "dw"}, Tables: map[string]map[string]string{"public": {"Orders": "o"}}}, pg, "app.dw.o"},
		{"pattern", naming.Settings{Pattern: naming.Pattern{Table: "${schemaName}_${tableName}"}}, mysql, "shop.shop_orders"},
		{"a map before the pattern", naming.Settings{Tables: map[string]map[string]string{"shop": {"orders": "o"}}, Pattern: naming.Pattern{Table: "x_${tableName}"}}, mysql, "shop.o"},
		{"upper", naming.Settings{Casing: "upper"}, pg, "APP.PUBLIC.ORDERS"},
		{"lower", naming.Settings{Casing: "LOWER"}, pg, "app.public.orders"},
		{"rule of three parts", naming.Settings{Identifiers: []naming.Rule{{`app\.public\..*`, "dw.ods.${schemaName}_${tableName}"}}}, pg, "dw.ods.public_Orders"},
		{"rule of two parts", naming.Settings{Identifiers: []naming.Rule{{`shop\.ord.*`, "ods.t_${tableName}"}}}, mysql, "ods.t_orders"},
		{"rule of one part", naming.Settings{Identifiers: []naming.Rule{{`shop\..*`, "ods_${dataBaseName}"}}}, mysql, "ods_shop.orders"},
		{"database twice", naming.Settings{Identifiers: []naming.Rule{{`shop\.shop\.orders`, "a.b.c"}}}, mysql, "b.c"},
		{"without the database", naming.Settings{Identifiers: []naming.Rule{{`public\.Orders`, "ods.o"}}}, pg, "app.ods.o"},
		{"the first rule", naming.Settings{Identifiers: []naming.Rule{{`x\..*`, "no.no"}, {`shop\..*`, "yes.${tableName}"}, {`.*`, "no.no"}}}, mysql, "yes.orders"},
		{"the whole name", naming.Settings{Identifiers: []naming.Rule{{`shop\.ord`, "no.no"}}}, mysql, "shop.orders"},
		{"rule and casing", naming.Settings{Casing: "UPPER", Identifiers: []naming.Rule{{`shop\..*`, "ods.x_${tableName}"}}}, mysql, "ods.x_ORDERS"},
	} {
		if got := mustNew(t, tt.s).Name(tt.in).String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestRowsKeepTheirCells(t *testing.T) {
	s := &record.Schema{Name: record.Name{Database: "shop", Table: "orders"}, Data: 2, Key: []int{0},
		Columns: []record.Column{{Name: "id", Kind: record.Int64}, {Name: "note", Kind: record.String}, {Name: "_ts", Kind: record.Timestamp}}}
	m := mustNew(t, naming.Settings{Casing: "UPPER", Columns: map[string]map[string]map[string]string{"shop": {"orders": {"note": "remark"}}}})
	b := record.NewBatch(0, 0)
	for range 2 {
		b.Begin(s, record.Insert)
		b.Int64(1)
		b.String([]byte("x"))
		b.Timestamp(1, 0)
	}
	m.Relabel(b)
	out := b.Row(1).Schema()
	if out != m.Schema(s) || out.Name.String() != "SHOP.ORDERS" || out.Columns[0].Name != "ID" || out.Columns[1].Name != "remark" || out.Columns[2].Name != "_ts" || len(out.Key) != 1 {
		t.Errorf("schema %+v", out)
	}
	if string(b.Row(1).Bytes(1)) != "x" || s.Columns[1].Name != "note" {
		t.Error("rows or the source's schema have changed")
	}
}

func TestChange(t *testing.T) {
	from := record.NewSchema(record.Name{Database: "shop", Table: "orders"}, []record.Column{{Name: "id", Kind: record.Int64}}, 0)
	to := record.NewSchema(from.Name, append(from.Columns[:1:1], record.Column{Name: "note", Kind: record.String}), 0)
	change := &record.Change{Kind: record.Alter, Name: from.Name, From: from, To: to, SQL: "ALTER TABLE orders ADD note text"}
	got := mustNew(t, naming.Settings{Schemas: map[string]string{"shop": "dw"}}).Change(change)
	if got.Name.String() != "dw.orders" || got.From.Name != got.Name || got.To.Name != got.Name || got.To.Columns[1].Name != "note" || got.SQL != "" {
		t.Errorf("%+v", got)
	}
	if got := mustNew(t, naming.Settings{Schemas: map[string]string{"x": "y"}}).Change(change); got.SQL != change.SQL {
		t.Error("a statement that names nothing new is left out")
	}
	drop := &record.Change{Kind: record.Drop, Name: from.Name, From: from}
	if got := mustNew(t, naming.Settings{Casing: "LOWER"}).Change(drop); got.To != nil || got.From == nil {
		t.Errorf("%+v", got)
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		s    naming.Settings
		want string
	}{
		{naming.Settings{Casing: "Title"}, `casing: expected UNCHANGE, UPPER or LOWER, found "Title"`},
		{naming.Settings{Identifiers: []naming.Rule{{"(", "a"}}}, "identifierMappings[\"(\"]: the regular expression"},
		{naming.Settings{Identifiers: []naming.Rule{{"a", "a.b.c.d"}}}, "expected schema, schema.table or database.schema.table"},
		{naming.Settings{Identifiers: []naming.Rule{{"a", "a..b"}}}, "is empty"},
		{naming.Settings{Identifiers: []naming.Rule{{"a", "${table}"}}}, "unknown placeholder ${table}"},
		{naming.Settings{Pattern: naming.Pattern{Schema: "${columnName}"}}, "pattern.schema: unknown placeholder ${columnName}"},
	} {
		if _, err := naming.New(tt.s); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: got %v, want %s", tt.s, err, tt.want)
		}
	}
}
