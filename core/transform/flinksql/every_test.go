package flinksql_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/transform/flinksql"
)

// TestEveryFunctionOfEveryType combines all functions and operators with
// values of all types: what is not refused works or makes a dirty row.
func TestEveryFunctionOfEveryType(t *testing.T) {
	atoms := []string{"a", "big", "u", "price", "free", "f", "c", "n", "ni", "t", "day", "ts", "at", "tm", "any", "bin", "NULL", "'x'", "-1", "2.5", "''"}
	var all []string
	for _, x := range atoms {
		all = append(all, "-"+x, "NOT "+x, x+" IS NULL", x+" IS TRUE", x+" LIKE '%'", x+" + INTERVAL '1' DAY", x+" - INTERVAL '2' MONTH", x+" + INTERVAL '1.5' SECOND", "EXTRACT(WEEK FROM "+x+")", "TRIM(LEADING 'x' FROM "+x+")")
		for _, typ := range []string{"BOOLEAN", "TINYINT", "BIGINT", "DECIMAL(5, 2)", "FLOAT", "DOUBLE", "CHAR(3)", "VARCHAR(2)", "STRING", "BYTES", "DATE", "TIME(3)", "TIMESTAMP(3)", "TIMESTAMP_LTZ(0)"} {
			all = append(all, "CAST("+x+" AS "+typ+")", "TRY_CAST("+x+" AS "+typ+")")
		}
		for _, y := range atoms {
			for _, op := range []string{"+", "-", "*", "/", "%", "=", "<", "<>", "<=>", "||", "AND", "OR", "LIKE", "IN (1,"} {
				close := ""
				if op == "IN (1," {
					close = ")"
				}
				all = append(all, fmt.Sprintf("%s %s %s%s", x, op, y, close))
			}
			all = append(all, fmt.Sprintf("CASE WHEN t THEN %s ELSE %s END", x, y), fmt.Sprintf("%s BETWEEN %s AND a", x, y), fmt.Sprintf("TIMESTAMPDIFF(DAY, %s, %s)", x, y), fmt.Sprintf("TIMESTAMPADD(MONTH, %s, %s)", x, y))
		}
	}
	for _, name := range flinksql.Functions() {
		all = append(all, name+"()")
		for i, x := range atoms {
			all = append(all, name+"("+x+")")
			for j, y := range atoms {
				z := atoms[(i+j)%len(atoms)]
				all = append(all, fmt.Sprintf("%s(%s, %s)", name, x, y), fmt.Sprintf("%s(%s, %s, %s)", name, x, y, z))
			}
		}
	}
	worked := 0
	for _, sql := range all {
		rows, err := run(t, "SELECT "+sql+" AS x FROM v")
		var refused *errclass.Rows
		switch {
		case err == nil && len(rows) == 1:
			worked++
		case errors.As(err, &refused), errclass.Of(err) == errclass.Config:
		default:
			t.Errorf("%s: %v, %v", sql, rows, err)
		}
	}
	if worked < 10_000 {
		t.Errorf("%d of %d expressions have worked", worked, len(all))
	}
}
