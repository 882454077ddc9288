// Package changes has what the tests of change formats share: rows of every kind
// with the values at its edges ([Batch]), and their way through an encoder and a
// decoder and back ([Trip]).
package changes
