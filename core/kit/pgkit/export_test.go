package pgkit

import (
	"slices"

	"github.com/datasync-io/datasync/core/record"
)

// EncodeDecimal is what is sent for a numeric without precision.
func EncodeDecimal(text []byte) ([]byte, bool) {
	t := newTypeInfo(oidNumeric, -1, "numeric", "b", "numeric")
	wire, err := t.appendDecimal(nil, text)
	return wire, err == nil
}

// DecodeDecimal is the text of what EncodeDecimal has made.
func DecodeDecimal(wire []byte) string {
	d := newDecoder([]typeInfo{newTypeInfo(oidNumeric, -1, "numeric", "b", "numeric")}, "UTF8")
	return d.text(0, wire)
}

// Decoders are one of each type, two columns each.
func Decoders() []*Decoder {
	var oids []uint32
	for oid := range wireTypes {
		oids = append(oids, oid)
	}
	slices.Sort(oids)
	var list []*Decoder
	for _, oid := range oids {
		t := newTypeInfo(oid, -1, "t", "b", "t")
		t.column = record.Column{Name: "c", Kind: t.wire.kind}
		list = append(list, newDecoder([]typeInfo{t, t}, "SQL_ASCII"))
	}
	return list
}
