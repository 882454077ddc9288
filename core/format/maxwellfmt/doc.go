// Package maxwellfmt writes and reads Maxwell's messages (format maxwell-json):
//
//	{"database":"shop","table":"users","type":"update","ts":1700000000,"xid":17,"commit":true,"position":"bin.000001:154","gtid":"...",
//	 "primary_key_columns":["id"],"data":{"id":1,"name":"b"},"old":{"name":"a"}}
//
// type is insert, update, delete, or bootstrap-insert for a row of an initial
// snapshot; ts is when the source committed, in seconds. data is the row, in a
// delete as it was; old has the columns that an update changed, as they were, and
// is missing where that is not known. xid is the number in a GTID, or the place
// that the transaction begins at; commit stands in its last message. A set is a
// list, a bit a number. Numbers have all their digits (decimals as
// texts by option), binary data is base64, json columns are embedded; times have
// a blank between date and time, instants are wall clocks of the zone of [Options].
//
// Keys are {"database":"shop","table":"users","pk.id":1}. Tables that lie in a
// schema of a database have the schema as one more member. A key that an update
// changed is one update, whose old has the old key.
//
// After https://maxwells-daemon.io/dataformat/.
package maxwellfmt
