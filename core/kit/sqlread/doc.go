// Package sqlread is the reader that all SQL systems share: which tables a job
// reads, how they are cut into splits, in which order a split is read and
// where it is begun again, incremental runs and polling, one consistent view
// over several splits.
//
// A system supplies a [Driver]; its plugin is [New] with its configuration:
//
//	New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
//		...
//		return sqlread.New(env, &cfg.ReaderConfig, driver)
//	}
//
// Invariants:
//   - The splits of a plan hold each row exactly once (package sqlkit).
//   - The order is part of the stored split: a changed index does not change
//     the order of a run that is resumed.
//   - Rows of equal keys, where the key is not unique, are never parted by a
//     position.
//   - A value that cannot be read as what it is makes its row dirty.
//   - A table whose definition changes during the run stops its splits; where a
//     job has several, these are set aside and the others go on.
//   - Splits of one plan are read in one view of each connection, or it is said
//     that they are not.
//
// The engine owns every loop over rows, the driver every byte on the wire.
package sqlread
