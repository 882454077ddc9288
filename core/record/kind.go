package record

// Kind is the type of a value in flight. The list is closed: a new one needs
// a decision of its own, since every plugin must learn it.
type Kind uint8

const (
	Absent    Kind = iota // the change says nothing about this column; never written as NULL
	Null                  // SQL NULL
	Bool                  // true or false
	Int64                 // signed integer
	Uint64                // unsigned integer
	Float32               // IEEE 754 binary32
	Float64               // IEEE 754 binary64
	Decimal               // exact decimal as text: -12.50, NaN, Infinity, -Infinity
	String                // text, UTF-8 as far as the source keeps its word
	Bytes                 // binary
	Date                  // days since 1970-01-01, proleptic Gregorian, or plus or minus infinity
	Time                  // signed nanoseconds, also beyond 24 hours and below 0; may carry an offset
	Datetime              // wall clock without zone: seconds since 1970-01-01T00:00:00 and nanoseconds, or infinity
	Timestamp             // instant: Unix seconds and nanoseconds, or infinity; may carry the offset it was written with
	Interval              // months, days and microseconds
	JSON                  // a JSON text as the source spells it; also arrays, maps and documents
	UUID                  // canonical text: 36 characters
	Any                   // only as Column.Kind: each cell has its own kind
	kinds                 // how many there are
)

var kindNames = [kinds]string{"absent", "null", "bool", "int64", "uint64", "float32", "float64", "decimal", "string", "bytes",
	"date", "time", "datetime", "timestamp", "interval", "json", "uuid", "any"}

// String returns the kind's name in lower case.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "unknown"
}

// KindOf returns the kind named s, as [Kind.String] spells it.
func KindOf(s string) (Kind, bool) {
	for k, name := range kindNames {
		if name == s {
			return Kind(k), true
		}
	}
	return Absent, false
}

// inArena tells the kinds whose value lies in the batch's arena.
var inArena = [kinds]bool{Decimal: true, String: true, Bytes: true, Interval: true, JSON: true, UUID: true}

// Op is what happened to a row at the source.
type Op uint8

const (
	Insert       Op = iota
	UpdateBefore    // followed at once, in the same batch, by its UpdateAfter
	UpdateAfter     // without an UpdateBefore: the row is now so (upsert by key)
	Delete
)

var opNames = [...]string{"insert", "update-before", "update-after", "delete"}

// String returns the op's name in lower case.
func (o Op) String() string {
	if int(o) < len(opNames) {
		return opNames[o]
	}
	return "unknown"
}
