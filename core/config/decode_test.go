package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
)

type connection struct {
	JDBCURL config.StringList `json:"jdbcUrl" required:"true"`
	Table   []string          `json:"table"`
}

func (c *connection) Validate() error {
	if len(c.Table) > 2 {
		return config.Fieldf("table[2]", "one too many")
	}
	return nil
}

type column struct{ Name, Type string }

func (c *column) UnmarshalConfig(d *config.Decoder) error {
	if d.Node().Kind() == config.StringKind {
		c.Name = d.Node().Text()
		return nil
	}
	var o struct {
		Name string `json:"name"`
		Type string `json:"type" enum:"int,text"`
	}
	err := d.Decode(&o)
	c.Name, c.Type = o.Name, o.Type
	return err
}

type retry struct {
	Times int `json:"times"`
}

func (r *retry) SetDefaults() { r.Times = 3 }

type shared struct {
	Username string `json:"username"`
}

type plugin struct {
	shared
	Host      string            `json:"host" alias:"hostname,server" required:"true"`
	Port      uint16            `json:"port" min:"1"`
	Big       uint64            `json:"big"`
	Small     int8              `json:"small"`
	Ratio     float64           `json:"ratio" min:"0.5"`
	On        bool              `json:"on"`
	Mode      string            `json:"mode" enum:"insert,update"`
	Empty     *string           `json:"empty"`
	Limit     *int64            `json:"limit"`
	Retry     *retry            `json:"retry"`
	Password  config.Secret     `json:"password"`
	Timeout   time.Duration     `json:"timeout" min:"0"`
	Delay     config.Duration   `json:"delay" unit:"s"`
	Size      config.Bytes      `json:"size"`
	Names     config.StringList `json:"names"`
	Kinds     config.StringList `json:"kinds" enum:"a,b"`
	Counts    config.List[int]  `json:"counts" min:"0"`
	Conns     []connection      `json:"connection"`
	Columns   []column          `json:"column"`
	Props     map[string]string `json:"props"`
	Retries   map[string]retry  `json:"retries"`
	Raw       *config.Node      `json:"raw"`
	Any       any               `json:"any"`
	Fallback  string            `json:"fallback"`
	Old       string            `json:"old" ignored:"it is old"`
	unrelated int
}

func defaults() plugin {
	return plugin{Port: 3306, Fallback: "utf8", Props: map[string]string{"a": "1"}, unrelated: 7, Ratio: 1}
}

func (*plugin) NoEffect() map[string]string { return map[string]string{"fetch": "rows are streamed"} }

func (p *plugin) Validate() error {
	var errs []error
	if p.Host == "bad" {
		errs = append(errs, config.Fieldf("host", "is bad"))
	}
	if p.Port == 1 {
		errs = append(errs, config.Field("missing", errors.New("is needed with port 1")))
	}
	if len(p.Conns) == 2 {
		errs = append(errs, config.Fieldf("connection[1].jdbcUrl", "one is enough"))
	}
	if p.Small == 9 {
		errs = append(errs, errors.New("nine does not go"))
	}
	return errors.Join(errs...)
}

