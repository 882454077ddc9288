package plugin

// Channels are how many channels a job reads and writes with.
type Channels struct {
	Readers, Writers int
	Changes          bool // the reader reads changes: the order of a key's rows counts
}

// Checker is a Reader or Writer whose parameters may not go together with the
// rest of a job.
type Checker interface {
	// Check finds what can be known without dialling. Errors are made with
	// config.Field, whose keys are those of the plugin's parameters.
	Check(c Channels) error
}

// Lister is a Reader that knows, without dialling, which columns its rows have.
type Lister interface {
	// Columns returns their names in order; nil: the source says which there are.
	Columns() []string
}

// Fitter is a Writer that maps columns, and knows without dialling whether rows fit.
type Fitter interface {
	// Fits returns an error, as [Checker] has them, if rows of columns of these
	// names cannot be mapped.
	Fits(columns []string) error
}
