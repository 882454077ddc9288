// Package parquetfmt writes rows as Apache Parquet and reads such files.
//
// Types (https://parquet.apache.org/docs/file-format/types/), both ways:
//
//	bool, float32, float64       BOOLEAN, FLOAT, DOUBLE
//	int64, uint64                INT64, INT64 UINT_64
//	decimal(p,s), p <= 9, 18, 38 INT32, INT64, FIXED_LEN_BYTE_ARRAY(16), all DECIMAL(p,s)
//	decimal without or beyond    STRING; the kind stands in the file's metadata
//	string, json, uuid, bytes    STRING, JSON, UUID, BYTE_ARRAY
//	date                         DATE
//	time                         TIME, micros, or nanos where the scale is above 6
//	datetime, timestamp          TIMESTAMP in the same units, isAdjustedToUTC false and true
//	interval                     STRING, ISO 8601; the kind stands in the metadata
//	any                          JSON
//
// What a column cannot hold is refused as a dirty row: infinite dates, NaN in
// a decimal(p,s), times below 0 or beyond 24 h, fractions finer than the
// unit. A column's type in the job moves such values to text. The offset that
// a timestamp was written with is not kept, the instant is.
//
// Lists, maps and groups are read as json; INT96 is a timestamp, the UTC flag
// of TIME, which most programs set without meaning it, says nothing. All
// columns are optional in files of [Encoder], in the order of the rows.
//
// A file cannot be continued behind its footer, but a text of several whole
// files can be one: an Encoder writes segments, each a file of its own whose
// metadata says where it begins, and [Tail] gives the footer that makes one
// file of them, with the row groups of all. So a writer's checkpoint ends a
// segment, a crash cuts what follows, and the result is one file.
//
// The format itself is github.com/parquet-go/parquet-go. Values go through it
// by column, in runs, never row by row: no allocation per row. Its panics over
// malformed files become errors. Users are reader/file and writer/file.
package parquetfmt
