package matrix

import (
	"bufio"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// sqliteDatabase is a file.
type sqliteDatabase struct{ path string }

func openSQLite(t *testing.T) database {
	return sqliteDatabase{filepath.Join(t.TempDir(), "types.db")}
}

func (d sqliteDatabase) open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", d.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (d sqliteDatabase) exec(t *testing.T, statement string) {
	t.Helper()
	db := d.open(t)
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%.200s: %v", statement, err)
	}
}

func (d sqliteDatabase) texts(t *testing.T, table string, c column) map[int]*string {
	t.Helper()
	name := d.quote(c.name)
	return d.ask(t, fmt.Sprintf(`SELECT id, CASE typeof(%[1]s) WHEN 'real' THEN printf('%%!.17g', %[1]s) WHEN 'blob' THEN %[1]s ELSE CAST(%[1]s AS TEXT) END FROM %[2]s`, name, d.quote(table)))
}

func (d sqliteDatabase) ask(t *testing.T, query string) map[int]*string {
	t.Helper()
	rows, err := d.open(t).Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	found := map[int]*string{}
	for rows.Next() {
		var id int
		var v any
		if err := rows.Scan(&id, &v); err != nil {
			t.Fatal(err)
		}
		switch v := v.(type) {
		case []byte:
			s := digits(v)
			found[id] = &s
		case string:
			found[id] = &v
		case nil:
			found[id] = nil
		default:
			t.Fatalf("a value of type %T", v)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

func (d sqliteDatabase) columns(t *testing.T, table string) []string {
	t.Helper()
	return inOrder(d.ask(t, fmt.Sprintf("SELECT cid, type FROM pragma_table_info('%s') WHERE name <> 'id'", table)))
}

func (d sqliteDatabase) connection(table string) fields {
	return fields{"path": d.path, "table": table}
}

func (d sqliteDatabase) quote(name string) string { return `"` + name + `"` }

// fileTarget is a folder that files are written to; it is no source.
type fileTarget struct {
	dir    string
	format string
	read   func(t *testing.T, file string) []map[string]*string
	rows   []map[string]*string // once read
}

func (d *fileTarget) exec(*testing.T, string) {}

func (d *fileTarget) texts(t *testing.T, _ string, c column) map[int]*string {
	t.Helper()
	if d.rows == nil {
		files, err := filepath.Glob(filepath.Join(d.dir, "*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no file in %s: %v", d.dir, err)
		}
		for _, file := range files {
			d.rows = append(d.rows, d.read(t, file)...)
		}
	}
	return textsOf(t, d.rows, c, d.format != "csv")
}

// textsOf returns one column of rows that were written as text.
func textsOf(t *testing.T, rows []map[string]*string, c column, isJSON bool) map[int]*string {
	t.Helper()
	found := map[int]*string{}
	for _, row := range rows {
		var id int
		if _, err := fmt.Sscan(*row["id"], &id); err != nil {
			t.Fatal(err)
		}
		found[id] = row[c.name]
		if s := row[c.name]; s != nil && isJSON && c.family != document {
			found[id] = jsonText(t, *s)
		}
	}
	return found
}

func (d *fileTarget) columns(*testing.T, string) []string { return nil }

func (d *fileTarget) connection(string) fields {
	f := fields{"path": d.dir, "format": d.format}
	if d.format == "csv" {
		f["header"] = true
		f["nullFormat"] = nullText
	}
	return f
}

func (d *fileTarget) quote(name string) string { return name }

func openJSONL(t *testing.T) database {
	return &fileTarget{dir: filepath.Join(t.TempDir(), "out"), format: "jsonl", read: readJSONL}
}

func readJSONL(t *testing.T, file string) []map[string]*string {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var rows []map[string]*string
	d := json.NewDecoder(bufio.NewReaderSize(in, 64<<20))
	for d.More() {
		rows = append(rows, jsonRow(t, d))
	}
	return rows
}

// jsonRow reads an object: its members as they are spelled.
func jsonRow(t *testing.T, d *json.Decoder) map[string]*string {
	t.Helper()
	var row map[string]json.RawMessage
	if err := d.Decode(&row); err != nil {
		t.Fatal(err)
	}
	texts := map[string]*string{}
	for name, raw := range row {
		if s := string(raw); s != "null" {
			texts[name] = &s
		}
	}
	return texts
}

// jsonText is a text's content, and anything else as it stands.
func jsonText(t *testing.T, s string) *string {
	t.Helper()
	if strings.HasPrefix(s, `"`) {
		if err := json.Unmarshal([]byte(s), &s); err != nil {
			t.Fatal(err)
		}
	}
	return &s
}

// nullText is no value of a type: encoding/csv does not tell that one was quoted.
const nullText = "<NULL>"

func openCSV(t *testing.T) database {
	return &fileTarget{dir: filepath.Join(t.TempDir(), "out"), format: "csv", read: readCSV}
}

func readCSV(t *testing.T, file string) []map[string]*string {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	records, err := csv.NewReader(in).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var rows []map[string]*string
	for _, r := range records[1:] {
		row := map[string]*string{}
		for i, name := range records[0] {
			if r[i] != nullText {
				row[name] = &r[i]
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func openParquet(t *testing.T) database {
	return &fileTarget{dir: filepath.Join(t.TempDir(), "out"), format: "parquet", read: readParquet}
}

// readParquet reads by way of JSON lines: the one target that is read by the
// reader that belongs to its writer.
func readParquet(t *testing.T, file string) []map[string]*string {
	t.Helper()
	dir := t.TempDir()
	run(t, fields{"job": fields{"content": []any{fields{
		"reader": fields{"name": "filereader", "parameter": fields{"path": file, "format": "parquet", "column": []string{"*"}}},
		"writer": fields{"name": "filewriter", "parameter": fields{"path": filepath.Join(dir, "out"), "format": "jsonl", "column": []string{"*"}}},
	}}}}, dir)
	files, err := filepath.Glob(filepath.Join(dir, "out", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	return readJSONL(t, files[0])
}
