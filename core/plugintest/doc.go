// Package plugintest holds the contracts of core/plugin as tests.
//
// [Reader] and [Writer] are suites: a plugin's contract_test.go gives a way to
// build the plugin, the rows that are expected, and nothing else; the suite
// checks every property of the contract as a subtest of its own. A property
// that a plugin cannot have is waived by name with a reason; a waiver that is
// not needed fails, and so does one that names no property. After each
// property, cleanups included, no goroutine may be left.
//
// Beside the suites stand what other packages' tests use: [Rows] and
// [AppendRow] make rows of all kinds, [Cells] and [Texts] spell rows
// canonically, [Drain] reads a reader as the engine does, [Memory] and
// [Store] are a reader and a writer in memory, [FaultyReader] and
// [FaultyWriter] fail on demand, and [Record] runs a check and gives back its
// failures, so that a test can be tested.
//
// The package may import anything and is imported by tests alone.
package plugintest
