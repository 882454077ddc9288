package job

import (
	"maps"
	"slices"
	"strings"
)

// aliases are FlinkX's other names of connectors that have the same meaning here.
var aliases = map[string]string{
	"tidb":          "mysql",
	"adbpostgresql": "postgresql",
	"txtfile":       "file",
}

// ReaderPlugin returns the connector that a reader's name means: without a
// trailing reader or source, in lower case, aliases resolved. "mysqlreader",
// "mysqlsource", "mysql" and "tidbreader" are all "mysql".
func ReaderPlugin(name string) string { return connector(name, "reader", "source") }

// WriterPlugin returns the connector that a writer's name means: without a
// trailing writer or sink.
func WriterPlugin(name string) string { return connector(name, "writer", "sink") }

func connector(name string, suffixes ...string) string {
	name, _ = stem(name, suffixes...)
	if alias, ok := aliases[name]; ok {
		return alias
	}
	return name
}

// stem returns a plugin's name in lower case without the first of the suffixes
// that it ends in, and that suffix.
func stem(name string, suffixes ...string) (rest, suffix string) {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, s := range suffixes {
		if rest, ok := strings.CutSuffix(name, s); ok && rest != "" {
			return rest, s
		}
	}
	return name, ""
}

// flinkxNames are the connectors of FlinkX 1.8 to 1.12 and ChunJun, and those of
// ours that DataX does not have.
var flinkxNames = set(`adbpostgresql arctic binlog carbondata cassandra clickhouse db2 dm doris dorisbatch elasticsearch5 elasticsearch6
	elasticsearch7 emqx es file filesystem ftp gbase gbase8s gbasehk greenplum hbase hbase14 hbase2 hdfs hive hive3 http hudi iceberg
	inceptor influxdb kafka kafka09 kafka10 kafka11 kingbase kudu logminer mongodb mongodboplog mysql mysqlcdc mysqld nebula oceanbase
	oceanbasecdc odps opengauss oracle oraclelogminer pgwal phoenix phoenix5 polardb polardbd postgresql pulsar rabbitmq redis restapi
	rocketmq s3 saphana selectdb-cloud socket solr sqlite sqlserver sqlservercdc starrocks stream sybase teradata tidb vertica11`)

// dataxNames are the plugins of DataX.
var dataxNames = set(`adbmysql adbpg ads cassandra clickhouse databend datahub doris drds elasticsearch ftp gaussdb gdb hbase094x hbase11x
	hbase11xsql hbase20xsql hdfs hologresjdbc kingbasees kudu loghub milvus mongodb mysql neo4j obhbase oceanbasev10 ocs odps opentsdb
	oracle oscar oss ots otsstream postgresql rdbms selectdb sqlserver starrocks stream sybase tdengine tdengine20 tsdb txtfile`)

func set(names string) map[string]bool {
	all := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		all[name] = true
	}
	return all
}

// onlyIn says which dialect's files alone may name this plugin.
func onlyIn(name string) (d Dialect, only bool) {
	rest, suffix := stem(name, "reader", "writer", "source", "sink")
	switch {
	case suffix == "source" || suffix == "sink":
		return FlinkX, flinkxNames[rest] // DataX has readers and writers only
	case flinkxNames[rest] != dataxNames[rest]:
		if dataxNames[rest] {
			return DataX, true
		}
		return FlinkX, true
	}
	return FlinkX, false
}

// Connectors returns the names that any of the tools has a plugin for, in order.
func Connectors() []string {
	all := maps.Clone(flinkxNames)
	maps.Copy(all, dataxNames)
	return slices.Sorted(maps.Keys(all))
}

// Origin returns the tools that have a plugin of this name, such as "FlinkX and
// DataX"; "" for a name that none of them has.
func Origin(name string) string {
	rest, _ := stem(name, "reader", "writer", "source", "sink")
	switch flinkx, datax := flinkxNames[rest], dataxNames[rest]; {
	case flinkx && datax:
		return "FlinkX and DataX"
	case flinkx:
		return "FlinkX"
	case datax:
		return "DataX"
	}
	return ""
}
