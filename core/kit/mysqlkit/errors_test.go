package mysqlkit_test

import (
	"fmt"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
)

// TestRemedies: an error says once what to do about it, however often it is classified.
func TestRemedies(t *testing.T) {
	for _, tt := range []struct {
		code  uint16
		want  string
		class errclass.Class
	}{
		{1142, "grant it to the user", errclass.Config},
		{1290, "name a server in jdbcUrl that takes changes", errclass.Config},
		{1205, "end the transaction that holds the lock", errclass.Transient},
		{1114, "make room on the server's disk", errclass.Transient},
	} {
		err := mysqlkit.Classify(&mysql.MyError{Code: tt.code, State: "HY000", Message: "no"})
		err = mysqlkit.Classify(fmt.Errorf("writing: %w", err))
		if want := fmt.Sprintf("writing: ERROR %d (HY000): no: %s", tt.code, tt.want); err.Error() != want || errclass.Of(err) != tt.class {
			t.Errorf("got %q of class %s, want %q", err, errclass.Of(err), want)
		}
	}
}