func decode(t *testing.T, text string, dst any, s config.Settings) error {
	t.Helper()
	n, err := config.Parse(config.NewText("j.json", []byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	return config.NewDecoder(n, s).Decode(dst)
}

func TestDecode(t *testing.T) {
	empty := ""
	limit := int64(9)
	set := func(f func(*plugin)) plugin {
		p := defaults()
		p.Host = "h"
		f(&p)
		return p
	}
	for _, tt := range []struct {
		name, text string
		want       plugin
	}{
		{"defaults", `{host: h}`, set(func(*plugin) {})},
		{"aliases", `{server: h}`, set(func(*plugin) {})},
		{"alias beside an unset key", `{host: "", server: h}`, set(func(*plugin) {})},
		{"numbers", `{host: h, port: 1000, big: 18446744073709551615, small: -128, ratio: 2}`, set(func(p *plugin) { p.Port, p.Big, p.Small, p.Ratio = 1000, 18446744073709551615, -128, 2 })},
		{"numbers as texts", `{host: h, port: "1000", big: "18446744073709551615", small: " 5 ", ratio: "0.5"}`, set(func(p *plugin) { p.Port, p.Big, p.Small, p.Ratio = 1000, 18446744073709551615, 5, 0.5 })},
		{"whole floats", `{host: h, port: 3e3, big: 5.0}`, set(func(p *plugin) { p.Port, p.Big = 3000, 5 })},
		{"booleans", `{host: h, on: "TRUE"}`, set(func(p *plugin) { p.On = true })},
		{"texts from scalars", `{host: h, fallback: 0.10, username: true}`, set(func(p *plugin) { p.Fallback, p.Username = "0.10", "true" })},
		{"unset", `{host: h, port: "", on: "", fallback: "", connection: "", props: "", retry: "", timeout: "", size: null, names: "", limit: ""}`, set(func(*plugin) {})},
		{"empty text behind a pointer", `{host: h, empty: ""}`, set(func(p *plugin) { p.Empty = &empty })},
		{"pointers", `{host: h, limit: "9", retry: {}}`, set(func(p *plugin) { p.Limit, p.Retry = &limit, &retry{3} })},
		{"enum", `{host: h, mode: UPDATE}`, set(func(p *plugin) { p.Mode = "update" })},
		{"durations", `{host: h, timeout: 1500, delay: "10"}`, set(func(p *plugin) { p.Timeout, p.Delay = 1500*time.Millisecond, 10*time.Second })},
		{"durations as texts", `{host: h, timeout: "1m30s", delay: "5 min"}`, set(func(p *plugin) { p.Timeout, p.Delay = 90*time.Second, 5*time.Minute })},
		{"sizes", `{host: h, size: "64MiB"}`, set(func(p *plugin) { p.Size = 64 << 20 })},
		{"negative sizes", `{host: h, size: -1048576}`, set(func(p *plugin) { p.Size = -1048576 })},
		{"lists or one", `{host: h, names: a, counts: ["30"]}`, set(func(p *plugin) { p.Names, p.Counts = config.StringList{"a"}, config.List[int]{30} })},
		{"lists", `{host: h, names: [a, "", b], counts: 3, connection: [{jdbcUrl: u, table: [t]}]}`, set(func(p *plugin) {
			p.Names, p.Counts = config.StringList{"a", "b"}, config.List[int]{3}
			p.Conns = []connection{{JDBCURL: config.StringList{"u"}, Table: []string{"t"}}}
		})},
		{"own forms", `{host: h, column: [a, {name: b, type: INT}]}`, set(func(p *plugin) { p.Columns = []column{{"a", ""}, {"b", "int"}} })},
		{"maps", `{host: h, props: {b: 2, c: ""}, retries: {x: {}, y: {times: 1}}}`, set(func(p *plugin) {
			p.Props = map[string]string{"a": "1", "b": "2", "c": ""}
			p.Retries = map[string]retry{"x": {3}, "y": {1}}
		})},
		{"empty lists and objects", `{host: h, props: [], connection: {}, retry: []}`, set(func(p *plugin) {})},
		{"anything", `{host: h, any: [1, "a", null, true, {"b": 2.50}]}`, set(func(p *plugin) {
			p.Any = []any{json.Number("1"), "a", nil, true, map[string]any{"b": json.Number("2.50")}}
		})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := defaults()
			if err := decode(t, tt.text, &got, config.Settings{}); err != nil {
				t.Fatal(err)
			}
			if tt.name == "empty lists and objects" {
				got.Retry = nil
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestDecodeFaults(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"unknown key", `{host: h, splitPK: a, hots: b}`, "j.json:1:11: splitPK: unknown key\nj.json:1:23: hots: unknown key, did you mean \"host\"?"},
		{"case counts", `{HOST: h, host: h}`, `j.json:1:2: HOST: unknown key, did you mean "host"?`},
		{"required", `{}`, `j.json:1:1: host: is required`},
		{"required but empty", `{host: ""}`, `j.json:1:8: host: is required`},
		{"key and alias", `{host: a, server: b}`, `j.json:1:19: server: means the same as "host", which is given too; keep one`},
		{"key and alias in another case", `{host: a, server: A}`, `j.json:1:19: server: means the same as "host", which is given too; keep one`},
		{"numbers", `{host: h, port: 65536, big: -1, small: "x", ratio: 0.1, port2: 1}`, strings.Join([]string{
			`j.json:1:57: port2: unknown key, did you mean "port"?`,
			`j.json:1:17: port: expected a whole number from 0 to 65535, found 65536`,
			`j.json:1:29: big: expected a whole number from 0 to 18446744073709551615, found -1`,
			`j.json:1:40: small: expected a whole number from -128 to 127, found "x"`,
			`j.json:1:52: ratio: expected at least 0.5, found 0.1`,
		}, "\n")},
		{"fractions", `{host: h, port: 1.5, big: 1e300}`, "j.json:1:17: port: expected a whole number from 0 to 65535, found 1.5\nj.json:1:27: big: expected a whole number from 0 to 18446744073709551615, found 1e300"},
		{"kinds", `{host: [], on: 1, mode: delete, connection: x, props: 3, retry: [1]}`, strings.Join([]string{
			`j.json:1:8: host: expected a text, found a list`,
			`j.json:1:16: on: expected true or false, found 1`,
			`j.json:1:25: mode: expected one of insert, update, found "delete"`,
			`j.json:1:65: retry: expected an object, found a list`,
			`j.json:1:45: connection: expected a list, found "x"`,
			`j.json:1:55: props: expected an object, found 3`,
		}, "\n")},
		{"durations", `{host: h, timeout: -1, delay: "x"}`, "j.json:1:20: timeout: expected at least 0, found -1\nj.json:1:31: delay: expected a duration (a number of seconds, or a text such as \"5s\"), found \"x\""},
		{"nested", `{host: h, connection: [{jdbcUrl: u}, {table: [a, b, c], tabel: x}], column: [a, {name: b, type: c}]}`, strings.Join([]string{
			`j.json:1:57: connection[1].tabel: unknown key, did you mean "table"?`,
			`j.json:1:38: connection[1].jdbcUrl: is required`,
			`j.json:1:97: column[1].type: expected one of int, text, found "c"`,
		}, "\n")},
		{"validate", `{server: bad, port: 1, small: 9, connection: [{jdbcUrl: u}, {jdbcUrl: v}]}`, strings.Join([]string{
			`j.json:1:10: server: is bad`,
			`j.json:1:1: missing: is needed with port 1`,
			`j.json:1:71: connection[1].jdbcUrl: one is enough`,
			`j.json:1:1: nine does not go`,
		}, "\n")},
		{"validate deep", `{host: h, connection: [{jdbcUrl: u, table: [a,b,c]}]}`, `j.json:1:49: connection[0].table[2]: one too many`},
		{"elements", `{host: h, kinds: [a, d], counts: -1}`, "j.json:1:22: kinds[1]: expected one of a, b, found \"d\"\nj.json:1:34: counts: expected at least 0, found -1"},
		{"secrets", `{host: h, password: {a: hush}, small: "jdbc:x://u:hush@h/?password=hush"}`, "j.json:1:39: small: expected a whole number from -128 to 127, found \"jdbc:x://u:******@h/?password=******\"\nj.json:1:21: password: expected a text, found an object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := defaults()
			err := decode(t, tt.text, &got, config.Settings{})
			if err == nil || err.Error() != tt.want {
				t.Errorf("got:\n%v\nwant:\n%s", err, tt.want)
			}
			if errclass.Of(err) != errclass.Config {
				t.Errorf("class %v", errclass.Of(err))
			}
			for _, f := range config.Faults(err) {
				if f.Line != 1 || f.File != "j.json" || f.Msg == "" {
					t.Errorf("fault %+v", f)
				}
			}
		})
	}
}

func TestDecodeNotes(t *testing.T) {
	var notes config.Notes
	got := defaults()
	s := config.Settings{Lenient: true, Notes: &notes, NoEffect: map[string]string{"sourceId": "stray"}}
	text := `{host: h, hots: x, fetch: 3, old: y, "?table": z, sourceId: 1, connection: [{jdbcUrl: u, sourceId: 1}]}`
	if err := decode(t, text, &got, s); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`j.json:1:11: hots: unknown key, did you mean "host"? true`,
		`j.json:1:20: fetch: has no effect: rows are streamed false`,
		`j.json:1:30: old: has no effect: it is old false`,
		`j.json:1:38: ["?table"]: has no effect: read as a comment false`,
		`j.json:1:51: sourceId: has no effect: stray false`,
		`j.json:1:90: connection[0].sourceId: unknown key, known are jdbcUrl, table true`,
	}
	all := notes.All()
	if len(all) != len(want) {
		t.Fatalf("notes %v", all)
	}
	for i, n := range all {
		if text := fmt.Sprint(n.Error.Error(), " ", n.Warning); text != want[i] {
			t.Errorf("got %s, want %s", text, want[i])
		}
	}
}

func TestJoin(t *testing.T) {
	at := func(line int) error { return &config.Error{Line: line, Msg: "x"} }
	dial := errclass.With(errclass.Transient, errors.New("dial"))
	err := config.Join(dial, fmt.Errorf("reading: %w", errors.Join(at(3), at(1))), nil, at(2))
	if err.Error() != "1:0: x\n2:0: x\n3:0: x\ndial" || errclass.Of(err) != errclass.Config {
		t.Errorf("got %v of class %v", err, errclass.Of(err))
	}
	if err := config.Join(nil, dial); errclass.Of(err) != errclass.Transient {
		t.Errorf("class %v", errclass.Of(err))
	}
	if config.Join(nil, nil) != nil {
		t.Error("nothing is joined into something")
	}
}

func TestSecret(t *testing.T) {
	s := config.NewSecret("hush")
	type inner struct{ s config.Secret }
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s, "in", struct{ S config.Secret }{s})
	js, err := json.Marshal(map[string]any{"s": s, "p": &s})
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{log.String(), string(js), fmt.Sprint(s), fmt.Errorf("%w: %v", errors.New("x"), s).Error()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T%v", "%10s"} {
		texts = append(texts, fmt.Sprintf(verb, s), fmt.Sprintf(verb, &s), fmt.Sprintf(verb, inner{s}), fmt.Sprintf(verb, []config.Secret{s}))
	}
	for _, text := range texts {
		if strings.Contains(text, "hush") || strings.Contains(text, "68757368") {
			t.Errorf("the secret is shown: %s", text)
		}
	}
	if fmt.Sprintf("%d", s) != "******" || string(js) != `{"p":"******","s":"******"}` {
		t.Errorf("got %d and %s", s, js)
	}
	if s.Reveal() != "hush" || !s.IsSet() || config.NewSecret("").IsSet() || fmt.Sprint(config.Secret{}) != "" {
		t.Error("the text is lost")
	}
	if !s.Equal(config.NewSecret("hush")) || s.Equal(config.Secret{}) {
		t.Error("equality")
	}
}

func TestScrubber(t *testing.T) {
	source, _ := config.Expand("", []byte(`{"password": "hush1", "nested": {"secretKey": ["hush2"]}, "url": "jdbc:x://a:hush3@h/?password=hush4&x=1",
		"jaas": "x required password=\"hush5\";", "port": ${env:PORT}, "token": "h/ 6&", "user": "me", "pwd": "1"}`),
		func(string) (string, error) { return "70007", nil })
	n, err := config.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	scrub := config.Scrubber(n)
	const text = "dial hush1 hush2 hush3 hush4 hush5 70007 h/ 6& h%2F+6%26 h%2F%206&"
	if got := scrub(text); got != "dial"+strings.Repeat(" ******", 9) {
		t.Errorf("got %s", got)
	}
	if got := scrub("me on jdbc port 1, password=other"); got != "me on jdbc port 1, password=******" {
		t.Errorf("got %s", got)
	}
}

func TestValidateShowsNoSecret(t *testing.T) {
	source, _ := config.Expand("", []byte(`{"host": "bad", "fallback": "${env:X}"}`), func(string) (string, error) { return "hush", nil })
	n, err := config.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	c := leaky{plugin: defaults()}
	if err := config.NewDecoder(n, config.Settings{}).Decode(&c); err == nil || err.Error() != "1:29: fallback: bad charset ******" {
		t.Errorf("got %v", err)
	}
}

type leaky struct{ plugin }

func (l *leaky) Validate() error { return config.Fieldf("fallback", "bad charset %s", l.Fallback) }

func TestMasked(t *testing.T) {
	const text = `{"password":"hush","a":[{"druid.password":"hush","secretKey":"hush"}],"pwd":"hush","sasl.jaas.config":"hush",
		"u":"mysql://a:hush@h/d?password=hush&x=1","n":1.50,"z":null,"o":{},"l":[],"ssl.keystore.password":"hush","passwordless":"no"}`
	n, err := config.Parse(config.NewText("", []byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	got := string(config.Masked(n))
	if strings.Contains(got, "hush") {
		t.Errorf("a secret is shown: %s", got)
	}
	for _, want := range []string{`"u": "mysql://a:******@h/d?password=******&x=1"`, `"n": 1.50`, `"z": null`, `"o": {}`, `"l": []`, `"passwordless": "no"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
	if !json.Valid([]byte(got)) {
		t.Errorf("no JSON: %s", got)
	}
}

func TestDescribe(t *testing.T) {
	p := defaults()
	got := map[string]config.Key{}
	for _, k := range config.Describe(&p) {
		got[k.Name] = k
	}
	for _, tt := range []struct{ name, typ, def string }{
		{"username", "text", ""}, {"host", "text", ""}, {"port", "whole number", "3306"}, {"ratio", "number", "1"}, {"on", "boolean", "false"},
		{"password", "secret text", ""}, {"timeout", "duration", "0"}, {"size", "size", "0"}, {"names", "text or list of texts", ""},
		{"connection", "list of objects", ""}, {"props", "object of texts", `{"a":"1"}`}, {"raw", "any JSON", ""}, {"limit", "whole number", ""},
	} {
		if k := got[tt.name]; k.Type != tt.typ || k.Default != tt.def {
			t.Errorf("%s: type %q default %q, want %q and %q", tt.name, k.Type, k.Default, tt.typ, tt.def)
		}
	}
	if k := got["retry"]; len(k.Keys) != 1 || k.Keys[0].Default != "3" {
		t.Errorf("retry: %+v", k)
	}
	if k := got["username"]; k.Owner.Name() != "shared" || k.Field != "Username" {
		t.Errorf("username: %+v", k)
	}
	if k := got["old"]; k.NoEffect != "it is old" {
		t.Errorf("old: %+v", k)
	}
}
