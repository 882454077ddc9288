package errclass

import "fmt"

// Placed puts the place of a value or row before its fault, as for
// [fmt.Sprintf]. Unlike an error that is wrapped around, the place is in what
// [AsBadRow] makes of it, and so beside the row wherever that is set aside.
func Placed(err error, place string, args ...any) error {
	bad := AsBadRow(0, err)
	return BadValue(bad.Column, bad.Reason, "%s: %w", fmt.Sprintf(place, args...), bad.Err)
}
