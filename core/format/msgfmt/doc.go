// Package msgfmt makes the encoder or decoder of a format by its name: what the
// plugins of message systems share, with the settings of formats that stand in job
// files ([Config]).
//
//	flinkx         the bodies of FlinkX's Kafka writer
//	json           an object by column name: the row as it is now
//	canal-json     package canalfmt
//	debezium-json  package debeziumfmt
//	maxwell-json   package maxwellfmt
//	cloudevents    package cloudeventsfmt
//	avro           package avrofmt, with a schema registry
//	json-schema    package jsonschemafmt, with a schema registry
package msgfmt
