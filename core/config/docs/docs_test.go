package docs

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/job"
)

const module = "github.com/datasync-io/datasync"

func source() *Source { return NewSource(module, filepath.Join("..", "..", "..")) }

type common struct {
	// Username is who logs
	// in.
	Username string `json:"username"`
}

type connection struct {
	JDBCURL config.StringList `json:"jdbcUrl" required:"true"` // where the server is
}

type sample struct {
	common
	// Host is a name | an address.
	Host string `json:"host" alias:"hostname" required:"true"`
	// What to do.
	Mode string `json:"mode" enum:"insert,update"`
	// How long to wait.
	Timeout time.Duration `json:"timeout" unit:"s" min:"0"`
	// The servers.
	Connection []connection `json:"connection"`
	// Other settings.
	Props map[string]string `json:"props"`
	// Hidden.
	Password config.Secret `json:"password"`
	Old      string        `json:"old" ignored:"it is old"`
}

func (sample) NoEffect() map[string]string {
	return map[string]string{"fetchSize": "rows are streamed"}
}

type silent struct {
	Host string `json:"host"`
}

type empty struct{}

func TestPage(t *testing.T) {
	cfg := sample{Mode: "insert", Timeout: 10 * time.Second}
	got, err := source().Page(Page{
		Name:   "demo",
		Reader: &Side{Names: []string{"demoreader", "demosource"}, Doc: "Reads a demo.", Config: &cfg},
		Writer: &Side{Names: []string{"demowriter"}, Doc: "Writes a demo.", Config: &empty{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = "<!-- Made by `make docs` from the comments in the source. -->\n\n# demo\n" +
		"\n## Reader\n\n`\"name\": \"demoreader\"`, also `demosource`\n\nReads a demo.\n\n" +
		"| key | type | default | meaning |\n|---|---|---|---|\n" +
		"| `username` | text |  | `username` is who logs in. |\n" +
		"| `host` | text | **required** | `host` is a name \\| an address. Also spelled `hostname`. |\n" +
		"| `mode` | text | `\"insert\"` | What to do. One of `insert`, `update`. |\n" +
		"| `timeout` | duration (s) | `\"10s\"` | How long to wait. At least 0. |\n" +
		"| `connection` | list of objects |  | The servers. |\n" +
		"| `connection[].jdbcUrl` | text or list of texts | **required** | where the server is |\n" +
		"| `props` | object of texts |  | Other settings. |\n" +
		"| `password` | secret text |  | Hidden. |\n" +
		"\nAccepted, without effect:\n\n* `fetchSize`: rows are streamed\n* `old`: it is old\n" +
		"\n## Writer\n\n`\"name\": \"demowriter\"`\n\nWrites a demo.\n\nIt has no keys.\n"
	if string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestKeyWithoutComment(t *testing.T) {
	_, err := source().Table(&silent{})
	if err == nil || !strings.Contains(err.Error(), "docs.silent: the field Host has no comment") {
		t.Errorf("got %v", err)
	}
}

func TestForeignPackage(t *testing.T) {
	if _, err := NewSource("example.org/other", ".").Table(&silent{}); err == nil || !strings.Contains(err.Error(), "not in module") {
		t.Errorf("got %v", err)
	}
	if _, err := NewSource(module, t.TempDir()).Table(&silent{}); err == nil || !strings.Contains(err.Error(), "no Go file") {
		t.Errorf("got %v", err)
	}
}

func TestSettingIsDocumented(t *testing.T) {
	setting := job.DefaultSetting()
	table, err := source().Table(&setting)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| `speed.channel` | whole number | `1` |", "| `errorLimit.record` |", "`restart.delayInterval` | duration (s) | `\"10s\"`"} {
		if !strings.Contains(string(table), want) {
			t.Errorf("%s is missing in\n%s", want, table)
		}
	}
}

func TestJobSchema(t *testing.T) {
	setting := job.DefaultSetting()
	text, err := source().JobSchema(&setting, &job.TableColumns{}, []Side{{Names: []string{"demoreader"}, Doc: "Reads.", Config: &sample{}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := config.Inline(string(text))
	if err != nil || !json.Valid(text) {
		t.Fatal(err)
	}
	at := func(path ...string) *config.Node {
		n := d.Node()
		for _, p := range path {
			if n.Kind() == config.ListKind {
				n = n.Items()[0]
			}
			n = n.Member(p)
		}
		return n
	}
	speed := at("properties", "job", "properties", "setting", "properties", "speed", "properties", "channel")
	if speed.Member("default").Text() != "1" || !strings.Contains(speed.Member("description").Text(), "channels") {
		t.Errorf("channel: %s", config.Masked(speed))
	}
	parameter := at("properties", "job", "properties", "content", "items", "properties", "reader", "allOf", "then", "properties", "parameter")
	properties := parameter.Member("properties")
	for _, key := range []string{"host", "hostname", "username", "old", "mode"} {
		if properties.Member(key) == nil {
			t.Errorf("no %s", key)
		}
	}
	url := properties.Member("connection").Member("items").Member("properties").Member("jdbcUrl").Member("anyOf")
	if len(url.Items()) != 2 {
		t.Errorf("jdbcUrl: %s", config.Masked(properties.Member("connection")))
	}
	required := parameter.Member("allOf").Items()
	if len(required) != 1 || len(required[0].Member("anyOf").Items()) != 2 {
		t.Errorf("required: %s", config.Masked(parameter.Member("allOf")))
	}
}
