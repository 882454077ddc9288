package builtin_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// keyCase is a key of FlinkX, ChunJun or DataX, with a value as files have it.
type keyCase struct {
	key   string
	value any            // as JSON
	with  map[string]any // what the key needs beside it; nil takes a key away
	none  bool           // it has no effect, which is said
}

func use(key string, value any, with ...map[string]any) keyCase {
	c := keyCase{key: key, value: value, with: map[string]any{}}
	for _, more := range with {
		maps.Copy(c.with, more)
	}
	return c
}

func unused(value any, keys ...string) []keyCase {
	list := make([]keyCase, len(keys))
	for i, key := range keys {
		list[i] = keyCase{key: key, value: value, none: true}
	}
	return list
}

type object = map[string]any

// anyOperator are the keys that each connector of FlinkX takes, or that stand
// in shipped files at any of them.
func anyOperator() []keyCase {
	return slices.Concat(
		unused("true", "checkFormat", "check"), unused(1, "parallelism"), unused(0, "speedBytes", "errorRecord", "errorPercentage"),
		unused("/x", "dirtyDataPath", "savePointPath", "metricPluginRoot"), unused(object{"a": "b"}, "dirtyDataHadoopConf", "metricProps", "strategy"),
		unused("prometheus", "metricPluginName"), unused("objectSizeCalculator", "rowSizeCalculatorType"), unused([]string{"a"}, "fieldList"),
		unused("x", "sourceIds", "sourceId", "type", "key", "isPart", "customConverterType", "resourceName", "?table"),
		unused(2, "requestAccumulatorInterval"),
	)
}

func jdbcReader() []keyCase {
	inc := object{"increColumn": "id"}
	return slices.Concat(anyOperator(), []keyCase{
		use("column", []string{"*"}), use("column", []string{"id"}),
		use("column", []any{object{"name": "id", "type": "INT UNSIGNED"}, object{"index": 1, "type": "varchar(max)"}, object{"name": "c", "value": "x", "type": "string"},
			object{"name": "d", "type": "timestamp(3) with time zone", "format": "yyyy-MM-dd", "parseFormat": "dd.MM.yyyy"}}),
		use("where", "id > 1"), use("where", ""), use("customSql", "select 1 as id"), use("customSql", ""), use("orderByColumn", "id"),
		use("splitPk", "id"), use("splitPk", ""), use("splitStrategy", "MOD", object{"splitPk": "id"}), use("splitPkStart", "1", object{"splitPk": "id"}), use("splitPkEnd", 9, object{"splitPk": "id"}),
		use("queryTimeOut", "30"), use("connectTimeOut", 60), use("increColumn", "id"), use("increColumn", 0), use("startLocation", "2", inc), use("useMaxFunc", "true", inc),
		use("polling", true, inc), use("polling", "false"), use("pollingInterval", "3000", inc, object{"polling": true}), use("pollingFromMax", true, inc, object{"polling": true}),
		use("properties", object{"connectTimeout": "5000"}), use("properties", object{}), use("username", "u"), use("password", "p"), use("session", []string{"set x = 1"}), use("session", []string{}),
	}, unused(1024, "fetchSize"), unused(true, "orderBy", "isOrderBy", "increment", "initReporter", "defineColumnTypeForStatement"), unused("9", "endLocation"),
		unused("insert", "writeMode"), unused(true, "splitUpdate", "pavingData", "executeDdlAble", "checkSlave"), unused(1024, "batchSize"), unused("3000", "flushIntervalMills"), unused("at-least-once", "semantic"),
		unused("utf-8", "mandatoryEncoding", "encoding"))
}

