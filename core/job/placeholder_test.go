package job_test

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/job"
)

// where parses a job whose reader has this where, and returns it expanded.
func where(t *testing.T, text string, o job.Options) (string, error) {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	o.Zone = berlin
	o.Now = func() time.Time { return time.Date(2026, 3, 31, 22, 30, 15, 0, time.UTC) } // the 1st of April in Berlin
	j, err := job.Parse([]byte(strings.Replace(minimal, `"parameter": {}`, `"parameter": {"where": "`+text+`"}`, 1)), o)
	if err != nil {
		return "", err
	}
	return j.Pipelines[0].Reader.Parameter.Node().Member("where").Text(), nil
}

func TestMoments(t *testing.T) {
	for text, want := range map[string]string{
		"dt = '${bizdate}'":                "dt = '20260331'",
		"${bizdate-1d}":                    "20260330",
		"${bizdate+2d}":                    "20260402",
		"${bizdate-1M}":                    "20260228",
		"${bizdate-1y-1w}":                 "20250324",
		"${bizdate:2006-01-02}":            "2026-03-31",
		"${bizdate-31d:06/01}":             "26/02",
		"${now}":                           "2026-04-01 00:30:15",
		"${now:2006-01-02}":                "2026-04-01",
		"${now-2h:2006-01-02T15:04:05Z07}": "2026-03-31T22:30:15+02",
		"${now-31m+1s:15:04:05}":           "23:59:16",
		"${now-120h:20060102}${now:15}":    "2026032600", // through the change to summer time
		"${bizdate}/${bizdate-7d}":         "20260331/20260324",
	} {
		if got, err := where(t, text, job.Options{}); err != nil || got != want {
			t.Errorf("%s is %s, %v, want %s", text, got, err, want)
		}
	}
	given := job.Options{Params: "bizdate=2026-01-01"}
	for text, want := range map[string]string{"${bizdate}": "2026-01-01", "${bizdate-1d}": "2025-12-31", "${bizdate-1d:0102}": "1231"} {
		if got, err := where(t, text, given); err != nil || got != want {
			t.Errorf("given, %s is %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestMomentsThatAreNone(t *testing.T) {
	for _, tt := range []struct{ text, params, want string }{
		{"${now:yyyy-MM-dd}", "", `${now:yyyy-MM-dd}: the layout "yyyy-MM-dd" holds no part of a date; it is written as the second of January 2006 at 15:04:05 would look, such as 2006-01-02`},
		{"${now:today}", "", `${now:today}: the layout "today" holds no part of a date; it is written as the second of January 2006 at 15:04:05 would look, such as 2006-01-02`},
		{"${bizdate-1x}", "", `${bizdate-1x}: the offset "-1x" is unknown; expected a sign, a number and one of s, m, h, d, w, M (month), y, such as -1d`},
		{"${bizdate-d}", "", `${bizdate-d}: the offset "-d" is unknown; expected`},
		{"${bizdate-999999y}", "", `${bizdate-999999y}: the offset leads beyond the years 0 to 9999`},
		{"${bizdate-1d}", "bizdate=today", `${bizdate-1d}: the parameter bizdate is no date that an offset or a layout can be applied to; write it as 20060102 or 2006-01-02`},
		{"${bizday}", "", `${bizday} has no value, give one with -p "bizday=..."`},
		{"${tomorrow:2006}", "", `${tomorrow:2006} has no value`},
		{"${}", "", `${} is no placeholder; expected ${name}, ${env:NAME}, ${file:path} or a moment such as ${bizdate-1d}, without blanks around the name; \u0024{ stands for the characters ${`},
		{"${ a }", "a=1", `${ a } is no placeholder`},
		{"${env:}", "", `${env:} is no placeholder`},
		{"${env:NO BODY}", "", `${env:NO BODY}: the environment variable NO BODY is not set`},
		{"${env:NOBODY", "", `${env:NOBODY: a placeholder is not closed, expected }; \u0024{ stands for the characters ${`},
		{"${a{b}}", "", `${a: a placeholder is not closed`},
		{"${Straße }", "", `${Straße } is no placeholder`},
	} {
		_, err := where(t, tt.text, job.Options{Params: tt.params})
		if err == nil || !strings.HasPrefix(err.Error(), "1:81: job.content[0].reader.parameter.where: "+tt.want) {
			t.Errorf("%s: got %v, want %s", tt.text, err, tt.want)
		}
	}
}

// TestNamesOfParameters replaces what -p names, whatever it is, as FlinkX does,
// and leaves what is no placeholder.
func TestNamesOfParameters(t *testing.T) {
	o := job.Options{Params: `{" a ": "1", "jour de l'an": "2", "日期": "3"}`}
	for text, want := range map[string]string{
		"${ a }":                   "1",
		"${jour de l'an}/${日期}":    "2/3",
		`\u0024{ a } \\u0024{`:     `${ a } \u0024{`,
		"$ {a} $a $$ {$} a$":       "$ {a} $a $$ {$} a$",
		"$${日期}":                   "$3",
		"price > $5 and x = '{a}'": "price > $5 and x = '{a}'",
	} {
		if got, err := where(t, text, o); err != nil || got != want {
			t.Errorf("%s is %s, %v, want %s", text, got, err, want)
		}
	}
}

// TestPlaceholdersOfTheirOwn leaves those of nameMapping and of topics' names to
// their readers, unless they are not closed.
func TestPlaceholdersOfTheirOwn(t *testing.T) {
	text := `{"job": {"content": [{"reader": {"name": "binlogreader", "parameter": {}}, "nameMapping": {"identifierMappings": {"a": "${tableName}"}},` +
		` "writer": {"name": "kafkawriter", "parameter": {"topic": "${table}"}}}]}}`
	mustParse(t, text, job.Options{})
	_, err := job.Parse([]byte(strings.ReplaceAll(text, "able}", "able")), job.Options{})
	want := "1:114: job.content[0].reader.parameter.topic"
	if err == nil || strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

func TestFiles(t *testing.T) {
	o := job.Options{ReadFile: func(path string) ([]byte, error) {
		if path != "/run/secrets/my db" {
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		}
		return []byte("hush \"hush\"\r\n"), nil
	}}
	text := strings.Replace(minimal, `"parameter": {}`, `"parameter": {"user": "${file:/run/secrets/my db}", "port": "x${file:/run/secrets/my db}"}`, 1)
	j := mustParse(t, text, o)
	reader := j.Pipelines[0].Reader.Parameter.Node()
	if got := reader.Member("user").Text(); got != `hush "hush"` {
		t.Errorf("got %q", got)
	}
	if shown := string(j.Masked()); strings.Contains(shown, "hush") {
		t.Errorf("masked: %s", shown)
	}
	for _, text := range []string{`dial hush "hush" refused`, `"hush \"hush\""`, "hush+%22hush%22"} {
		if got := j.Scrubber()(text); strings.Contains(got, "hush") {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
	if got := string(j.Canonical(true)); !strings.Contains(got, `"x${file:/run/secrets/my db}"`) || strings.Contains(got, "hush") {
		t.Errorf("rewritten: %s", got)
	}
	if _, err := where(t, "${file:/nowhere}", o); err == nil || err.Error() != "1:81: job.content[0].reader.parameter.where: ${file:/nowhere}: reading the file: file does not exist" {
		t.Errorf("got %v", err)
	}
	if _, err := where(t, "${file:/nowhere}", job.Options{}); err == nil || err.Error() != "1:81: job.content[0].reader.parameter.where: ${file:/nowhere}: files cannot be read here" {
		t.Errorf("got %v", err)
	}
}

func TestSecretParameters(t *testing.T) {
	text := strings.Replace(minimal, `"parameter": {}`, `"parameter": {"url": "u/${db_password}", "user": "${db}"}`, 1)
	j := mustParse(t, text, job.Options{Params: "db_password=hush-hush,db=sales"})
	if shown := string(j.Masked()); strings.Contains(shown, "hush") || !strings.Contains(shown, "sales") {
		t.Errorf("masked: %s", shown)
	}
	if got := j.Scrubber()("at hush-hush of sales"); got != "at ****** of sales" {
		t.Errorf("got %s", got)
	}
}

func TestPairs(t *testing.T) {
	for text, want := range map[string]string{
		"-Da=1 -Db=2":                     "a=1 b=2",
		`-Da="x y" -Db='z'`:               "a=x y b=z",
		"-Dwhere=id > 3 and d=4 \t-Db=-D": "b=-D where=id > 3 and d=4",
		"a=1, b = 2 ,":                    "a=1 b=2",
	} {
		got, err := job.Pairs(text)
		var all []string
		for _, name := range []string{"a", "b", "where"} {
			if v, ok := got[name]; ok {
				all = append(all, name+"="+v)
			}
		}
		if err != nil || strings.Join(all, " ") != want {
			t.Errorf("%s: %v, %v, want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"-Da":    `-p: expected -Dname=value pairs with spaces between them; where a value holds " -D", use JSON: {"name":"value"}`,
		"-D=1":   `-p: expected -Dname=value pairs`,
		"a=1,b;": `-p: expected name=value pairs with commas between them`,
	} {
		if _, err := job.Pairs(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
