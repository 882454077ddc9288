// Package config reads JSON that people write into typed, validated structs.
//
// [Parse] turns text into a tree of nodes. It takes what Gson's lenient mode
// takes (comments, single quotes, bare words, ';' and '=', trailing commas),
// since that is what FlinkX and ChunJun read their job files with; valid JSON
// is read exactly as encoding/json reads it. Every node knows its path and its
// line and column in the file, as it was before [Expand] replaced placeholders.
//
// [Decoder.Decode] writes a node over a struct that is pre-filled with its
// defaults. A struct describes its keys with tags:
//
//	json:"splitPk"        the key; a field without it is not a key
//	alias:"a,b"           other spellings of the key
//	enum:"insert,update"  the values a text may have, whatever their case
//	min:"1"               the least number, duration or size
//	unit:"ms"             what a plain number means in a Duration (ns, us, ms, s, m, h; ms if absent)
//	required:"true"       must be given and not be empty
//	ignored:"reason"      accepted, never decoded, reported as having no effect
//
// Invariants:
//   - A key that nobody knows is an error that names the nearest known key;
//     with Settings.Lenient it is a warning.
//   - Scalars may be written as strings; "" and null leave the default alone,
//     except that "" is a value for a *string.
//   - Integers never pass through a float.
//   - All faults of a file are reported together, as [*Error] joined under
//     class errclass.Config.
//   - A [Secret], and any text that came from the environment, never appears
//     in an error, a log or a print.
//
// The comments of the structs' fields are the reference documentation; package
// docs beneath this one renders them. Only package errclass is imported.
package config
