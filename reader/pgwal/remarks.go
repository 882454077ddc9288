package pgwal

import (
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/pgkit"
)

// Remarks implements [config.Remarker]: it names connection parameters without effect.
func (c *Config) Remarks() []config.Remark {
	return append(pgkit.PropertyRemarks(c.Properties), pgkit.Remarks("url", c.URL)...)
}
