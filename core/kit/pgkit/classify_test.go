package pgkit_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
)

// TestRemedies: an error says once what to do about it, however often it is classified.
func TestRemedies(t *testing.T) {
	for _, tt := range []struct {
		state, want string
		class       errclass.Class
	}{
		{"42501", "grant the user the privilege", errclass.Config},
		{"25006", "name a server in jdbcUrl that takes changes", errclass.Transient},
		{"53100", "make room on the server's disk", errclass.Transient},
		{"55P03", "end the transaction that holds the lock, or wait longer", errclass.Transient},
	} {
		err := pgkit.Classify(&pgconn.PgError{Severity: "ERROR", Code: tt.state, Message: "no"})
		err = pgkit.Classify(fmt.Errorf("writing: %w", err))
		if want := "writing: ERROR: no (SQLSTATE " + tt.state + "): " + tt.want; err.Error() != want || errclass.Of(err) != tt.class {
			t.Errorf("got %q of class %s, want %q", err, errclass.Of(err), want)
		}
	}
}
