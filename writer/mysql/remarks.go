package mysql

import (
	"slices"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
)

// Remarks implements [config.Remarker]: it names constants and connection parameters without effect.
func (c *Config) Remarks() []config.Remark {
	return slices.Concat(c.Keys.Remarks(), mysqlkit.PropertyRemarks(c.Properties), mysqlkit.Remarks(c.First().URLKey(0, 0), c.First().URL()))
}
