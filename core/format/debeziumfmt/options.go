package debeziumfmt

import (
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/record"
)

// How decimals are written: decimal.handling.mode.
const (
	DecimalPrecise = "precise" // bytes of the unscaled value; the scale is in the schema
	DecimalString  = "string"
	DecimalDouble  = "double" // a number of all its digits
)

// How times without a zone are written: time.precision.mode.
const (
	TimeAdaptive      = "adaptive"
	TimeAdaptiveMicro = "adaptive_time_microseconds" // as adaptive, times of day always in microseconds
	TimeConnect       = "connect"                    // milliseconds, in Kafka Connect's own types
)

// How binary data is written: binary.handling.mode.
const (
	BinaryBytes   = "bytes"
	BinaryBase64  = "base64"
	BinaryURLSafe = "base64-url-safe"
	BinaryHex     = "hex"
)

// How unsigned integers of 64 bits are written: bigint.unsigned.handling.mode.
const (
	UnsignedLong    = "long"
	UnsignedPrecise = "precise"
)

// How intervals are written: interval.handling.mode.
const (
	IntervalString  = "string"
	IntervalNumeric = "numeric" // microseconds; a month is a twelfth of 365.25 days
)

// Options refine the format.
type Options struct {
	Name      string // the logical name of the source, in source.name and before the names of schemas
	Connector string // source.connector; "": as the source's log, else the names of tables tell
	Schemas   bool   // each message carries its schema
	Decimal   string // "": precise with schemas, string without, where nobody could read the bytes
	Time      string // "": adaptive_time_microseconds
	Binary    string // "": bytes
	Unsigned  string // "": long
	Interval  string // "": string
}

// version is source.version: of this layout, not of Debezium's.
const version = "1"

func (o Options) complete() Options {
	set := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	if o.Schemas {
		set(&o.Decimal, DecimalPrecise)
	}
	set(&o.Decimal, DecimalString)
	set(&o.Time, TimeAdaptiveMicro)
	set(&o.Binary, BinaryBytes)
	set(&o.Unsigned, UnsignedLong)
	set(&o.Interval, IntervalString)
	set(&o.Name, "datasync")
	return o
}

// FullName is a table's name with the source's name before it, as schemas and
// topics have it.
func (o Options) FullName(n record.Name, s changefmt.System) string {
	return o.complete().Name + "." + Collection(n, s)
}

// Collection is how Debezium names a table of a system: PostgreSQL's are named
// without their database.
func Collection(n record.Name, s changefmt.System) string {
	if s == changefmt.PostgreSQL && n.Schema != "" {
		n.Database = ""
	}
	return n.String()
}
