package mysql

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// dataX builds a reader as a DataX file has it.
func dataX(t *testing.T, info plugin.ReaderInfo, parameters string) plugin.Reader {
	t.Helper()
	env := plugintest.Env()
	env.Dialect = "datax"
	r, err := plugintest.BuildReader(env, info, parameters)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// TestSplitsInOrder cuts texts and times where the database says what is less:
// each row is read once, NULLs as well, and resumed from its marks.
func TestSplitsInOrder(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		const n = 2000
		db.Exec(t, recursion(t),
			"CREATE TABLE words (id INT PRIMARY KEY, code VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL, raw CHAR(8) CHARACTER SET latin1 COLLATE latin1_german1_ci, "+
				"one ENUM('z','b','a'), day DATE, at DATETIME(3), seen TIMESTAMP NULL, KEY (code), KEY (day))",
			numbers("words", 1, n),
			"SET SESSION sql_mode = ''",
			"UPDATE words SET code = CONCAT(ELT(1 + id % 5, 'Zoë', 'a', 'A', 'éte', 'x\\'y'), '-', id DIV 3), raw = CONCAT('ü', id % 700), one = 1 + id % 3, "+
				"day = '1999-12-31' + INTERVAL id DAY, at = '2020-02-29 10:00:00.125' + INTERVAL id * 37 SECOND, seen = '2020-02-29 10:00:00' + INTERVAL id HOUR",
			"UPDATE words SET code = NULL, day = NULL, at = NULL, seen = NULL WHERE id % 100 = 0",
			"UPDATE words SET day = '0000-00-00' WHERE id IN (7, 8)")
		for _, by := range []string{"code", "raw", "one", "day", "at", "seen"} {
			t.Run(by, func(t *testing.T) {
				r := dataX(t, Info(), job(db, "words", map[string]any{"splitPk": by, "column": []string{"id"}, "where": "id > 0"}))
				readings, err := plugintest.Drain(t.Context(), r, 3, plugintest.Options{Cells: plugintest.Texts})
				if err != nil {
					t.Fatal(err)
				}
				seen := map[string]bool{}
				total, most := 0, 0
				for _, g := range readings {
					most = max(most, len(g.Rows))
					for _, row := range g.Rows {
						total++
						seen[row[0]] = true
					}
				}
				spec, err := sqlkit.ParseSpec(readings[0].Split)
				if err != nil || spec.Kind != sqlkit.Range || len(readings) < 2 || total != n || len(seen) != n || most == n {
					t.Errorf("%d splits of kind %s, %d rows, %d of them different, at most %d in one: %v", len(readings), spec.Kind, total, len(seen), most, err)
				}
			})
		}
		// FlinkX refuses them unless the job says how.
		_, err := plugintest.Drain(t.Context(), plugintest.NewReader(t, Info(), job(db, "words", map[string]any{"splitPk": "code"})), 2, plugintest.Options{})
		if errclass.Of(err) != errclass.Config || !strings.Contains(fmt.Sprint(err), "number type") || !strings.Contains(fmt.Sprint(err), "set splitStrategy to range") {
			t.Errorf("in FlinkX: %v", err)
		}
		tables, _ := planned(t, plugintest.NewReader(t, Info(), job(db, "words", map[string]any{"splitPk": "code", "splitStrategy": "range"})), 2)
		if len(tables) != 1 || strings.HasSuffix(tables[0], ":1") {
			t.Errorf("with splitStrategy range: %v", tables)
		}
	})
}

// TestDataX reads what only DataX's files have: constants and expressions among
// the columns, a statement in the connection list, several channels without a
// split column, statements for the session.
func TestDataX(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE o (id INT PRIMARY KEY, `a b` VARCHAR(5), price DECIMAL(8,2))", "INSERT INTO o VALUES (1, 'x', 1.50), (2, NULL, 2)")
		statement := []any{map[string]any{"jdbcUrl": []string{db.URL()}, "querySql": []string{"SELECT id * 10 AS ten, `a b` FROM o"}}}
		for _, tt := range []struct {
			name string
			more map[string]any
			want []string
		}{
			{"columns", map[string]any{"column": []any{"`id`", "`a b`", "'it''s'", "1", "2.50", "true", "null", "UPPER(CONCAT(`a b`, id))", "price + 1"}, "where": "id < 3"},
				[]string{"int64 1|string x|string it's|int64 1|decimal 2.50|int64 1|null|string X1|decimal 2.50", "int64 2|null|string it's|int64 1|decimal 2.50|int64 1|null|null|decimal 3.00"}},
			{"statement", map[string]any{"connection": statement, "column": nil}, []string{"int64 10|string x", "int64 20|null"}},
			{"statement alone", map[string]any{"connection": statement, "column": []any{"id"}, "where": "no = 1", "splitPk": "none"}, []string{"int64 10|string x", "int64 20|null"}},
			{"session", map[string]any{"session": []string{"SET @n = 40"}, "column": []any{"id", "@n + id"}, "snapshot": "auto"}, []string{"int64 1|int64 41", "int64 2|int64 42"}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				r := dataX(t, Info(), job(db, "o", tt.more))
				if err := r.(plugin.Checker).Check(plugin.Channels{Readers: 4, Writers: 4}); err != nil {
					t.Errorf("without splitPk: %v", err)
				}
				readings, err := plugintest.Drain(t.Context(), r, 4, plugintest.Options{})
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, g := range readings {
					for _, row := range g.Rows {
						got = append(got, strings.Join(row, "|"))
					}
				}
				if slices.Sort(got); len(readings) != 1 || !slices.Equal(got, tt.want) {
					t.Errorf("%d splits\n%s\nwant\n%s", len(readings), strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
				}
			})
		}
	})
}

