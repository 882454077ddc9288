// Package builtin is the list of plugins in this binary, and nothing else.
//
// A new plugin is one line in readers or writers. Its package exports Info; a
// test walks reader/ and writer/ on disk and fails for a package that is not in
// the list, has no contract test or no example job, or whose page under
// docs/connectors is stale.
package builtin
