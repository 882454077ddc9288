// Package jsonschemafmt writes and reads changes as JSON in the frame of a schema
// registry that has a JSON schema of them (format json-schema): the events of
// package debeziumfmt, or, without envelope, the row as it is now, whose delete is
// a message without value.
//
// A column's schema tells its type of Kafka Connect in connect.type, its logical
// type in title, and the source's type in connect.parameters, as Confluent's JSON
// schema converter does; columns are in the order of connect.index.
package jsonschemafmt
