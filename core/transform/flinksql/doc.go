// Package flinksql runs the select list and WHERE of a Flink SQL query over
// batches: columns, literals, arithmetic, CASE, CAST and scalar functions of
// one table.
//
// [Parse] reads the text once per job; [Query.Compile] turns it into a
// [Program] for one schema: per output column either a copy of a cell or a
// tree of closures whose types are known, so that a row costs calls and no
// allocation. A Program keeps the working memory of its closures and belongs
// to one goroutine.
//
// Invariants:
//   - NULL follows SQL's three-valued logic; WHERE keeps what is TRUE.
//   - Integers are computed as BIGINT, decimals exactly with Flink's result
//     precision and scale; neither passes through a float. What overflows,
//     divides by zero or does not convert is an [*errclass.Value] that names
//     the expression: the row is dirty, nothing wraps.
//   - An expression of a column that the change says nothing about (absent) is
//     absent itself, unless the other half of the update knows the value.
//   - What the query asks for and cannot be done (aggregates, joins,
//     subqueries, ORDER BY, unknown functions) is an error of Parse or Compile
//     that names it.
//
// The syntax is read by TiDB's parser in its ANSI modes; what Flink spells
// differently (types of CAST, TRY_CAST) is translated before, see prepare.
package flinksql
