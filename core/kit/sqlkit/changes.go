package sqlkit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/record"
)

// InSchema reads a table's name as schema.table, or as a table of a schema.
func InSchema(text, schema string) (record.Name, error) {
	parts, err := ParseName(text, 2)
	if err != nil {
		return record.Name{}, err
	}
	if len(parts) == 2 {
		schema = parts[0]
	}
	return record.Name{Schema: schema, Table: parts[len(parts)-1]}, nil
}

// TableList reads the tables of a change reader's tableList.
func TableList(list []string, schema string) ([]record.Name, error) {
	var names []record.Name
	var errs []error
	for i, text := range list {
		name, err := InSchema(text, schema)
		if err != nil {
			errs = append(errs, config.Field(fmt.Sprintf("tableList[%d]", i), err))
			continue
		}
		names = append(names, name)
	}
	return names, errors.Join(errs...)
}

// Kinds reads a change reader's cat: which of insert, update (UpdateAfter) and
// delete are read.
func Kinds(cat string) (map[record.Op]bool, error) {
	kinds := map[record.Op]bool{}
	var errs []error
	for kind := range strings.SplitSeq(cat, ",") {
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "insert":
			kinds[record.Insert] = true
		case "update":
			kinds[record.UpdateAfter] = true
		case "delete":
			kinds[record.Delete] = true
		default:
			errs = append(errs, config.Fieldf("cat", "expected a list of insert, update and delete, found %q", kind))
		}
	}
	return kinds, errors.Join(errs...)
}
