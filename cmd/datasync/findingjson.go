package main

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/datasync-io/datasync/core/config"
)

// findings writes a list of findings as JSON, each when it is added.
type findings struct {
	w       io.Writer
	mask    func(string) string
	written int
}

// foundJSON is a finding in JSON.
type foundJSON struct {
	File      string      `json:"file"`
	Code      int         `json:"exitCode"`
	Dialect   string      `json:"dialect,omitempty"`
	Pipelines []string    `json:"pipelines"`
	Guarantee string      `json:"guarantee,omitempty"`
	Probed    bool        `json:"probed"`
	Used      []string    `json:"used"`
	NoEffect  []string    `json:"noEffect"`
	Unknown   []string    `json:"unknown"`
	Warnings  []string    `json:"warnings"`
	Faults    []faultJSON `json:"faults"`
}

// faultJSON is something wrong; where it is in the file, if it is there.
type faultJSON struct {
	Path    string `json:"path,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// add writes a finding. Its secrets are hidden before encoding changes how they
// are spelled.
func (l *findings) add(f finding) error {
	found := foundJSON{
		File: f.file, Code: f.code, Dialect: f.dialect, Pipelines: l.masked(f.pipelines, nil), Guarantee: f.guarantee, Probed: f.probed,
		NoEffect: l.masked(f.flags, f.inert), Unknown: l.masked(nil, f.unknown), Warnings: l.masked(nil, f.warnings), Used: []string{}, Faults: []faultJSON{},
	}
	var line []byte
	f.used(func(path, value []byte) {
		line = append(append(append(line[:0], path...), " = "...), value...)
		found.Used = append(found.Used, l.mask(string(line)))
	})
	for _, e := range f.faults {
		found.Faults = append(found.Faults, faultJSON{e.Path, e.Line, e.Column, l.mask(e.Msg)})
	}
	for _, text := range f.others {
		found.Faults = append(found.Faults, faultJSON{Message: l.mask(text)})
	}
	var b bytes.Buffer
	b.WriteString(map[bool]string{true: "[\n  ", false: ",\n  "}[l.written == 0])
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("  ", "  ")
	if err := e.Encode(found); err != nil {
		return err
	}
	l.written++
	_, err := l.w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return err
}

// masked returns texts and faults as texts; never nil, which would be null.
func (l *findings) masked(texts []string, faults []*config.Error) []string {
	all := make([]string, 0, len(texts)+len(faults))
	for _, text := range texts {
		all = append(all, l.mask(text))
	}
	for _, e := range faults {
		all = append(all, l.mask(e.Error()))
	}
	return all
}

// end writes what ends the list.
func (l *findings) end() error {
	end := "\n]\n"
	if l.written == 0 {
		end = "[]\n"
	}
	_, err := io.WriteString(l.w, end)
	return err
}
