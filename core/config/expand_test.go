package config_test

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
)

func lookup(name string) (string, error) {
	v, ok := map[string]string{
		"day": "2024-01-01", "n": "3", "cols": `["a","b"]`, "quote": `a"b\c'd`,
		"env:PASSWORD": "hush-hush", "env:PORT": "70000000000",
	}[name]
	if !ok {
		return "", config.ErrUnset
	}
	return v, nil
}

func TestExpand(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"in a text", `{"where": "d = '${day}' and n=${n}"}`, `{"where": "d = '2024-01-01' and n=3"}`},
		{"bare", `{"channel": ${n}, "column": ${cols}}`, `{"channel": 3, "column": ["a","b"]}`},
		{"escaped", `["${quote}", '${quote}']`, `["a\"b\\c'd", 'a\"b\\c\'d']`},
		{"not in comments", "// ${day}\n[1 /* ${n} */]", "// ${day}\n[1 /* ${n} */]"},
		{"no placeholder", `{"a": "$ {n} $ $n $${n}"}`, `{"a": "$ {n} $ $n $3"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			source, left := config.Expand("", []byte(tt.text), lookup)
			n, err := config.Parse(source)
			if err != nil || len(left) > 0 {
				t.Fatal(err, left)
			}
			want, err := config.Parse(config.NewText("", []byte(tt.want)))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := string(config.Masked(n)), string(config.Masked(want)); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestExpandKeepsPositions(t *testing.T) {
	source, left := config.Expand("j", []byte(`{"a": "${day}", "b": "x${env:PORT}", "c": "${nobody} ${env:NOBODY}"}`), lookup)
	n, err := config.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	if c := n.Member("c").Column(); c != 45-2 {
		t.Errorf("column %d", c)
	}
	if len(left) != 2 {
		t.Fatalf("left %v", left)
	}
	for i, want := range []string{
		`j:1:44: ${nobody} has no value, give one with -p "nobody=..."`,
		`j:1:54: ${env:NOBODY}: the environment variable NOBODY is not set`,
	} {
		if got := source.Unresolved(left[i]).Error(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if !n.Member("c").Covers(left[0]) || n.Member("b").Covers(left[0]) {
		t.Error("the placeholder is in the wrong node")
	}
}

func TestFaultsAreSaidOnce(t *testing.T) {
	one, same := &config.Error{Path: "a", Line: 1, Msg: "is required"}, &config.Error{Path: "a", Line: 1, Msg: "is required"}
	if got := config.Join(one, &config.Error{Path: "b", Line: 2, Msg: "is required"}, same); got.Error() != "1:0: a: is required\n2:0: b: is required" {
		t.Errorf("got %v", got)
	}
}

func TestFaultOfPlaceholderStandsAlone(t *testing.T) {
	source, left := config.Expand("j", []byte(`{"port": "${port}", "prot": "${port}", "level": "x"}`), lookup)
	n, err := config.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Port  uint16 `json:"port"`
		Level string `json:"level" enum:"info,warn"`
	}
	wrong := config.NewDecoder(n, config.Settings{}).Decode(&c)
	want := `j:1:11: ${port} has no value, give one with -p "port=..."` + "\n" +
		`j:1:21: prot: unknown key, did you mean "port"?` + "\n" +
		`j:1:49: level: expected one of info, warn, found "x"`
	if got := config.Join(wrong, source.Unresolved(left[0])); got == nil || got.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", got, want)
	}
	source, _ = config.Expand("j", []byte(`{"port": "${port}"}`), lookup)
	if n, err = config.Parse(source); err != nil {
		t.Fatal(err)
	}
	want = `j:1:10: port: expected a whole number from 0 to 65535, found "${port}"`
	if got := config.Join(config.NewDecoder(n, config.Settings{}).Decode(&c)); got == nil || got.Error() != want {
		t.Errorf("alone: got %v, want %s", got, want)
	}
}

func TestEnvironmentStaysSecret(t *testing.T) {
	source, _ := config.Expand("j", []byte(`{"port": ${env:PORT}, "level": "${env:PASSWORD}", "on": "${env:PASSWORD}"}`), lookup)
	n, err := config.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Port  uint16 `json:"port"`
		Level string `json:"level" enum:"info,warn"`
		On    bool   `json:"on"`
	}
	err = config.NewDecoder(n, config.Settings{}).Decode(&c)
	if err == nil || len(config.Faults(err)) != 3 {
		t.Fatalf("got %v", err)
	}
	for _, text := range []string{err.Error(), string(config.Masked(n))} {
		if strings.Contains(text, "hush") || strings.Contains(text, "7000") {
			t.Errorf("a secret is shown: %s", text)
		}
	}
	source, _ = config.Expand("j", []byte(`{"a": "${env:PASSWORD}" x}`), lookup)
	if _, err = config.Parse(source); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
	source, _ = config.Expand("j", []byte(`{"${env:PASSWORD}": 1}`), lookup)
	if _, err = config.Parse(source); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
}

func TestScrubberLeavesPlaceholders(t *testing.T) {
	text, _ := config.Expand("j", []byte(`{"password": "${env:NOBODY}", "token": "open sesame"}`), func(string) (string, error) { return "", config.ErrUnset })
	n, err := config.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	got := config.Scrubber(n)("${env:NOBODY}: is not set; open sesame")
	if want := "${env:NOBODY}: is not set; ******"; got != want {
		t.Errorf("scrubbed to %q, want %q", got, want)
	}
}
