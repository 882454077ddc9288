package sqlserver

import (
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

var _ sqlwrite.Permitter = (*driver)(nil)

// Permission implements [sqlwrite.Permitter].
func (d *driver) Permission(t record.Name, _ []string, privilege string) string {
	return fmt.Sprintf("SELECT HAS_PERMS_BY_NAME(N'%s', N'OBJECT', N'%s')", strings.ReplaceAll(mssqlkit.Dialect.Table(t), "'", "''"), privilege)
}
