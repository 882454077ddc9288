package flinksql

import (
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform/rowwise"
)

var _ rowwise.Work = (*Program)(nil)

// NewTransform returns the query for one channel. It is compiled once per
// schema; what cannot be compiled is an error of class Config.
func (q *Query) NewTransform(o Options) *rowwise.Transform {
	return rowwise.New(func(s *record.Schema) (rowwise.Work, error) {
		p, err := q.Compile(s, o)
		if err != nil {
			return nil, errclass.With(errclass.Config, fmt.Errorf("transformSql, table %s: %w", s.Name, err))
		}
		return p, nil
	})
}
