// Package registry speaks to a schema registry of Confluent's API and frames
// messages as its clients do: a zero byte, the schema's number in four bytes, the
// body.
//
// [Client] may be used by several goroutines. It remembers the numbers and the
// schemas that it has seen; a schema of a number never changes. Errors are
// classified: a registry that is away is Transient, one that refuses a schema or a
// login is Config, and a number that it does not know is Data, the message's own.
//
// After https://docs.confluent.io/platform/current/schema-registry/develop/api.html
// and .../fundamentals/serdes-develop/index.html ("Wire format").
package registry
