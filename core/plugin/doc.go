// Package plugin is what the engine and its connectors meet at.
//
// Reader and Writer are the plugins, built once per job and never dialling
// while they are built; Source and Sink are one open stream of each. (Flink's
// words are the other way round.) Every type has two methods; everything else
// is a capability that the engine asks for by type assertion, once, when it
// opens the plugin: [Splitter], [Resumer], [Relister], [Describer], [Sizer], [Signaler], [Foreseer] of a Reader,
// [Flusher] and [Preparer] of a Sink, [Committer], [Ledger], [Idempotent], [Batcher],
// [MetaUser] and [Shaper] of a Writer, [Prober] and [Hooks] of either. Put
//
//	var _ plugin.Resumer = (*reader)(nil)
//
// beside a type that has one.
//
// A plugin never reconnects, sleeps or retries: after any error but
// *errclass.Rows and io.EOF a Source or Sink is finished, the engine closes it
// and, if the error's class says so, begins the split again at its last
// durable mark.
//
// [Registry] holds the plugins that a binary knows, by explicit registration.
package plugin
