package binlog

import (
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
)

// Remarks implements [config.Remarker]: it names connection parameters without effect.
func (c *Config) Remarks() []config.Remark {
	if len(c.JDBCURL) == 0 {
		return nil
	}
	return mysqlkit.Remarks("jdbcUrl", c.JDBCURL[0])
}
