// Package transform puts the transformers and name mappings of a job
// together: whole batches in, whole batches out, between the limit and the
// writer.
//
// [Plan] is made once per job from checked parts: what columns may be seen
// (package columns), names (naming), a query (flinksql) or DataX's steps (datax),
// in this order, so that a query sees new names and no hidden values. Each channel has a [Transform] of its own. None holds
// state from batch to batch. Rows that cannot be computed are named in an
// *errclass.Rows; input that is no row never comes here.
//
// What filters do with changes is said in package rowwise.
package transform
