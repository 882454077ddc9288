package sqlwrite

import "errors"

// ErrNoTable says that a table does not exist.
var ErrNoTable = errors.New("there is no such table")
