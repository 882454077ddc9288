// Package columns says per table which columns of the source leave it, and in
// which form: left out, masked, hashed or cut.
//
// A [Policy] is made once per job and stands in front of all other transforms:
// nothing behind it, dirty rows included, sees what it hides. [Policy.Schema]
// and [Policy.Change] give schemas and schema changes their new shape, so that
// a table made at the destination, and an event about it, have it too. Each
// channel has a [Screen] of its own, which copies the rows of tables that a
// rule is for; batches without such rows are not touched.
//
// The names in rules are those of the source. What is masked, hashed or cut is a
// text from then on; NULL stays NULL, and an absent value absent. A column has
// one rule at most. Changes need their table's key: its columns can be hashed,
// which keeps different values apart, and nothing else.
//
// A rule goes by the names that the columns have at their place in the source's
// log: one that appears later is hidden from its first value on.
package columns
