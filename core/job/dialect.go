package job

// Dialect is whose spelling a job file uses where the tools differ.
type Dialect uint8

const (
	FlinkX Dialect = iota // FlinkX and ChunJun
	DataX
)

// String returns the name that -dialect takes.
func (d Dialect) String() string {
	if d == DataX {
		return "datax"
	}
	return "flinkx"
}
