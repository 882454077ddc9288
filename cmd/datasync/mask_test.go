package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
)

type stringer struct{}

func (stringer) String() string { return "conn to pepper-99" }

func TestMaskHandler(t *testing.T) {
	hide := &secrets{}
	hide.add(func(text string) string { return strings.ReplaceAll(text, "pepper-99", asterisks) })
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		o := &options{logFormat: format}
		log := slog.New(maskHandler{o.handler(&out, levelTrace), hide})
		log = log.With("dsn", "root:pepper-99@tcp(h)").WithGroup("g").With("password", 12345)
		log.Info("dialling pepper-99", "err", errors.New("denied: pepper-99"), "url", "jdbc:mysql://h?password=other1",
			slog.Group("inner", "who", stringer{}, "n", 7), "raw", []byte("pepper-99"), "secret", config.NewSecret("zzz"))
		text := out.String()
		for _, leak := range []string{"pepper", "12345", "other1", "zzz"} {
			if strings.Contains(text, leak) {
				t.Errorf("%s log shows %q: %s", format, leak, text)
			}
		}
		for _, want := range []string{"dialling ******", "denied: ******", "conn to ******", "inner", "7"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s log lacks %q: %s", format, want, text)
			}
		}
	}
}

func TestPrintErrorMasksAndStaysOnOneLine(t *testing.T) {
	var out bytes.Buffer
	hide := &secrets{}
	hide.add(func(text string) string { return strings.ReplaceAll(text, "pepper-99", asterisks) })
	(&process{out: &console{w: &out}, secrets: hide}).printError(errors.Join(errors.New("reading: denied pepper-99"), errors.New("closing: gone")))
	if want := "datasync: reading: denied ******; closing: gone\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestPrintErrorNamesEveryFault(t *testing.T) {
	fault := func(line int) error {
		return &config.Error{File: "j.json", Line: line, Column: 1, Path: "job", Msg: "is wrong"}
	}
	err := config.Join(fault(2), config.Join(fault(1)), usagef("-s x: no such state folder"))
	var out bytes.Buffer
	(&process{out: &console{w: &out}, secrets: &secrets{}}).printError(err)
	want := "datasync: j.json:1:1: job: is wrong\ndatasync: j.json:2:1: job: is wrong\ndatasync: -s x: no such state folder\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestPrintErrorWithItsChain(t *testing.T) {
	var out bytes.Buffer
	p := &process{out: &console{w: &out}, secrets: &secrets{}, verbose: true}
	p.printError(errclass.With(errclass.Transient, fmt.Errorf("reading: %w", errors.Join(errors.New("password=hush"), errors.New("gone")))))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 5 || lines[0] != "datasync: reading: password=******; gone" || strings.Contains(out.String(), "hush") {
		t.Errorf("got\n%s", out.String())
	}
	for _, want := range []string{"(transient): reading", "*errors.joinError", "*errors.errorString (permanent): gone"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestColourIsForTerminals(t *testing.T) {
	for _, tt := range []struct {
		terminal bool
		plain    string // NO_COLOR, which says something unless it is empty
		want     bool
	}{{true, "", true}, {true, "0", false}, {false, "", false}} {
		p := &process{terminal: tt.terminal, env: func(name string) (string, bool) { return tt.plain, name == "NO_COLOR" }}
		if got := strings.Contains(p.red("x"), "\x1b"); got != tt.want {
			t.Errorf("%+v: coloured %v", tt, got)
		}
	}
}
