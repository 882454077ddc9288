package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestArrange(t *testing.T) {
	flags := []cli.Flag{&cli.StringFlag{Name: "job"}, &cli.StringFlag{Name: "p"}, &cli.BoolFlag{Name: "resume"}, &cli.IntFlag{Name: "n"}}
	commands := []*cli.Command{{Name: "check", Flags: flags}, {Name: "show", Flags: []cli.Flag{&cli.BoolFlag{Name: "json"}}}}
	tests := []struct{ in, want, err string }{
		{"show -json a", "show -json -- a", ""},
		{"-p x=1 show a", "", "-p: it is no flag of show; datasync help show lists those"},
		{"-json a", "", "-json: it belongs to a command, and none is given; datasync -help lists them"},
		{"-job a.json", "-job a.json --", ""},
		{"a.json -resume -p x=1", "-resume -p x=1 -- a.json", ""},
		{"-p x=1 check a.json -resume", "check -p x=1 -resume -- a.json", ""},
		{"a.json check", "-- a.json check", ""},
		{"-job -", "-job - --", ""},
		{"-job=a.json --p=y=2", "-job=a.json --p=y=2 --", ""},
		{"-p -1 a", "-p -1 -- a", ""},
		{"-resume=false - b", "-resume=false -- - b", ""},
		{"-- -a", "-- -a", ""},
		{"-jobb a", "", "-jobb: unknown flag; did you mean -job?"},
		{"-zzzzzz", "", "-zzzzzz: unknown flag; datasync -help lists all"},
		{"a -p", "", "-p: a value is missing after it"},
		{"show rm -json -h", "show -help", ""},
		{"a -help", "-help", ""},
		{"--version", "version", ""},
		{"a -resume=maybe", "", "-resume=maybe: expected -resume alone, or -resume=false"},
		{"a -n x", "", "-n x: expected a whole number"},
		{"a -n -5", "-n -5 -- a", ""},
	}
	for _, tt := range tests {
		got, err := arrange(strings.Fields(tt.in), commands, flags)
		if text := errorText(err); text != tt.err {
			t.Errorf("arrange(%s) error = %q, want %q", tt.in, text, tt.err)
		} else if err == nil && !slices.Equal(got, strings.Fields(tt.want)) {
			t.Errorf("arrange(%s) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestReadJob(t *testing.T) {
	tests := []struct{ arg, stdin, file, text, err string }{
		{"-", `{"job":{}}`, "-", `{"job":{}}`, ""},
		{"-", "%7B%22job%22%3A%7B%7D%7D\n", "-", `{"job":{}}`, ""},
		{` {"job": 1}`, "", "", `{"job": 1}`, ""},
		{"%7b+%22a%22%3A%22%2B%22%7D", "", "", `{ "a":"+"}`, ""},
		{"%2F%2F+nightly%0A%7B%22a%22%3A1%7D", "", "", "// nightly\n{\"a\":1}", ""},
		{"/* nightly */ {}", "", "", "/* nightly */ {}", ""},
		{"no/such.json", "", "", "", "-job no/such.json: no such file; give the path of a job file, - for standard input, or the text itself"},
	}
	for _, tt := range tests {
		got, err := readJob(tt.arg, strings.NewReader(tt.stdin))
		if text := errorText(err); text != tt.err {
			t.Errorf("readJob(%s) error = %q, want %q", tt.arg, text, tt.err)
		} else if got.file != tt.file || string(got.text) != tt.text {
			t.Errorf("readJob(%s) = %q %q, want %q %q", tt.arg, got.file, got.text, tt.file, tt.text)
		}
	}
}

func TestParameters(t *testing.T) {
	tests := []struct {
		lists             []string
		object, want, err string
	}{
		{nil, "", "", ""},
		{[]string{"a=1,b=2"}, "", "a=1,b=2", ""},
		{[]string{"a=1,b=2", "b=3, c = x=y"}, "", `{"a":"1","b":"3","c":"x=y"}`, ""},
		{[]string{"a=1"}, `{"a":"p,q","n":12345678901234567890}`, `{"a":"p,q","n":12345678901234567890}`, ""},
		{nil, `{"a":1}`, `{"a":1}`, ""},
		{nil, "a=1", "", `-pj: expected a JSON object such as {"name":"value"}; -p takes name=value pairs`},
		{[]string{"a=1", "b"}, "", "", `-p: entry 1 is no name=value pair; where a value holds a comma, use JSON: {"name":"a,b"}`},
	}
	for _, tt := range tests {
		got, err := parameters(tt.lists, tt.object)
		if text := errorText(err); text != tt.err || got != tt.want {
			t.Errorf("parameters(%q, %s) = %s, %q, want %s, %q", tt.lists, tt.object, got, text, tt.want, tt.err)
		}
	}
}

func TestStateDir(t *testing.T) {
	tests := []struct {
		flag string
		env  map[string]string
		want string
	}{
		{"f", map[string]string{"DATASYNC_STATE_DIR": "d", "HOME": "/h"}, "f"},
		{"", map[string]string{"DATASYNC_STATE_DIR": "d", "XDG_STATE_HOME": "/x", "HOME": "/h"}, "d"},
		{"", map[string]string{"DATASYNC_STATE_DIR": "", "XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/datasync"},
		{"", map[string]string{"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/datasync"},
	}
	for _, tt := range tests {
		got, err := stateDir(tt.flag, func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok })
		if err != nil || got != tt.want {
			t.Errorf("stateDir(%q, %v) = %q, %v, want %q", tt.flag, tt.env, got, err, tt.want)
		}
	}
}

func TestCombine(t *testing.T) {
	for i, better := range worst {
		for _, code := range worst[:i] {
			if got := combine(better, code); got != code {
				t.Errorf("combine(%d, %d) = %d, want %d", better, code, got, code)
			}
		}
	}
	if len(worst) != len(exitCodes) {
		t.Errorf("%d codes are ordered, %d explained", len(worst), len(exitCodes))
	}
}
