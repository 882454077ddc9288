package plugin

// TableErrors returns the errors of single tables that err is made of, joined
// or wrapped; nil if anything else is among it.
func TableErrors(err error) []*TableError {
	var found []*TableError
	if !onlyTables(err, &found) {
		return nil
	}
	return found
}

// onlyTables tells whether err is made of nothing else.
func onlyTables(err error, found *[]*TableError) bool {
	switch e := err.(type) {
	case *TableError:
		*found = append(*found, e)
		return true
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			if !onlyTables(one, found) {
				return false
			}
		}
		return true
	case interface{ Unwrap() error }:
		return onlyTables(e.Unwrap(), found)
	}
	return false
}