// TestFallback reads from the second server of a list while the first is away,
// in one view over several sessions too, and says what is wrong with all of them.
func TestFallback(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, recursion(t), "CREATE TABLE t (id INT PRIMARY KEY)", numbers("t", 1, 90_000))
		away := "jdbc:mysql://127.0.0.1:1/" + db.Name
		urls := func(list ...string) map[string]any {
			return map[string]any{"connection": []any{map[string]any{"jdbcUrl": list, "table": "t"}}, "splitStrategy": "auto"}
		}
		for name, more := range map[string]map[string]any{
			"nobody there": urls(away, db.URL()),
			"no such user": {"username": "", "password": "", "splitStrategy": "auto", "connection": []any{map[string]any{
				"jdbcUrl": []string{withUser(db.URL(), "nobody"), withUser(db.URL(), servers.RootUser)}, "table": "t"}}},
			"the first does": urls(db.URL(), away),
		} {
			t.Run(name, func(t *testing.T) {
				readings, err := plugintest.Drain(t.Context(), plugintest.NewReader(t, Info(), job(db, "", more)), 2, plugintest.Options{})
				rows := 0
				for _, g := range readings {
					rows += len(g.Rows)
				}
				if err != nil || rows != 90_000 || len(readings) < 2 {
					t.Errorf("%d rows in %d splits: %v", rows, len(readings), err)
				}
			})
		}
		_, err := plugintest.Drain(t.Context(), plugintest.NewReader(t, Info(), job(db, "", urls(away, "jdbc:mysql://127.0.0.1:2/"+db.Name))), 1, plugintest.Options{})
		if errclass.Of(err) != errclass.Transient || !strings.Contains(fmt.Sprint(err), "127.0.0.1:1") || !strings.Contains(fmt.Sprint(err), "127.0.0.1:2") {
			t.Errorf("all away: class %s, %v", errclass.Of(err), err)
		}
	})
}

// TestFallbackElsewhere refuses a list of URLs whose databases differ.
func TestFallbackElsewhere(t *testing.T) {
	err := plugintest.ReaderError(Info(), `{"username": "u", "password": "p", "column": ["*"], "connection": [{"jdbcUrl": ["jdbc:mysql://h/a", "jdbc:mysql://h/b"], "table": "t"}]}`)(t)
	if errclass.Of(err) != errclass.Config || !strings.Contains(fmt.Sprint(err), `connection[0].jdbcUrl[1]: names database "b", and the first of the list "a"`) {
		t.Error(err)
	}
}

func withUser(url, user string) string {
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	return url + sep + "user=" + user + "&password=" + servers.RootPassword
}

// TestSharded deals the tables of several connections, each with an account of
// its own, as FlinkX's mysqld does; expressions stand where it has them.
func TestSharded(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		other := db.Name + "_07"
		db.Exec(t, "CREATE DATABASE "+other, "CREATE TABLE user_1 (id INT PRIMARY KEY)", "INSERT INTO user_1 VALUES (1)", "CREATE TABLE user_22 (id INT PRIMARY KEY)", "INSERT INTO user_22 VALUES (22)",
			"CREATE TABLE "+other+".user_7 (id INT PRIMARY KEY)", "INSERT INTO "+other+".user_7 VALUES (7)", "CREATE TABLE users (id INT PRIMARY KEY)", "INSERT INTO users VALUES (99)")
		t.Cleanup(func() { db.Exec(t, "DROP DATABASE "+other) })
		account := map[string]any{"username": servers.RootUser, "password": servers.RootPassword}
		for name, tt := range map[string]struct {
			entries []any
			want    string
		}{
			"two connections":     {[]any{entry(db.URL(), account, "user_1", "user_22"), entry(db.URL(), map[string]any{"username": servers.RootUser, "password": servers.RootPassword, "schema": other}, "user_7")}, "1 22 7"},
			"expressions":         {[]any{entry(db.URL(), map[string]any{"username": servers.RootUser, "password": servers.RootPassword, "schema": db.Name + "_[0-9]+"}, "user_[0-9]+"), entry(db.URL(), account, "user_[0-9]+")}, "1 22 7"},
			"dots":                {[]any{entry(db.URL(), account, "user_.*")}, "1 22"},
			"one table by itself": {[]any{entry(db.URL(), account, "user_1")}, "1"},
		} {
			t.Run(name, func(t *testing.T) {
				parameters := job(db, "", map[string]any{"connection": tt.entries, "username": "", "password": "", "column": []any{map[string]any{"name": "id", "type": "int"}}})
				r := plugintest.NewReader(t, InfoSharded(), parameters)
				if err := r.(plugin.Checker).Check(plugin.Channels{Readers: 3, Writers: 3}); err != nil {
					t.Errorf("without splitPk: %v", err)
				}
				readings, err := plugintest.Drain(t.Context(), r, 3, plugintest.Options{Cells: plugintest.Texts})
				var got []string
				for _, g := range readings {
					for _, row := range g.Rows {
						got = append(got, row[0])
					}
				}
				if slices.Sort(got); err != nil || strings.Join(got, " ") != tt.want {
					t.Errorf("%v, %v, want %s", got, err, tt.want)
				}
			})
		}
	})
}
