package job_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/job"
)

func TestPush(t *testing.T) {
	none := map[string]string{}
	for _, tt := range []struct {
		name, plugin, conf string
		want               *job.Push
		note               string
	}{
		{"nothing", `{}`, "", nil, ""},
		{"no gateway", `{"metricPluginConf": {"pluginName": "prometheus"}}`, "", nil, "job.setting.metricPluginConf: has no effect: no Pushgateway is named"},
		{"host", `{"metricPluginConfig": {"pluginName": "promethus", "pluginProp": {"host": "gw"}}}`, "",
			&job.Push{URL: "http://gw:9091", Delete: true, Group: none, Interval: 10 * time.Second}, ""},
		{"all", `{"metricPluginConf": {"pluginProp": {"host": "gw", "port": "1", "jobName": "n", "randomJobNameSuffix": "true", "deleteOnShutdown": false, "interval": 3, "groupingKey": "a=1; b=2"}}}`, "",
			&job.Push{URL: "http://gw:1", Job: "n", Suffix: true, Group: map[string]string{"a": "1", "b": "2"}, Interval: 3 * time.Second}, ""},
		{"properties alone", `{}`, `{"metrics.reporter.promgateway.hostUrl": "https://gw:1/", "metrics.reporter.promgateway.jobName": "p", "metrics.reporter.promgateway.interval": "60 SECONDS"}`,
			&job.Push{URL: "https://gw:1", Job: "p", Delete: true, Group: none, Interval: time.Minute}, ""},
		{"properties win", `{"metricPluginConf": {"pluginProp": {"host": "gw", "jobName": "n", "deleteOnShutdown": true}}}`,
			`{"metrics.reporter.promgateway.host": "::1", "metrics.reporter.promgateway.port": 5, "metrics.reporter.promgateway.deleteOnShutdown": "false"}`,
			&job.Push{URL: "http://[::1]:5", Job: "n", Group: none, Interval: 10 * time.Second}, ""},
		{"mysql", `{"metricPluginConf": {"pluginName": "mysql", "pluginProp": {"jdbcUrl": "jdbc:mysql://h/d", "table": "t", "username": "u", "password": "p", "properties": {}}}}`, "",
			nil, "job.setting.metricPluginConf: has no effect: mysql: figures are not written into a table: use prometheus, or -metrics"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := mustParse(t, withSetting(tt.plugin, ""), job.Options{ConfProp: tt.conf})
			if !reflect.DeepEqual(j.Push(), tt.want) {
				t.Errorf("got %+v, want %+v", j.Push(), tt.want)
			}
			found := tt.note == ""
			for _, n := range j.Notes() {
				found = found || strings.Contains(n.Error.Error(), tt.note)
			}
			if !found {
				t.Errorf("notes %v, want %s", j.Notes(), tt.note)
			}
		})
	}
	for _, tt := range []struct{ plugin, conf, want string }{
		{`{"metricPluginConf": {"pluginProp": {"hostUrl": "http://u:hush@"}}}`, "", `expected the address of a Pushgateway, such as http://host:9091, found "http://u:******@"`},
		{`{"metricPluginConf": {"pluginProp": {"host": "h", "groupingKey": "job=x"}}}`, "", `expected k1=v1;k2=v2 with names other than job, found "job=x"`},
		{`{"metricPluginConf": {"pluginProp": {"host": "h", "prot": 1}}}`, "", `unknown key, did you mean "port"?`},
		{`{}`, `{"metrics.reporter.promgateway.interval": "soon"}`, `-confProp: metrics.reporter.promgateway.interval: expected a time such as "10 SECONDS", found "soon"`},
	} {
		_, err := job.Parse([]byte(withSetting(tt.plugin, "")), job.Options{ConfProp: tt.conf})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s: got %v, want %s", tt.plugin, tt.conf, err, tt.want)
		}
	}
}

func TestDirtyTable(t *testing.T) {
	const url = "jdbc:mysql://h/d"
	for _, tt := range []struct {
		name, setting, conf string
		want                *job.DirtyTable
		password            string
		note                string
	}{
		{"nothing", `{}`, "", nil, "", ""},
		{"setting", `{"dirty": {"path": "x", "jdbc": {"url": "` + url + `", "username": "u", "password": "pass"}}}`, "",
			&job.DirtyTable{URL: url, Username: "u", Table: "chunjun_dirty_data", BatchSize: 1000, FlushInterval: time.Second}, "pass", ""},
		{"properties", `{}`, `{"chunjun.dirty-data.output-type": "JDBC", "chunjun.dirty-data.jdbc.url": "` + url + `", "chunjun.dirty-data.jdbc.username": "u", "flinkx.dirty-data.jdbc.password": "word",
			"chunjun.dirty-data.jdbc.database": "d", "chunjun.dirty-data.jdbc.table": "t", "chunjun.dirty-data.jdbc.batch-size": "7", "chunjun.dirty-data.jdbc.batch-flush-interval": "50"}`,
			&job.DirtyTable{URL: url, Username: "u", Database: "d", Table: "t", BatchSize: 7, FlushInterval: 50 * time.Millisecond}, "word", ""},
		{"properties win", `{"dirty": {"jdbc": {"url": "jdbc:sqlite:x", "table": "t"}}}`, `{"chunjun.dirty-data.output-type": "mysql", "chunjun.dirty-data.jdbc.url": "` + url + `"}`,
			&job.DirtyTable{URL: url, Table: "t", BatchSize: 1000, FlushInterval: time.Second}, "", ""},
		{"another output", `{"dirty": {"jdbc": {"url": "` + url + `"}}}`, `{"chunjun.dirty-data.output-type": "log", "chunjun.dirty-data.jdbc.url": "` + url + `"}`,
			nil, "", "chunjun.dirty-data.jdbc.url: has no effect: chunjun.dirty-data.output-type is not jdbc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := mustParse(t, withSetting(tt.setting, ""), job.Options{ConfProp: tt.conf})
			got := j.DirtyTable()
			if (got == nil) != (tt.want == nil) {
				t.Fatalf("got %+v, want %+v", got, tt.want)
			}
			if got != nil {
				if got.Password.Reveal() != tt.password {
					t.Errorf("password %q, want %q", got.Password.Reveal(), tt.password)
				}
				if text := j.Scrubber()("x " + tt.password); tt.password != "" && text != "x ******" {
					t.Errorf("the password is shown: %s", text)
				}
				got.Password = tt.want.Password
				if *got != *tt.want {
					t.Errorf("got %+v, want %+v", got, tt.want)
				}
			}
			found := tt.note == ""
			for _, n := range j.Notes() {
				found = found || strings.Contains(n.Error.Error(), tt.note)
			}
			if !found {
				t.Errorf("notes %v, want %s", j.Notes(), tt.note)
			}
		})
	}
	for _, tt := range []struct{ setting, conf, want string }{
		{`{"dirty": {"jdbc": {}}}`, `{"chunjun.dirty-data.output-type": "jdbc"}`, `chunjun.dirty-data.jdbc.url: is required with output-type jdbc`},
		{`{"dirty": {"jdbc": {"table": "t"}}}`, ``, `job.setting.dirty.jdbc.url: is required`},
	} {
		_, err := job.Parse([]byte(withSetting(tt.setting, "")), job.Options{ConfProp: tt.conf})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s: got %v, want %s", tt.setting, tt.conf, err, tt.want)
		}
	}
}
