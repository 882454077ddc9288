// Package naming renames schemas, tables and columns on the way, as
// nameMapping of FlinkX (maps) and of ChunJun (regular expressions) has it.
//
// A [Mapping] is made once per job. [Mapping.Schema] makes one mapped schema
// per schema of the source, and [Mapping.Relabel] puts it in a batch's place
// of the old one: no row is touched. Schema changes are mapped by
// [Mapping.Change].
//
// In all forms the names on the left are those of the source. Where a name
// has a database and no schema (MySQL), the database is the schema that is
// meant.
package naming
