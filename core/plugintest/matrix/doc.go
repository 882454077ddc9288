// Package matrix moves every type of every source into every target and looks
// at what has become of each value. It has tests only.
//
// A table has a column per type and a row per value, so that a refused row is
// one refused value. The target's table is made by its writer (createTable).
// Both ends are then asked for their own text of the value, not through the
// readers and writers that are tested: a value is identical, has a
// representation that the list of them documents, or its row was refused with
// its column's name. Anything else fails.
//
// docs/types.md is written from the run; -update writes it. The same pairs are
// run with random values.
package matrix
