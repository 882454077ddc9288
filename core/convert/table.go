package convert

import "github.com/datasync-io/datasync/core/record"

// table holds, by target and source kind, what converts; nil: nothing does.
var table = [record.Any][record.Any]cell{
	record.Bool: {
		record.Bool: keep, record.Int64: boolFromInt, record.Uint64: boolFromUint, record.Float32: boolFromFloat,
		record.Float64: boolFromFloat, record.Decimal: boolFromDecimal, record.String: boolFromText, record.JSON: boolFromText,
	},
	record.Int64: {
		record.Bool: intFromBool, record.Int64: intFromInt, record.Uint64: intFromUint, record.Float32: intFromFloat,
		record.Float64: intFromFloat, record.Decimal: intFromText, record.String: intFromText, record.JSON: intFromText,
		record.Date: intFromDate, record.Time: intFromTime, record.Datetime: intFromInstant, record.Timestamp: intFromInstant,
	},
	record.Uint64: {
		record.Bool: uintFromBool, record.Int64: uintFromInt, record.Uint64: uintFromUint, record.Float32: uintFromFloat,
		record.Float64: uintFromFloat, record.Decimal: uintFromText, record.String: uintFromText, record.JSON: uintFromText,
	},
	record.Float32: {
		record.Bool: floatFromBool, record.Int64: floatFromInt, record.Uint64: floatFromUint, record.Float32: keep,
		record.Float64: float32FromFloat64, record.Decimal: floatFromText, record.String: floatFromText, record.JSON: floatFromText,
	},
	record.Float64: {
		record.Bool: floatFromBool, record.Int64: floatFromInt, record.Uint64: floatFromUint, record.Float32: float64FromFloat32,
		record.Float64: keep, record.Decimal: floatFromText, record.String: floatFromText, record.JSON: floatFromText,
	},
	record.Decimal: {
		record.Bool: decimalFromBool, record.Int64: decimalFromNumber, record.Uint64: decimalFromNumber, record.Float32: decimalFromFloat,
		record.Float64: decimalFromFloat, record.Decimal: decimalFromText, record.String: decimalFromText, record.JSON: decimalFromText,
		record.Date: decimalFromDate, record.Time: decimalFromClock, record.Datetime: decimalFromClock, record.Timestamp: decimalFromClock,
	},
	record.String: {
		record.Bool: textFromAny, record.Int64: textFromAny, record.Uint64: textFromAny, record.Float32: textFromAny,
		record.Float64: textFromAny, record.Decimal: textFromDecimal, record.String: textFromText, record.Bytes: textFromBytes,
		record.Date: textFromTime, record.Time: textFromTime, record.Datetime: textFromTime, record.Timestamp: textFromTime,
		record.Interval: textFromAny, record.JSON: textFromAny, record.UUID: textFromAny,
	},
	record.Bytes: {
		record.Bool: bytesFromText, record.String: bytesFromText, record.Bytes: keep, record.JSON: bytesFromText, record.UUID: bytesFromUUID,
	},
	record.Date: {
		record.Int64: (*pair).fromNumber, record.Uint64: (*pair).fromNumber, record.Decimal: (*pair).fromNumber, record.Float32: (*pair).fromNumber, record.Float64: (*pair).fromNumber,
		record.String: (*pair).fromText, record.Date: keep, record.Datetime: (*pair).fromTemporal, record.Timestamp: (*pair).fromTemporal,
	},
	record.Time: {
		record.Int64: (*pair).fromNumber, record.Uint64: (*pair).fromNumber, record.Decimal: (*pair).fromNumber, record.Float32: (*pair).fromNumber, record.Float64: (*pair).fromNumber,
		record.String: (*pair).fromText, record.Time: keep, record.Datetime: (*pair).infiniteTime, record.Timestamp: (*pair).infiniteTime,
	},
	record.Datetime: {
		record.Int64: (*pair).fromNumber, record.Uint64: (*pair).fromNumber, record.Decimal: (*pair).fromNumber, record.Float32: (*pair).fromNumber, record.Float64: (*pair).fromNumber,
		record.String: (*pair).fromText, record.Date: (*pair).fromTemporal, record.Datetime: keep, record.Timestamp: (*pair).fromTemporal,
	},
	record.Timestamp: {
		record.Int64: (*pair).fromNumber, record.Uint64: (*pair).fromNumber, record.Decimal: (*pair).fromNumber, record.Float32: (*pair).fromNumber, record.Float64: (*pair).fromNumber,
		record.String: (*pair).fromText, record.Date: (*pair).fromTemporal, record.Datetime: (*pair).fromTemporal, record.Timestamp: keep,
	},
	record.Interval: {record.String: intervalFromText, record.Interval: keep},
	record.JSON: {
		record.Bool: jsonFromLiteral, record.Int64: jsonFromLiteral, record.Uint64: jsonFromLiteral, record.Float32: jsonFromFloat, record.Float64: jsonFromFloat,
		record.Decimal: jsonFromDecimal, record.String: jsonFromText, record.Date: jsonFromQuoted, record.Time: jsonFromQuoted,
		record.Datetime: jsonFromQuoted, record.Timestamp: jsonFromQuoted, record.Interval: jsonFromQuoted, record.JSON: keep, record.UUID: jsonFromQuoted,
	},
	record.UUID: {record.String: uuidFromText, record.Bytes: uuidFromBytes, record.UUID: keep},
}
