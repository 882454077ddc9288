// Package datax runs the transformers of DataX's job files over batches:
// dx_substr, dx_pad, dx_replace, dx_filter and dx_digest, in the order of the
// file.
//
// A step works on the text of one data column, by its index from 0; what
// it makes is a text. dx_filter drops the rows that match and compares
// numbers as numbers and times as epoch milliseconds. A step that fails makes
// the row dirty, under the column's name. Lengths count characters.
//
// Compared with DataX: decimals are compared exactly and not as doubles; a
// number to compare with that is none, and a column index that does not
// exist, are found before the first row; regular expressions are read as
// package javaregex says.
package datax
