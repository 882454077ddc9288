package job_test

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/job"
)

const oldDataX = `{ // nightly
 "core": {"transport": {"channel": {"speed": {"byte": 1048576}}}, "container": {"job": {"id": 1}}},
 "job": {
  "setting": {"speed": {"byte": "4194304"}, "errorLimit": {"percentage": 0.02}},
  "content": [{
   "reader": {"name": "mysqlreader", "parameter": {"username": "me", "password": "hush-hush", "column": ["id", 'name'],
     "where": "day = '${day}'", "fetch": "100",
     "connection": [{"jdbcUrl": ["jdbc:mysql://h/d?user=a&password=hush-too"], "table": ["t"]}]}},
   "writer": {"name": "txtfilewriter", "parameter": {"path": "/tmp", "limit": ${n}, "sourceId": 3}}
  }]}}`

// params is what stands for plugins' parameters here.
type params struct {
	Username string       `json:"username"`
	Password string       `json:"password"`
	Column   *config.Node `json:"column"`
	Where    string       `json:"where"`
	Size     int          `json:"fetchSize" alias:"fetch"`
	Link     []struct {
		URL   *config.Node `json:"jdbcUrl"`
		Table *config.Node `json:"table"`
	} `json:"connection"`
	Path  string `json:"path"`
	Limit int    `json:"limit"`
}

func decodeAll(t *testing.T, j *job.Job) {
	t.Helper()
	for _, p := range append(j.Pipelines[:len(j.Pipelines):len(j.Pipelines)], j.Idle...) {
		for _, op := range []job.Operator{p.Reader, p.Writer} {
			if err := op.Parameter.Decode(&params{}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestCanonical(t *testing.T) {
	o := job.Options{File: "old.json", Params: "-Dday=2026-01-01 -Dn=7", Check: true}
	j := mustParse(t, oldDataX, o)
	decodeAll(t, j)
	want := `// From old.json, taken for a file of DataX, since there is no txtfilewriter in FlinkX.
{
  // core.transport.channel.speed is worked into job.setting.speed
  // not carried: "core": {"transport":{"channel":{"speed":{"byte":1048576}}},"contain... (it sets up DataX's own engine)
  "job": {
    "content": [{
      "reader": {
        "name": "mysqlreader",
        "parameter": {
          "username": "me",
          "password": "${env:READER_PASSWORD}", // set READER_PASSWORD, or write the value here
          "column": ["id", "name"],
          "where": "day = '${day}'",
          "fetchSize": 100,
          "connection": [
            {
              "jdbcUrl": ["jdbc:mysql://h/d?user=a&password=${env:READER_CONNECTION_0_JDBCURL_0}"],
              "table": ["t"]
            }
          ]
        }
      },
      "writer": {
        "name": "filewriter",
        "parameter": {
          "path": "/tmp",
          "limit": ${n}
          // not carried: "sourceId": 3 (FlinkX ignores it as well)
        }
      }
    }],
    "setting": {
      "speed": {
        "channel": 4,
        "bytes": 4194304,
        "readerChannel": 1 // a table without splitPk is read in one piece, as by DataX
      },
      "errorLimit": {
        "percentage": 2 // percent; DataX's ratio was 0.02
      }
    }
  }
}
`
	if got := string(j.Canonical(false)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	whole := j.Canonical(true)
	if text := string(whole); !strings.Contains(text, `"password": "hush-hush"`) || !strings.Contains(text, "password=hush-too") {
		t.Errorf("the secrets are lost:\n%s", text)
	}
	again := mustParse(t, string(whole), o)
	if again.Dialect != job.FlinkX || again.Setting.Speed.Writers() != 4 || again.Setting.Speed.Readers() != 1 || again.Setting.Speed.Bytes != 4194304 {
		t.Errorf("read again: %v, %+v", again.Dialect, again.Setting.Speed)
	}
	rows, percent := again.DirtyLimit()
	if r, p := j.DirtyLimit(); r != rows || p != percent || p != 2 {
		t.Errorf("limits %d %v and %d %v", r, p, rows, percent)
	}
	if again.Pipelines[0].Reader.Plugin != "mysql" || again.Pipelines[0].Writer.Plugin != "file" {
		t.Errorf("read again: %+v", again.Pipelines)
	}
	decodeAll(t, again)
	if notes := again.Notes(); len(notes) > 0 {
		t.Errorf("what was not carried is noted again: %v", notes)
	}
}

func TestCanonicalOfRelationalReaders(t *testing.T) {
	for name, tt := range map[string]struct{ parameter, want string }{
		"a statement": {`{"where": "x = 1", "splitPk": "id", "column": ["a"], "connection": [{"querySql": ["select 1"]}]}`, `"parameter": {
          // not carried: "where" (it has no effect beside querySql, as in DataX)
          // not carried: "splitPk" (it has no effect beside querySql, as in DataX)
          // not carried: "column" (it has no effect beside querySql, as in DataX)
          "connection": [{"querySql": ["select 1"]}]
        }`},
		"expressions": {`{"column": ["a", "now()"], "splitPk": "a", "connection": [{"table": ["t"]}]}`, `"parameter": {
          // DataX reads what is no name of a column as an expression; write such columns as customSql
          "column": ["a", "now()"],
          "splitPk": "a",
          "splitStrategy": "range", // as DataX splits, texts too
          "connection": [{"table": ["t"]}]
        }`},
		"names": {"{\"column\": [\"a\", \"`b c`\", \"[d]\", \"名\"], \"connection\": [{\"table\": [\"t\"]}]}", "\"parameter\": {\n          \"column\": [\"a\", \"`b c`\", \"[d]\", \"名\"],\n          \"connection\": [{\"table\": [\"t\"]}]\n        }"},
	} {
		j := mustParse(t, skeleton("mysqlreader", "mysqlwriter", tt.parameter, `{"speed": {"channel": 2}}`, "", ""), job.Options{Dialect: "datax"})
		text := string(j.Canonical(true))
		if !strings.Contains(text, tt.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, text, tt.want)
		}
		if one := strings.Contains(text, `"readerChannel": 1`); one != (name != "expressions") {
			t.Errorf("%s: one channel reads: %v", name, one)
		}
	}
}
