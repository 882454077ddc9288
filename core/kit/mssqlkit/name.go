package mssqlkit

import (
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// ParseName reads a table's name as a job writes it: t, schema.t or
// database.schema.t, quoted or not. The connection entry's schema completes it.
func ParseName(c *sqlkit.Connection, table string) (record.Name, error) {
	parts, err := sqlkit.ParseName(table, 3)
	if err != nil {
		return record.Name{}, err
	}
	name := record.Name{Table: parts[len(parts)-1], Schema: c.Schema}
	if len(parts) > 1 {
		name.Schema = parts[len(parts)-2]
	}
	if len(parts) > 2 {
		name.Database = parts[0]
	}
	return name, nil
}
