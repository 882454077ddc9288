package sqlservercdc

import (
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
)

// Remarks implements [config.Remarker]: it names connection parameters without effect.
func (c *Config) Remarks() []config.Remark {
	return append(mssqlkit.PropertyRemarks(c.Properties), mssqlkit.Remarks("url", c.URL)...)
}