func jdbcWriter() []keyCase {
	key := []string{"id"}
	return slices.Concat(anyOperator(), []keyCase{
		use("column", []string{"*"}), use("column", []string{"id"}), use("column", []any{object{"name": "id", "type": "bigint", "notNull": true, "length": 3}}),
		use("mode", "INSERT"), use("writeMode", "insert"), use("mode", "update"), use("writeMode", "upsert"), use("uniqueKey", key), use("updateKey", key), use("updateKey", object{"pk": key}), use("updateKey", object{}), use("updateKey", []string{}),
		use("allReplace", true), use("batchSize", "100"), use("batchSize", 1024), use("flushIntervalMills", "3000"), use("semantic", "exactly-once"), use("semantic", "at-least-once"), use("semantic", "none"),
		use("preSql", []string{"delete from a; delete from b"}), use("postSql", []string{}), use("isAutoCommit", "false"), use("properties", object{}), use("session", []string{"set x = 1"}), use("schema", "s"),
		use("username", "u"), use("password", "p"), use("executeDdlAble", true), use("executeDdlAble", "false"), use("schemaChange", "lenient"),
	}, unused(1, "fetchSize", "queryTimeOut", "connectTimeOut"), unused("utf-8", "encoding"), unused(key, "fullColumn", "fullColumnName"), unused("a", "fieldDelim", "nullDelim"), unused(true, "executePreSqlNoData", "executePostSqlNoData", "emptyAsNull", "dryRun"), unused(true, "print"), unused("1m", "batchByteSize"))
}

func fileReader() []keyCase {
	return slices.Concat(anyOperator(), []keyCase{
		use("path", []string{"a", "b/*.csv"}), use("path", "a,b"), use("column", []string{"*"}), use("column", []any{object{"index": 0, "type": "long"}, object{"type": "string", "value": "x"}, object{"name": "internal_file_name"}}),
		use("fieldDelimiter", "\\001"), use("compress", "gzip"), use("compress", "bzip2"), use("compress", "zip"), use("compress", ""), use("encoding", "GBK"), use("skipHeader", "true"), use("isFirstLineHeader", true), use("nullFormat", "\\N"),
		use("csvReaderConfig", object{"useTextQualifier": false, "textQualifier": "'", "trimWhitespace": true}), use("fileType", "CSV"), use("fileType", "txt"), use("format", "jsonl"), use("format", "tsv"), use("fromLine", 2), use("maxFetchSize", 1<<20), use("compressType", "zip"),
		use("nullIsReplacedWithValue", "NULL"), use("fileConfig", object{"trimWhitespace": true}),
	}, unused("x", "columnDelimiter", "customFormatClassName", "customConcurrentFileSplitClassName", "sheetNo", "columnIndex", "controlEncoding", "privateKeyPath"), unused(true, "listHiddenFiles"), unused(22, "port", "timeout"), unused(1024, "batchSize"))
}

func fileWriter() []keyCase {
	return slices.Concat(anyOperator(), []keyCase{
		use("path", "/tmp/out"), use("fileName", "x"), use("ftpFileName", "x"), use("writeMode", "truncate"), use("writeMode", "append"), use("writeMode", "nonConflict"), use("writeMode", "NONCONFLICT"), use("writeMode", "overwrite"), use("writeMode", "insert"),
		use("fieldDelimiter", "\t"), use("compress", "gzip"), use("encoding", "UTF-8"), use("nullFormat", "\\N"), use("dateFormat", "yyyy-MM-dd"), use("fileFormat", "csv"), use("fileFormat", "text"), use("fileType", "txt"), use("format", "jsonl"),
		use("header", []string{"a"}), use("suffix", ".csv"), use("maxFileSize", 1<<30), use("column", []string{"a"}), use("rowGroupSize", 1<<20, object{"format": "parquet"}),
	}, unused(1, "nextCheckRows", "batchSize", "flushIntervalMills"), unused("x", "columnDelimiter", "jobIdentifier", "fullColumnName", "fullColumnType"), unused(true, "enableDictionary"))
}

var (
	account = object{"username": "u", "password": "p", "column": []string{"*"}}
)

func jdbc(url string) object {
	all := maps.Clone(account)
	all["connection"] = []any{object{"jdbcUrl": []string{url}, "table": []string{"t"}}}
	return all
}

