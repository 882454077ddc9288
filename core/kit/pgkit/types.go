package pgkit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// typeInfo is a type as the catalogue has it, below all domains, and the
// column that is of it.
type typeInfo struct {
	column   record.Column
	oid      uint32
	class    string // pg_type.typtype
	folds    bool   // different values compare as equal: a collation that is not deterministic
	modifier int32  // what "(10,2)" became; -1: none
	wire     wireType
	binary   bool // values travel in binary
	cents    int  // money: fraction digits
}

// describeFields completes what the server says of a result's columns.
func (c *Conn) describeFields(ctx context.Context, fields []pgconn.FieldDescription) ([]typeInfo, error) {
	rows := make([]string, len(fields))
	for i, f := range fields {
		rows[i] = fmt.Sprintf("(%d,%d::oid,%d::int,%d::oid,%d::int)", i, f.DataTypeOID, f.TypeModifier, f.TableOID, f.TableAttributeNumber)
	}
	r, err := c.Query(ctx, "SELECT pg_catalog.format_type(f.t, f.m), t.typtype, t.typname, a.attnotnull, "+c.deterministic()+
		" FROM (VALUES "+strings.Join(rows, ",")+") f(i, t, m, r, n)"+
		" LEFT JOIN pg_catalog.pg_type t ON t.oid = f.t"+
		" LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = f.r AND a.attnum = f.n AND f.n > 0"+
		" LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation ORDER BY f.i")
	if err != nil {
		return nil, fmt.Errorf("asking for the types of columns: %w", err)
	}
	if len(r.Rows) != len(fields) {
		return nil, errclass.With(errclass.Permanent, errors.New("asking for the types of columns: the catalogue lacks some"))
	}
	infos := make([]typeInfo, len(fields))
	for i, f := range fields {
		t := newTypeInfo(f.DataTypeOID, f.TypeModifier, r.Text(i, 0), r.Text(i, 1), r.Text(i, 2))
		t.column.Name, t.column.Nullable, t.folds = f.Name, !r.True(i, 3), !r.True(i, 4)
		if t.oid == oidMoney {
			if t.cents, err = c.moneyDigits(ctx); err != nil {
				return nil, err
			}
			t.column.Scale = t.cents
		}
		infos[i] = t
	}
	return infos, nil
}

// deterministic is the column of pg_collation, called l, that tells whether
// only equal texts compare as equal.
func (c *Conn) deterministic() string {
	if c.Server.Number < 120000 {
		return "true"
	}
	return "coalesce(l.collisdeterministic, true)"
}

// newTypeInfo describes a type by what pg_type and format_type say of it.
func newTypeInfo(oid uint32, modifier int32, native, class, name string) typeInfo {
	t := typeInfo{oid: oid, class: class, modifier: modifier}
	var known bool
	if t.wire, known = wireTypes[oid]; known {
		t.binary = true
	} else if t.wire = printed; class == "e" || name == "citext" {
		t.wire, t.binary = labelled, true
	}
	t.column = record.Column{Kind: t.wire.kind, Native: native}
	measure(&t)
	return t
}

// measure sets length, precision and scale from the type's modifier, as the
// types' own functions pack it (varchartypmodin, numerictypmodin ...).
func measure(t *typeInfo) {
	c, m := &t.column, int(t.modifier)
	switch t.oid {
	case oidVarchar, oidBpchar:
		if m >= 4 {
			c.Length = m - 4
		}
	case oidBit, oidVarbit:
		if m > 0 {
			c.Length = m
		}
	case oidNumeric:
		if m >= 4 {
			c.Precision = (m - 4) >> 16 & 0xffff
			c.Scale = (m-4)&0x7ff ^ 1024 - 1024 // 11 bits with a sign
		}
	case oidTime, oidTimetz, oidTimestamp, oidTimestamptz:
		if m >= 0 {
			c.Scale = m
		}
	}
}

// timeDigits is how many digits of a second the type keeps.
func (t *typeInfo) timeDigits() int {
	m := t.modifier
	if t.oid == oidInterval && m >= 0 {
		m &= 0xffff // above it, which fields
	}
	if m < 0 || m > 6 {
		return 6
	}
	return int(m)
}

// moneyDigits asks how many digits after the point the database's lc_monetary
// gives to money.
func (c *Conn) moneyDigits(ctx context.Context) (int, error) {
	if c.cents >= 0 {
		return c.cents, nil
	}
	r, err := c.Query(ctx, "SELECT length(split_part(1::money::numeric::text, '.', 2))")
	if err != nil {
		return 0, fmt.Errorf("asking for the digits of money: %w", err)
	}
	c.cents = int(r.Int(0, 0))
	return c.cents, nil
}
