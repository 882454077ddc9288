// Package transform puts the transformers and name mappings of a job
// together: whole batches in, whole batches out, between the limit and the
// writer.
//
// [Plan] is made once per job from checked parts: names (package naming), a
// query (flinksql) or DataX's steps (datax); names come first, so that a query
// sees the new ones. Each channel has a [Transform] of its own. None holds
// state from batch to batch. Rows that cannot be computed are named in an
// *errclass.Rows; input that is no row never comes here.
//
// What filters do with changes is said in package rowwise.
package transform
