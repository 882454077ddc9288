package flinksql

import (
	"fmt"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Options are what a query depends on beside its text.
type Options struct {
	Zone *time.Location   // of wall clocks where they meet instants; nil: UTC
	Now  func() time.Time // for CURRENT_TIMESTAMP and the like; nil: time.Now
}

// compiler turns the expressions of a query into closures over one schema.
type compiler struct {
	o      Options
	q      *Query
	schema *record.Schema
	used   []int // columns that the expression in hand uses
}

// refuse is the error for what cannot be done; text names the expression.
func (c *compiler) refuse(text, format string, args ...any) error {
	return errclass.With(errclass.Config, fmt.Errorf("%s: "+format, append([]any{text}, args...)...))
}

// text spells an expression for people.
func (c *compiler) text(n ast.Node) string {
	var b strings.Builder
	ctx := format.NewRestoreCtx(format.RestoreStringSingleQuotes|format.RestoreKeyWordUppercase|format.RestoreSpacesAroundBinaryOperation|format.RestoreStringWithoutCharset, &b)
	if err := n.Restore(ctx); err != nil {
		return "an expression"
	}
	text := []rune(c.q.prepared.spelling(b.String()))
	if len(text) > 120 {
		text = append(text[:120], '…')
	}
	return string(text)
}

func (c *compiler) exprs(nodes ...ast.ExprNode) ([]expr, error) {
	all := make([]expr, len(nodes))
	for i, n := range nodes {
		var err error
		if all[i], err = c.expr(n); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// expr compiles one expression.
func (c *compiler) expr(n ast.ExprNode) (expr, error) {
	text := c.text(n)
	switch n := n.(type) {
	case *ast.ParenthesesExpr:
		e, err := c.expr(n.Expr)
		e.text = text
		return e, err
	case *ast.ColumnNameExpr:
		return c.columnOf(n, text)
	case *test_driver.ValueExpr:
		return c.literal(n, text)
	case *ast.BinaryOperationExpr:
		return c.binary(n, text)
	case *ast.UnaryOperationExpr:
		return c.unary(n, text)
	case *ast.IsNullExpr:
		return c.nullTest(n, text)
	case *ast.IsTruthExpr:
		return c.truthTest(n, text)
	case *ast.BetweenExpr:
		return c.between(n, text)
	case *ast.PatternInExpr:
		return c.in(n, text)
	case *ast.PatternLikeOrIlikeExpr:
		return c.like(n, text)
	case *ast.CaseExpr:
		return c.caseOf(n, text)
	case *ast.FuncCastExpr:
		return c.castOf(n, text)
	case *ast.FuncCallExpr:
		return c.call(n, text)
	case *ast.AggregateFuncExpr:
		return expr{}, c.refuse(strings.ToUpper(n.F), "aggregate functions are not supported: rows are transformed one by one")
	case *ast.WindowFuncExpr:
		return expr{}, c.refuse(strings.ToUpper(n.Name), "window functions are not supported: rows are transformed one by one")
	case *ast.SubqueryExpr, *ast.ExistsSubqueryExpr, *ast.CompareSubqueryExpr:
		return expr{}, c.refuse(text, "subqueries are not supported")
	case *ast.PatternRegexpExpr:
		return expr{}, c.refuse(text, "is no Flink SQL: use REGEXP(text, 'pattern')")
	}
	return expr{}, c.refuse(text, "is not supported")
}

func (c *compiler) binary(n *ast.BinaryOperationExpr, text string) (expr, error) {
	if n.Op == opcode.LogicAnd || n.Op == opcode.LogicOr {
		return c.connective(n, text)
	}
	e, err := c.exprs(n.L, n.R)
	if err != nil {
		return expr{}, err
	}
	switch n.Op {
	case opcode.Plus, opcode.Minus, opcode.Mul, opcode.Div, opcode.Mod:
		return c.arithmetic(n.Op, e[0], e[1], text)
	case opcode.EQ, opcode.NE, opcode.LT, opcode.LE, opcode.GT, opcode.GE:
		return c.comparison(n.Op, e[0], e[1], text)
	case opcode.NullEQ:
		return c.nullSafe(e[0], e[1], text)
	}
	return expr{}, c.refuse(text, "the operator %s is not supported", strings.ToUpper(n.Op.String()))
}

func (c *compiler) unary(n *ast.UnaryOperationExpr, text string) (expr, error) {
	switch n.Op {
	case opcode.Not, opcode.Not2:
		return c.not(n.V, text)
	case opcode.Minus, opcode.Plus:
		e, err := c.expr(n.V)
		if err != nil || n.Op == opcode.Plus {
			return e, err
		}
		return c.negate(e, text)
	}
	return expr{}, c.refuse(text, "the operator %s is not supported", n.Op.String())
}

func (c *compiler) castOf(n *ast.FuncCastExpr, text string) (expr, error) {
	e, err := c.expr(n.Expr)
	if err != nil {
		return expr{}, err
	}
	i := n.Tp.GetFlen() - firstMark
	if n.FunctionType != ast.CastFunction || i < 0 || i >= len(c.q.prepared.types) {
		return expr{}, c.refuse(text, "is no Flink SQL: use CAST(x AS type)")
	}
	target := c.q.prepared.types[i]
	to, err := parseType(target.text)
	if err != nil {
		return expr{}, errclass.With(errclass.Config, err)
	}
	out, err := c.cast(e, to, target.try)
	out.column = -1
	out.text = text
	return out, err
}

// literal compiles a number, text, truth value or NULL.
func (c *compiler) literal(n *test_driver.ValueExpr, text string) (expr, error) {
	out := expr{text: text, column: -1, fixed: true}
	var v value
	switch n.Kind() {
	case test_driver.KindNull:
	case test_driver.KindInt64:
		v, out.typ = intValue(n.GetInt64()), intType
		switch {
		case mysql.HasIsBooleanFlag(n.Type.GetFlag()):
			v, out.typ = truth(n.GetInt64() != 0), boolType
		case n.GetInt64() != int64(int32(n.GetInt64())):
			out.typ = bigintType
		}
	case test_driver.KindUint64:
		d := apd.NewWithBigInt(new(apd.BigInt).SetUint64(n.GetUint64()), 0)
		v, out.typ = value{ok: true, d: d}, typ{family: decimalFamily, precision: 20}
	case test_driver.KindFloat64:
		v, out.typ = floatValue(n.GetFloat64()), doubleType
	case test_driver.KindMysqlDecimal:
		digits := n.GetMysqlDecimal().String()
		d := new(apd.Decimal)
		if !parseDecimal(d, []byte(digits)) {
			return expr{}, c.refuse(text, "is no number")
		}
		_, frac, _ := strings.Cut(digits, ".")
		v, out.typ = value{ok: true, d: d}, bounded(max(int(d.NumDigits()), len(frac)), len(frac))
	case test_driver.KindString:
		v, out.typ = textValue([]byte(n.GetString())), typ{family: textFamily, length: len([]rune(n.GetString()))}
	case test_driver.KindBinaryLiteral:
		v, out.typ = textValue([]byte(n.GetBinaryLiteral())), bytesType
	default:
		return expr{}, c.refuse(text, "is not supported")
	}
	out.eval = func(*frame) value { return v }
	return out, nil
}

// like compiles [NOT] LIKE. A pattern that is the same for each row is planned once.
func (c *compiler) like(n *ast.PatternLikeOrIlikeExpr, text string) (expr, error) {
	if !n.IsLike {
		return expr{}, c.refuse(text, "ILIKE is not supported: use LOWER(x) LIKE")
	}
	e, err := c.exprs(n.Expr, n.Pattern)
	if err != nil {
		return expr{}, err
	}
	for i := range e {
		if e[i], err = c.cast(e[i], textType, false); err != nil {
			return expr{}, err
		}
	}
	escape := rune(0)
	if n.EscapeExplicit {
		escape = rune(n.Escape)
	}
	subject, pattern := e[0].eval, e[1].eval
	if !e[1].fixed {
		return negated(expr{typ: boolType, column: -1, eval: func(f *frame) value {
			a, p := subject(f), pattern(f)
			if !a.ok || !p.ok {
				return value{}
			}
			m, err := planLike(string(p.b), escape)
			if err != nil {
				return f.fail(errclass.Conversion, text, "%v", err)
			}
			return truth(m(a.b))
		}}, text, n.Not), nil
	}
	p, err := e[1].constant()
	if err != nil {
		return expr{}, err
	}
	m, err := planLike(string(p.b), escape)
	if err != nil {
		return expr{}, c.refuse(text, "%v", err)
	}
	return negated(expr{typ: boolType, column: -1, eval: func(f *frame) value {
		a := subject(f)
		if !a.ok || !p.ok {
			return value{}
		}
		return truth(m(a.b))
	}}, text, n.Not), nil
}