// plugins are those with keys of old files, and the parameters that a job needs.
var plugins = []struct {
	side, name string
	base       object
	keys       []keyCase
}{
	{"reader", "mysqlreader", jdbc("jdbc:mysql://h/d"), append(jdbcReader(), unused(true, "withNoLock")...)},
	{"reader", "mysqldreader", jdbc("jdbc:mysql://h/d"), jdbcReader()},
	{"reader", "postgresqlreader", jdbc("jdbc:postgresql://h/d"), append(jdbcReader(), unused(true, "withNoLock")...)},
	{"reader", "sqlserverreader", jdbc("jdbc:jtds:sqlserver://h:1433;DatabaseName=d"), append(jdbcReader(), use("withNoLock", true))},
	{"reader", "sqlservercdcreader", object{"url": "jdbc:sqlserver://h:1433;databaseName=d", "username": "u"}, sqlServerCDC},
	{"writer", "mysqlwriter", jdbc("jdbc:mysql://h/d"), append(jdbcWriter(), use("mode", "replace"))},
	{"writer", "postgresqlwriter", jdbc("jdbc:postgresql://h/d"), append(jdbcWriter(), use("insertSqlMode", "copy"))},
	{"writer", "sqlserverwriter", jdbc("jdbc:sqlserver://h:1433;DatabaseName=d"), jdbcWriter()},
	{"reader", "txtfilereader", object{"path": "a", "column": []string{"*"}}, fileReader()},
	{"writer", "txtfilewriter", object{"path": "a"}, fileWriter()},
	{"reader", "streamreader", object{"column": []any{object{"name": "id", "type": "id"}}}, slices.Concat(anyOperator(), []keyCase{
		use("sliceRecordCount", []string{"10"}), use("sliceRecordCount", []int{1, 0}), use("sliceRecordCount", 10), use("sliceRecordCount", "10"), use("sliceRecordCount", []string{}), use("permitsPerSecond", 1),
		use("column", []any{object{"name": "a", "type": "int", "value": 3, "notNull": true}}), use("column", []any{object{"value": "x", "type": "string"}, object{"random": "1, 9", "type": "long"}}),
	}, unused(1, "batchSize"), unused(true, "splitUpdate", "pavingData"))},
	{"writer", "kafkasink", object{"topic": "t", "producerSettings": object{"bootstrap.servers": "h:1"}}, kafkaWriter},
	{"writer", "streamwriter", object{}, slices.Concat(anyOperator(), []keyCase{use("print", "false"), use("column", []string{"a"}), use("column", []any{object{"name": "a", "type": "int"}})},
		unused("UTF-8", "encoding", "fieldDelimiter", "path", "fileName", "writeMode"), unused(1, "batchSize", "flushIntervalMills", "recordNumBeforeSleep", "sleepTime"))},
}

var sqlServerCDC = slices.Concat(anyOperator(), []keyCase{
	use("url", "jdbc:jtds:sqlserver://h:1433/d"), use("username", "sa"), use("USERNAME", "sa", object{"username": nil}), use("password", "p"), use("passWord", "p"), use("databaseName", "d"), use("DatabaseName", "D"),
	use("cat", "UPDATE,INSERT,DELETE"), use("Cat", "insert"), use("tableList", []string{"dbo.t"}), use("tablelist", []string{"t"}), use("tableList", []string{}), use("pollInterval", "1000"), use("pollinterval", 5000),
	use("lsn", "00000032:00002038:0005"), use("LSN", "32:2038:5"), use("lsn", ""), use("start", object{"mode": "earliest"}), use("START", object{"Mode": "latest"}),
}, unused(true, "pavingData", "PavingData", "splitUpdate", "split", "autoCommit", "autocommit", "autoResetConnection"), unused("sql", "timestampFormat"), unused([]string{"*"}, "column"))

