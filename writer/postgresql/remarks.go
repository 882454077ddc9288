package postgresql

import (
	"slices"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/pgkit"
)

// Remarks implements [config.Remarker]: it names constants and connection parameters without effect.
func (c *Config) Remarks() []config.Remark {
	return slices.Concat(c.Keys.Remarks(), pgkit.PropertyRemarks(c.Properties), pgkit.Remarks(c.First().URLKey(0, 0), c.First().URL()))
}
