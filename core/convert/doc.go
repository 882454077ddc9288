// Package convert turns values of one column into values of another.
//
// [ParseType] reads the type texts of job files; [Plan] chooses, once per pair
// of columns, the function that converts each cell. The rules are FlinkX's
// without its silent losses: what does not fit is an *errclass.Value that
// names the column, so that the row becomes a dirty one.
//
//   - NULL and absent stay what they are. A pair of equal kinds is a copy.
//   - Numbers are exact: an integer takes only whole numbers in its range, a
//     float only integers that it can hold. Decimal fractions are rounded to
//     the nearest float, doubles to the nearest float of 32 bits; out of range
//     is an error.
//   - To bool: 0 is false, any other number true; texts are true, t, yes, y,
//     on and their opposites, in any case, or a whole number.
//   - Numbers to times are epoch milliseconds; timestamps to numbers, too;
//     dates become epoch days, times of day milliseconds.
//   - Wall clocks and instants are exchanged in Options.Zone. A wall clock that
//     the zone skips is an error. A timestamp as a date or time gives up the rest.
//   - Texts to times: Options.Format first, then ISO 8601 with T or a blank, up
//     to nine digits of fraction and Z or an offset. Without a format all
//     digits are epoch milliseconds, but for eight with Options.Days.
//   - Bytes to text must be UTF-8. UUIDs as bytes are their 16 bytes.
//
// Lengths of texts are for the destination to check. The functions are safe
// for use by several goroutines and allocate nothing unless they fail.
package convert