var kafkaWriter = slices.Concat(anyOperator(), []keyCase{
	use("topic", "t"), use("topics", []string{"t"}, object{"topic": nil}), use("tableIdToTopicMapping", `{"a": "b"}`, object{"topic": nil}), use("producerSettings", object{"bootstrap.servers": "h:1"}), use("consumerSettings", object{"bootstrap.servers": "h:1"}, object{"producerSettings": nil}),
	use("tableFields", []string{"id"}), use("partitionAssignColumns", []string{"id"}, object{"tableFields": []string{"id"}}), use("partitionStrategy", "hash-by-key"), use("partitionStrategy", "all-to-zero"), use("dataCompelOrder", "true"), use("timezone", "UTC"),
	use("brokerList", "h:1", object{"producerSettings": nil}),
}, unused([]string{"*"}, "column"), unused("UTF-8", "encoding", "writeMode"), unused(1, "batchSize", "flushIntervalMills"))

// TestWriterColumns: constants of writers' columns mean nothing, and are no fault.
func TestWriterColumns(t *testing.T) {
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	for writer, parameter := range map[string]object{
		"mysqlwriter": jdbc("jdbc:mysql://h/d"), "postgresqlwriter": jdbc("jdbc:postgresql://h/d"), "sqlserverwriter": jdbc("jdbc:sqlserver://h;databaseName=d"),
		"sqlitewriter": {"path": "x.db", "table": "t"}, "filewriter": {"path": "x"}, "streamwriter": {},
	} {
		parameter["column"] = []any{object{"name": "id", "type": "int", "value": "7", "index": 0}}
		text, err := json.Marshal(object{"job": object{"content": []any{object{
			"reader": object{"name": "streamreader", "parameter": object{"column": []any{object{"name": "id", "type": "int"}}}},
			"writer": object{"name": writer, "parameter": parameter}}}}})
		if err != nil {
			t.Fatal(err)
		}
		j, err := job.Parse(text, job.Options{})
		if err == nil {
			_, err = launcher.New(j, launcher.Options{Registry: registry, StateDir: t.TempDir()})
		}
		said := err == nil && slices.ContainsFunc(j.Notes(), func(n config.Note) bool {
			return strings.HasSuffix(n.Path, "column[0].value") && strings.HasPrefix(n.Msg, "has no effect: ")
		})
		if !said {
			t.Errorf("%s: got %v, %v, want the value without effect", writer, j.Notes(), err)
		}
	}
}

// TestKeys goes through the keys of old files: each is used, or said to have no
// effect; none is unknown.
func TestKeys(t *testing.T) {
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	ends := object{
		"reader": object{"name": "streamreader", "parameter": object{"column": []any{object{"name": "id"}}}},
		"writer": object{"name": "streamwriter", "parameter": object{}},
	}
	for _, p := range plugins {
		for _, k := range p.keys {
			parameter := maps.Clone(p.base)
			maps.Copy(parameter, k.with)
			maps.DeleteFunc(parameter, func(_ string, v any) bool { return v == nil })
			parameter[k.key] = k.value
			content := maps.Clone(ends)
			content[p.side] = object{"name": p.name, "parameter": parameter}
			text, err := json.Marshal(object{"job": object{"content": []any{content}}})
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("%s: %s = %v", p.name, k.key, k.value)
			j, err := job.Parse(text, job.Options{})
			if err == nil {
				_, err = launcher.New(j, launcher.Options{Registry: registry, StateDir: t.TempDir()})
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			said := ""
			for _, note := range j.Notes() {
				if strings.HasPrefix(note.Msg, "has no effect: ") && strings.HasSuffix(note.Path, "parameter."+k.key) || strings.HasSuffix(note.Path, `parameter["`+k.key+`"]`) {
					said += note.Msg
				}
			}
			if (said != "") != k.none {
				t.Errorf("%s: said %q, want no effect: %v", name, said, k.none)
			}
		}
	}
}
