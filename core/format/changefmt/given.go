package changefmt

import (
	"encoding/base64"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Given are the columns that a job tells of messages that tell no types. Only
// binary ones matter: all other values say enough for their target.
type Given []record.Column

// Column is a column of a message, of kind bytes where it was given as binary,
// else of kind any.
func (g Given) Column(name string) record.Column {
	for _, c := range g {
		if c.Name == name && c.Kind == record.Bytes && BaseType(c.Native) != "bit" {
			return record.Column{Name: name, Kind: record.Bytes, Native: c.Native, Nullable: true}
		}
	}
	return record.Column{Name: name, Kind: record.Any, Nullable: true}
}

// AppendGiven appends a value as a cell of the column, text of a binary one as base64.
func (p *Parser) AppendGiven(b *record.Batch, v *gjson.Result, c *record.Column) error {
	if c.Kind != record.Bytes || v.Type != gjson.String {
		return p.Append(b, v, c.Name, nil)
	}
	out, err := base64.StdEncoding.AppendDecode(b.Buffer(), []byte(v.Str))
	if err != nil {
		return errclass.BadValue(c.Name, errclass.Encoding, "reading base64: %w", err)
	}
	b.Take(record.Bytes, out)
	return nil
}
