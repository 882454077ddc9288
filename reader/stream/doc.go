// Package stream reads rows that it makes up: a generator of all kinds for
// demonstrations, tests and measurements.
//
// A row depends on nothing but the seed, its split and its number, so a split
// resumes exactly; the seed is kept with the plan. A channel reads one split,
// which is endless unless sliceRecordCount bounds it. Its counterpart is
// writer/stream, which prints rows or forgets them.
package stream
