package pgkit

import "github.com/datasync-io/datasync/core/record"

// Types whose number is fixed (src/include/catalog/pg_type.dat).
const (
	oidBool        = 16
	oidBytea       = 17
	oidName        = 19
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidText        = 25
	oidOid         = 26
	oidXid         = 28
	oidCid         = 29
	oidJSON        = 114
	oidFloat4      = 700
	oidFloat8      = 701
	oidUnknown     = 705
	oidMoney       = 790
	oidBpchar      = 1042
	oidVarchar     = 1043
	oidDate        = 1082
	oidTime        = 1083
	oidTimestamp   = 1114
	oidTimestamptz = 1184
	oidInterval    = 1186
	oidTimetz      = 1266
	oidBit         = 1560
	oidVarbit      = 1562
	oidNumeric     = 1700
	oidUUID        = 2950
	oidJSONB       = 3802
	oidXid8        = 5069
)

// wireType is how the values of a type come and go.
type wireType struct {
	kind   record.Kind
	decode decodeFunc
	encode *[record.Any]encodeFunc // by the kind of the cell; nil: that kind cannot be written
}

// wireTypes are the types whose binary form is known. All others are texts.
var wireTypes = map[uint32]wireType{
	oidBool:        {record.Bool, decodeBool, &toBool},
	oidBytea:       {record.Bytes, decodeBytes, &toBytea},
	oidName:        {record.String, decodeText, &toText},
	oidInt8:        {record.Int64, decodeInt8, &toInt8},
	oidInt2:        {record.Int64, decodeInt2, &toInt2},
	oidInt4:        {record.Int64, decodeInt4, &toInt4},
	oidText:        {record.String, decodeText, &toText},
	oidOid:         {record.Int64, decodeOid, &toOid},
	oidXid:         {record.Int64, decodeOid, &toOid},
	oidCid:         {record.Int64, decodeOid, &toOid},
	oidXid8:        {record.Uint64, decodeXid8, &toXid8},
	oidJSON:        {record.JSON, decodeJSON, &toText},
	oidJSONB:       {record.JSON, decodeJSONB, &toJSONB},
	oidFloat4:      {record.Float32, decodeFloat4, &toFloat4},
	oidFloat8:      {record.Float64, decodeFloat8, &toFloat8},
	oidUnknown:     {record.String, decodeText, &toText},
	oidMoney:       {record.Decimal, decodeMoney, &toMoney},
	oidBpchar:      {record.String, decodeText, &toText},
	oidVarchar:     {record.String, decodeText, &toText},
	oidDate:        {record.Date, decodeDate, &toDate},
	oidTime:        {record.Time, decodeTime, &toTime},
	oidTimestamp:   {record.Datetime, decodeTimestamp, &toTimestamp},
	oidTimestamptz: {record.Timestamp, decodeTimestamptz, &toTimestamptz},
	oidInterval:    {record.Interval, decodeInterval, &toInterval},
	oidTimetz:      {record.Time, decodeTimetz, &toTimetz},
	oidBit:         {record.String, decodeBits, &toBits},
	oidVarbit:      {record.String, decodeBits, &toBits},
	oidNumeric:     {record.Decimal, decodeNumeric, &toNumeric},
	oidUUID:        {record.UUID, decodeUUID, &toUUID},
}

// printed is every other type: what PostgreSQL prints.
var printed = wireType{kind: record.String, decode: decodeText}

// labelled are enums and texts of extensions (citext), whose binary form is
// their text.
var labelled = wireType{record.String, decodeText, &toText}
