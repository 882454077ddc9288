package flinksql

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver" // the parser's literals

	"github.com/datasync-io/datasync/core/errclass"
)

// Query is a query that was read and whose parts are all supported; functions,
// columns and types are checked by Compile. It may be shared by goroutines.
type Query struct {
	prepared *prepared
	stmt     *ast.SelectStmt
	view     string // in FROM
	alias    string
}

// Parse reads SELECT list FROM view [WHERE condition]. view is the name that
// FROM must have; "" takes any. Its errors are of class Config.
func Parse(sql, view string) (*Query, error) {
	q, err := parse(sql)
	if err == nil && view != "" && q.view != view {
		err = fmt.Errorf("FROM %s: the reader's table is called %s (reader.table.tableName)", q.view, view)
	}
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	return q, nil
}

func parse(sql string) (*Query, error) {
	prep, err := prepare(sql)
	if err != nil {
		return nil, err
	}
	stmts, err := statements(prep.text)
	if err != nil {
		return nil, syntaxError(prep, err)
	}
	if len(stmts) != 1 {
		return nil, fmt.Errorf("expected one SELECT, found %d statements", len(stmts))
	}
	stmt, ok := stmts[0].(*ast.SelectStmt)
	if !ok {
		if _, union := stmts[0].(*ast.SetOprStmt); union {
			return nil, errors.New("UNION, INTERSECT and EXCEPT are not supported: expected SELECT ... FROM view [WHERE ...]")
		}
		return nil, errors.New("expected SELECT ... FROM view [WHERE ...]")
	}
	q := &Query{prepared: prep, stmt: stmt}
	return q, errors.Join(q.supported(), q.from())
}

// statements runs the parser, which panics on some texts that are no SQL.
func statements(text string) (stmts []ast.StmtNode, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	p := parser.New()
	p.SetSQLMode(mysql.ModePipesAsConcat | mysql.ModeANSIQuotes | mysql.ModeNoBackslashEscapes)
	stmts, _, err = p.ParseSQL(text)
	return stmts, err
}

// supported refuses clauses by name.
func (q *Query) supported() error {
	var errs []error
	for _, clause := range []struct {
		there bool
		name  string
	}{
		{q.stmt.With != nil, "WITH"}, {q.stmt.Distinct, "DISTINCT"}, {q.stmt.GroupBy != nil, "GROUP BY"}, {q.stmt.Having != nil, "HAVING"},
		{len(q.stmt.WindowSpecs) > 0, "WINDOW"}, {q.stmt.OrderBy != nil, "ORDER BY"}, {q.stmt.Limit != nil, "LIMIT"},
		{q.stmt.LockInfo != nil, "FOR UPDATE"}, {q.stmt.SelectIntoOpt != nil, "INTO"}, {q.stmt.Kind != ast.SelectStmtKindSelect, "TABLE and VALUES"},
	} {
		if clause.there {
			errs = append(errs, fmt.Errorf("%s is not supported: rows are transformed one by one", clause.name))
		}
	}
	return errors.Join(errs...)
}

// from checks that there is one view, and takes its name.
func (q *Query) from() error {
	if q.stmt.From == nil || q.stmt.From.TableRefs == nil {
		return errors.New("FROM is missing: expected SELECT ... FROM view [WHERE ...]")
	}
	join := q.stmt.From.TableRefs
	if join.Right != nil {
		return errors.New("joins are not supported: FROM names the reader's table alone")
	}
	source, ok := join.Left.(*ast.TableSource)
	if !ok {
		return errors.New("joins are not supported: FROM names the reader's table alone")
	}
	table, ok := source.Source.(*ast.TableName)
	if !ok {
		return errors.New("subqueries are not supported: FROM names the reader's table alone")
	}
	q.view, q.alias = table.Name.O, source.AsName.O
	if table.Schema.O != "" {
		q.view = table.Schema.O + "." + q.view
	}
	return nil
}

// View is the name in FROM.
func (q *Query) View() string { return q.view }

// Lists tells that the select list names its columns: that there is no * in it.
func (q *Query) Lists() bool {
	return !slices.ContainsFunc(q.stmt.Fields.Fields, func(f *ast.SelectField) bool { return f.WildCard != nil })
}

// names tells that a qualifier means the view.
func (q *Query) names(qualifier string) bool {
	if q.alias != "" {
		return qualifier == q.alias
	}
	return qualifier == q.view || strings.HasSuffix(q.view, "."+qualifier)
}

var nearText = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)near "(.*)"`)
})

// hints say what to write instead of syntax that Flink has and this does not.
var hints = []struct{ word, hint string }{
	{"DISTINCT FROM", "write a <> b OR a IS NULL ... in place of IS DISTINCT FROM"},
	{"SIMILAR TO", "write REGEXP(x, 'pattern') in place of SIMILAR TO"},
	{"PLACING", "write CONCAT and SUBSTRING in place of OVERLAY"},
}

// syntaxError points at the place in the query as it was written.
func syntaxError(p *prepared, err error) error {
	m := nearText().FindStringSubmatch(err.Error())
	if m == nil {
		return fmt.Errorf("the SQL cannot be read: %w", err)
	}
	rest := p.spelling(m[1])
	whole := strings.ToUpper(strings.Join(strings.Fields(p.text), " "))
	for _, h := range hints {
		if strings.Contains(whole, h.word) {
			return fmt.Errorf("syntax error at %s: %s", near(rest, 0), h.hint)
		}
	}
	return fmt.Errorf("syntax error at %s (names that are keywords stand in `backticks`)", near(rest, 0))
}

func (o Options) filled() Options {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
