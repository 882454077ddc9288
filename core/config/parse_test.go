package config_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
)

func decodeAny(t *testing.T, text string) (any, error) {
	t.Helper()
	d, err := config.Inline(text)
	if err != nil {
		return nil, err
	}
	var v any
	err = d.Decode(&v)
	return v, err
}

func TestParseLenient(t *testing.T) {
	for _, tt := range []struct{ name, lenient, strict string }{
		{"comments", "// a\n{ # b\n/* c */ \"a\": 1 /* d */ }", `{"a":1}`},
		{"single quotes", `{'a': 'it\'s "so"'}`, `{"a":"it's \"so\""}`},
		{"bare words", `{a: mysqlreader, 1: true, b: -1-2, c: NULL, d: True}`, `{"a":"mysqlreader","1":true,"b":"-1-2","c":null,"d":true}`},
		{"separators", `{a = 1; b => [1; 2]}`, `{"a":1,"b":[1,2]}`},
		{"trailing commas", `{"a": [1, 2,], "b": {"c": 1,},}`, `{"a":[1,2],"b":{"c":1}}`},
		{"marks in texts", `{"a": "// # /* ; = 'x'"}`, `{"a":"// # /* ; = 'x'"}`},
		{"several lines", "{\"sql\": \"select 1,\n\t2\"}", `{"sql":"select 1,\n\t2"}`},
		{"escapes", `["\u4e2d\n\/\\", '\u0027']`, `["中\n/\\","'"]`},
		{"numbers stay", `[18446744073709551615, 1e400, 0.10, 01, .5]`, `[18446744073709551615, 1e400, 0.10, "01", ".5"]`},
		{"byte order mark", "\uFEFF{}", `{}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decodeAny(t, tt.lenient)
			if err != nil {
				t.Fatal(err)
			}
			if want := strictAny(t, tt.strict); !reflect.DeepEqual(got, want) {
				t.Errorf("got %#v, want %#v", got, want)
			}
		})
	}
}

func strictAny(t *testing.T, text string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestParseBroken(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "  ", "j.json:1:1: the text is empty, expected {"},
		{"no comma", "{\n  \"a\": 1\n  \"b\": 2\n}", "j.json:3:3: expected , or }\n      \"b\": 2\n      ^"},
		{"no colon", `{"a" 1}`, "j.json:1:6: expected : after the name\n    {\"a\" 1}\n         ^"},
		{"no value", `{"a": }`, "j.json:1:7: expected a value\n    {\"a\": }\n          ^"},
		{"no brace", "{\"job\": {\n \"a\": 1\n", "j.json:2:8: the file ends here but the { of line 1, column 9 is not closed, expected , or }\n     \"a\": 1\n           ^"},
		{"no bracket", `{"a": [1, 2}`, "j.json:1:12: expected , or ]\n    {\"a\": [1, 2}\n               ^"},
		{"open text", `{"a": "b}`, "j.json:1:7: this text is not closed, expected \"\n    {\"a\": \"b}\n          ^"},
		{"open comment", `{} /* a`, "j.json:1:4: this comment is not closed, expected */\n    {} /* a\n       ^"},
		{"bad escape", `{"a": "\x"}`, "j.json:1:7: this text holds a bad escape, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000\n    {\"a\": \"\\x\"}\n          ^"},
		{"more", `{} {}`, "j.json:1:4: expected the end of the file\n    {} {}\n       ^"},
		{"a secret before it", `{"password": "hush" 1}`, "j.json:1:21: expected , or }\n    {\"password\": \"******\" 1}\n                          ^"},
		{"a secret at it", `{"password": "hush}`, "j.json:1:14: this text is not closed, expected \"\n    {\"password\": \"******\n                 ^"},
		{"a URL before it", `{"u": "jdbc:x://h/d?user=a&password=hush&b=c" 1}`, "j.json:1:47: expected , or }\n    {\"u\": \"jdbc:x://h/d?user=a&password=******&b=c\" 1}\n                                                    ^"},
		{"twice", "{\"a\": {\"b\": 1,\n\"b\": 2}, \"a\": 3}", "j.json:2:1: a.b: stands twice, first in line 1; remove one\nj.json:2:10: a: stands twice, first in line 1; remove one"},
		{"no braces", "job: {}", "j.json:1:1: expected {\n    job: {}\n    ^"},
		{"GBK", "{\"a\": \"é\xd6\xd0\"}", "j.json:1:9: this is no UTF-8; save the file as UTF-8\n    {\"a\": \"é\ufffd\ufffd\"}\n            ^"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "j.json:1:1: the text is UTF-16; save the file as UTF-8"},
		{"characters count", `{"中": é é}`, "j.json:1:9: expected , or }\n    {\"中\": é é}\n            ^"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.Parse(config.NewText("j.json", []byte(tt.text)))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got:\n%v\nwant:\n%s", err, tt.want)
			}
			if errclass.Of(err) != errclass.Config {
				t.Errorf("class %v", errclass.Of(err))
			}
		})
	}
}

func TestParseDeep(t *testing.T) {
	if _, err := decodeAny(t, strings.Repeat("[", 10000)+strings.Repeat("]", 10000)); err != nil {
		t.Error(err)
	}
	if _, err := decodeAny(t, strings.Repeat("[", 2000000)); err == nil || !strings.Contains(err.Error(), "deeper than 10000") {
		t.Errorf("got %v", err)
	}
}

func TestLongLineIsCut(t *testing.T) {
	text := `{"a": "` + strings.Repeat("x", 5000) + `" 1, "b": "` + strings.Repeat("y", 5000) + `"}`
	_, err := decodeAny(t, text)
	if err == nil || len(err.Error()) > 300 {
		t.Fatalf("got %v", err)
	}
	lines := strings.Split(err.Error(), "\n")
	if caret := strings.Index(lines[2], "^"); lines[1][caret] != '1' {
		t.Errorf("the caret is not below the fault:\n%v", err)
	}
}

// FuzzParse checks that no text makes the parser panic, and that every text
// encoding/json can read is read alike.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"job":{"content":[{"reader":{"name":"mysqlreader"}}]}}`, `{a='b';c=>[1,2,],}`, "// x\n#y\n/*z*/[]", `"\u00`, `'\''`,
		`[1e9,-0,0.5,true,null,"\ud800"]`, "\"\xff\"", `{"a":1,"a":2}`, "{\"a\":\"${x}\"}", "\"\\\n\"", `[-]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lookup := func(string) (string, error) { return `va"lue'`, nil }
		source, _ := config.Expand("f", []byte(text), lookup)
		_, _ = config.Parse(source)

		root, err := config.Parse(config.NewText("f", []byte(text)))
		if err == nil {
			_ = config.Masked(root)
		}
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		var want any
		if !json.Valid([]byte(text)) || !utf8.ValidString(text) || dec.Decode(&want) != nil { // encoding/json takes any bytes in a text
			return
		}
		if err != nil {
			if strings.Contains(err.Error(), "stands twice") {
				return
			}
			t.Fatalf("valid JSON is refused: %v", err)
		}
		var got any
		if err := config.NewDecoder(root, config.Settings{}).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %#v, want %#v", got, want)
		}
	})
}
