package sqlwrite

import (
	"context"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Permitter is a Driver that can find out what a user may do at a table
// without doing it.
type Permitter interface {
	// Permission spells a statement that finds out whether a privilege (INSERT,
	// UPDATE or DELETE) is held at these columns of a table. It changes nothing,
	// and is refused, or has the one value 0 or f, where it is not held.
	Permission(t record.Name, columns []string, privilege string) string
}

// privileges are what a verb needs.
var privileges = map[Verb][]string{
	Insert: {"INSERT"}, Replace: {"INSERT", "DELETE"}, Upsert: {"INSERT", "UPDATE"}, Update: {"UPDATE"}, Delete: {"DELETE"},
}

// permitted finds out whether rows may be written by a plan; all that is missing
// is named.
func (w *writer) permitted(ctx context.Context, s Session, p *plan) error {
	driver, ok := w.driver.(Permitter)
	if !ok {
		return nil
	}
	columns := make([]string, len(p.columns))
	for i, c := range p.columns {
		columns[i] = c.Name
	}
	var errs []error
	for _, privilege := range privileges[w.config.verb()] {
		rows, err := s.Query(ctx, driver.Permission(p.table.Name, columns, privilege))
		switch {
		case errclass.Of(err) == errclass.Config:
			errs = append(errs, fmt.Errorf("table %s: %w", p.table.Name, err))
		case err != nil:
			return fmt.Errorf("asking what may be done at table %s: %w", p.table.Name, err)
		case len(rows) == 1 && len(rows[0]) == 1 && rows[0][0] != nil && (*rows[0][0] == "0" || *rows[0][0] == "f"):
			errs = append(errs, errclass.With(errclass.Config, fmt.Errorf("table %s: the user may not %s: grant it to the user", p.table.Name, privilege)))
		}
	}
	return errors.Join(errs...)
}
