// Package sqlkit is what the connectors of SQL systems share: how the SQL of a
// system is spelled ([Dialect]), the configuration keys of readers over JDBC
// ([ReaderConfig], [Connection], [Column]), the SELECT of one split
// ([Select]), how a table is cut into splits ([Planner], [Spec]) and the
// position inside a split ([Position]).
//
// It runs no statements of its own: a planner asks through a function that the
// connector gives it, so that any driver will do.
//
// Invariants:
//   - The splits of a plan together hold each row exactly once, whatever its
//     key: NULL, negative, fractional, below or above what was seen while
//     planning. Explicit bounds (splitPkStart, splitPkEnd) are the exception.
//   - What a user writes as a condition is put in parentheses, so that an OR
//     inside never weakens the conditions beside it.
//   - Values go into statements as literals that the dialect quotes; a value
//     never ends its literal.
//   - A Spec and a Position are all that is needed to go on in another
//     process; both carry a version.
//
// The kit of each system is beside it (mysqlkit and others) and supplies its
// Dialect.
package sqlkit
