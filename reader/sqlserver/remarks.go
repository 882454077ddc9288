package sqlserver

import (
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
)

// Remarks implements [config.Remarker]: it names connection parameters without effect.
func (c *Config) Remarks() []config.Remark {
	all := mssqlkit.PropertyRemarks(c.Properties)
	for i := range c.Connection {
		one := &c.Connection[i]
		for n, address := range one.JDBCURL {
			all = append(all, mssqlkit.Remarks(one.URLKey(i, n), address)...)
		}
	}
	return all
}
