// Package transform is where transformers and name mappings live: whole
// batches in, whole batches out, between the limit and the writer.
//
// A transformer implements pump.Transform. It is planned once per job, from
// the reader's schemas, and holds no state from batch to batch; rows that it
// cannot compute are rejected into the batch it returns. The package has no
// transformer yet: the launcher refuses job files that ask for one.
package transform
