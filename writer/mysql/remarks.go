package mysql

import (
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
)

// Remarks implements [config.Remarker]: it names connection parameters without effect.
func (c *Config) Remarks() []config.Remark {
	return append(mysqlkit.PropertyRemarks(c.Properties), mysqlkit.Remarks(c.First().URLKey(0, 0), c.First().URL())...)
}
