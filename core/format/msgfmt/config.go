package msgfmt

import (
	"slices"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
)

// Config are the settings of formats in a job file.
type Config struct {
	// Name of the source in debezium-json, cloudevents, avro and json-schema (Debezium's topic.prefix): in source.name and before the names of schemas.
	Name string `json:"name"`
	// source.connector of these formats; absent is told from the source's log and the tables' names.
	Connector string `json:"connector"`
	// debezium-json: each message carries its schema.
	Schemas bool `json:"schemas"`
	// Decimals of these formats (decimal.handling.mode): precise is bytes with the scale in the schema, double a number of all digits; absent is precise where messages have a schema, else string. In maxwell-json: string, or absent for numbers.
	Decimals string `json:"decimals" alias:"decimal.handling.mode" enum:"precise,string,double"`
	// Times without a zone of these formats (time.precision.mode): connect is milliseconds, and refuses finer ones.
	Times string `json:"times" alias:"time.precision.mode" enum:"adaptive,adaptive_time_microseconds,connect"`
	// Binary data of these formats (binary.handling.mode).
	Binary string `json:"binary" alias:"binary.handling.mode" enum:"bytes,base64,base64-url-safe,hex"`
	// Unsigned integers of 64 bits in these formats (bigint.unsigned.handling.mode): long is a number, which avro refuses above 9223372036854775807.
	Unsigned string `json:"unsigned" alias:"bigint.unsigned.handling.mode" enum:"long,precise"`
	// PostgreSQL's intervals in these formats (interval.handling.mode): string is exact, numeric counts microseconds, a month as a twelfth of 365.25 days.
	Intervals string `json:"intervals" alias:"interval.handling.mode" enum:"string,numeric"`
	// avro, json-schema: debezium writes changes, none the row as it is now and a message without value for a delete.
	Envelope string `json:"envelope" enum:"debezium,none"`
	// cloudevents: structured puts the attributes into the body, binary into headers.
	Mode string `json:"mode" enum:"structured,binary"`
}

// NewConfig returns the defaults.
func NewConfig() Config {
	return Config{Name: "datasync", Times: debeziumfmt.TimeAdaptiveMicro, Binary: debeziumfmt.BinaryBytes, Unsigned: debeziumfmt.UnsignedLong, Intervals: debeziumfmt.IntervalString,
		Envelope: "debezium", Mode: "structured"}
}

func (c *Config) debezium() debeziumfmt.Options {
	return debeziumfmt.Options{Name: c.Name, Connector: c.Connector, Schemas: c.Schemas, Decimal: c.Decimals, Time: c.Times, Binary: c.Binary, Unsigned: c.Unsigned, Interval: c.Intervals}
}

// Names of formats.
const (
	FlinkX     = "flinkx"
	JSON       = "json"
	Canal      = "canal-json"
	Debezium   = "debezium-json"
	Maxwell    = "maxwell-json"
	CloudEvent = "cloudevents"
	Avro       = "avro"
	JSONSchema = "json-schema"
)

// NeedsRegistry tells the formats that have their schemas in a registry.
func NeedsRegistry(format string) bool { return slices.Contains([]string{Avro, JSONSchema}, format) }

// TakesColumns tells the formats whose messages leave out types that a job can tell.
func TakesColumns(format string) bool {
	return slices.Contains([]string{Debezium, CloudEvent, Maxwell, FlinkX}, format)
}

// Check reports what the settings say against the format.
func (c *Config) Check(format string) error {
	if format == Avro && c.Decimals == debeziumfmt.DecimalDouble {
		return config.Fieldf("decimals", "double loses digits in avro: take precise or string")
	}
	return nil
}
