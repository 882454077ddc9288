// Package canalfmt writes and reads Canal's flat messages (format canal-json):
//
//	{"data":[{"id":"1","name":"b"}],"database":"shop","es":1700000000000,"gtid":"","id":7,"isDdl":false,
//	 "mysqlType":{"id":"bigint","name":"varchar(20)"},"old":[{"name":"a"}],"pkNames":["id"],"sql":"",
//	 "sqlType":{"id":-5,"name":12},"table":"users","ts":1700000000123,"type":"UPDATE"}
//
// One message holds one row. data is the row, in a delete as it was; old has the
// columns that an update changed, as they were, and is [{}] where that is not
// known. All values are texts as MySQL spells them, but an
// enum is the number of its place, from 1, and a set the number of its bits, as
// MySQL's log has them (a decoder takes their texts too); binary data has a character
// of U+0000 to U+00FF for each byte. es is when the source committed, ts when the
// message was made, id counts an encoder's messages. Instants are wall clocks of
// the zone of [Options], which the format does not name: in a zone other than UTC
// the hour that comes twice in autumn is ambiguous.
//
// mysqlType is a column's own type where it is one of MySQL's, else the nearest
// one. Tables that lie in a schema of a database have the schema as one more
// member. Messages have no key; the primary key chooses the partition.
//
// A key that an update changed is one UPDATE, whose old has the old key.
//
// After https://github.com/alibaba/canal, com.alibaba.otter.canal.protocol.FlatMessage.
package canalfmt
