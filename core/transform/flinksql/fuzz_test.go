package flinksql_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform/flinksql"
)

// FuzzQuery reads any text as a query and runs what can be compiled over a
// row: nothing panics, and what fails is a refused query or a dirty row.
func FuzzQuery(f *testing.F) {
	for _, sql := range []string{
		"SELECT a, b + 1, UPPER(c) FROM v WHERE a > 10", "SELECT CAST(price AS DECIMAL(5,1)) x, CASE WHEN t THEN 1 ELSE 2.5 END FROM v AS q WHERE q.c LIKE 'a!_%' ESCAPE '!'",
		"SELECT ts + INTERVAL '1.5' SECOND, EXTRACT(YEAR FROM day), TRY_CAST(weird AS INT), TRIM(BOTH 'x' FROM c) FROM v", "SELECT *, 'x' + 1, 1/0, -big, ROUND(free, -3), price % 0.3 FROM v",
		"SELECT REGEXP_REPLACE(c, '(a)[^b]', '$1'), SUBSTRING(c FROM 2 FOR 3), LPAD(c, 20, 'é'), SPLIT_INDEX(c, ' ', 1) FROM v -- x", "SELECT CAST(CAST(a AS VARCHAR(3)) AS DATE) /* y */ FROM `v`;",
	} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if len(sql) > 2000 {
			return
		}
		q, err := flinksql.Parse(sql, "")
		if err != nil {
			if errclass.Of(err) != errclass.Config {
				t.Errorf("class %s of %v", errclass.Of(err), err)
			}
			return
		}
		in, out := record.NewBatch(0, 0), record.NewBatch(0, 0)
		sampleRow(in, record.Insert, sample)
		err = q.NewTransform(flinksql.Options{Zone: paris, Now: func() time.Time { return time.Unix(0, 0) }}).Apply(context.Background(), in, out)
		var refused *errclass.Rows
		if err != nil && !errors.As(err, &refused) && errclass.Of(err) != errclass.Config {
			t.Errorf("class %s of %v", errclass.Of(err), err)
		}
		for i := range out.Len() {
			for c := range out.Row(i).Schema().Columns {
				out.Row(i).AppendText(nil, c)
			}
		}
	})
}
