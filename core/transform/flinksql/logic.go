package flinksql

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// condition compiles an expression that must be BOOLEAN.
func (c *compiler) condition(n ast.ExprNode) (expr, error) {
	e, err := c.expr(n)
	if err != nil {
		return expr{}, err
	}
	if e.family != boolFamily && e.family != nullFamily {
		return expr{}, c.refuse(e.text, "expected a condition, it is %s", e.typ)
	}
	return e, nil
}

// connective compiles AND and OR. The right side is not computed where the
// left one decides, so that it may rely on it: a <> 0 AND 1 / a > 2.
func (c *compiler) connective(n *ast.BinaryOperationExpr, text string) (expr, error) {
	l, err := c.condition(n.L)
	if err != nil {
		return expr{}, err
	}
	r, err := c.condition(n.R)
	if err != nil {
		return expr{}, err
	}
	decides := int64(0) // FALSE decides AND, TRUE decides OR
	if n.Op == opcode.LogicOr {
		decides = 1
	}
	le, re := l.eval, r.eval
	return expr{typ: boolType, text: text, column: -1, fixed: l.fixed && r.fixed, eval: func(f *frame) value {
		a := le(f)
		if a.ok && a.i == decides || f.err != nil {
			return a
		}
		b := re(f)
		if b.ok && b.i == decides || a.ok {
			return b
		}
		return a
	}}, nil
}

func (c *compiler) not(n ast.ExprNode, text string) (expr, error) {
	e, err := c.condition(n)
	if err != nil {
		return expr{}, err
	}
	return negated(e, text, true), nil
}

// negated is NOT e, or e.
func negated(e expr, text string, not bool) expr {
	e.text = text
	if !not {
		return e
	}
	inner := e.eval
	e.eval = func(f *frame) value {
		v := inner(f)
		v.i ^= 1
		return v
	}
	return e
}

// truthTest compiles IS [NOT] TRUE and IS [NOT] FALSE.
func (c *compiler) truthTest(n *ast.IsTruthExpr, text string) (expr, error) {
	e, err := c.condition(n.Expr)
	if err != nil {
		return expr{}, err
	}
	inner, want := e.eval, n.True
	e.eval = func(f *frame) value {
		v := inner(f)
		return truth(v.ok && v.i == want)
	}
	e.typ, e.column = boolType, -1
	return negated(e, text, n.Not), nil
}

func (c *compiler) nullTest(n *ast.IsNullExpr, text string) (expr, error) {
	e, err := c.expr(n.Expr)
	if err != nil {
		return expr{}, err
	}
	inner := e.eval
	return negated(expr{typ: boolType, column: -1, fixed: e.fixed, eval: func(f *frame) value { return truth(!inner(f).ok) }}, text, n.Not), nil
}

func (c *compiler) between(n *ast.BetweenExpr, text string) (expr, error) {
	e, err := c.exprs(n.Expr, n.Left, n.Right)
	if err != nil {
		return expr{}, err
	}
	x1, low, atLeast, err := c.comparable(e[0], e[1], text)
	if err != nil {
		return expr{}, err
	}
	x2, high, atMost, err := c.comparable(e[0], e[2], text)
	if err != nil {
		return expr{}, err
	}
	out := expr{typ: boolType, column: -1, eval: func(f *frame) value {
		a := test(f, x1.eval, low.eval, atLeast, func(n int) bool { return n >= 0 })
		if a.ok && a.i == 0 {
			return a
		}
		b := test(f, x2.eval, high.eval, atMost, func(n int) bool { return n <= 0 })
		if b.ok && b.i == 0 || a.ok {
			return b
		}
		return a
	}}
	return negated(out, text, n.Not), nil
}

func test(f *frame, l, r eval, compare order, holds func(int) bool) value {
	a, b := l(f), r(f)
	if !a.ok || !b.ok {
		return value{}
	}
	n, ok := compare(a, b)
	return truth(ok && holds(n))
}

// in compiles x IN (list). A list of fixed texts or integers is looked up.
func (c *compiler) in(n *ast.PatternInExpr, text string) (expr, error) {
	if n.Sel != nil {
		return expr{}, c.refuse(text, "subqueries are not supported")
	}
	e, err := c.exprs(append([]ast.ExprNode{n.Expr}, n.List...)...)
	if err != nil {
		return expr{}, err
	}
	type candidate struct {
		x, y    eval
		compare order
	}
	list := make([]candidate, 0, len(n.List))
	for _, item := range e[1:] {
		x, y, compare, err := c.comparable(e[0], item, text)
		if err != nil {
			return expr{}, err
		}
		list = append(list, candidate{x.eval, y.eval, compare})
	}
	if look := lookup(e[0], e[1:]); look != nil {
		return negated(expr{typ: boolType, column: -1, eval: look}, text, n.Not), nil
	}
	out := expr{typ: boolType, column: -1, eval: func(f *frame) value {
		unknown := false
		for i := range list {
			v := test(f, list[i].x, list[i].y, list[i].compare, func(n int) bool { return n == 0 })
			switch {
			case v.ok && v.i == 1:
				return v
			case !v.ok:
				unknown = true
			}
		}
		if unknown {
			return value{}
		}
		return truth(false)
	}}
	return negated(out, text, n.Not), nil
}

// lookup is IN for a list of fixed values of x's own family; nil if it is not that.
func lookup(x expr, list []expr) eval {
	texts, ints := map[string]bool{}, map[int64]bool{}
	for _, item := range list {
		v, err := value{}, error(nil)
		if item.fixed {
			v, err = item.constant()
		}
		if !item.fixed || err != nil || !v.ok || item.family != x.family {
			return nil
		}
		switch x.family {
		case textFamily:
			texts[string(v.b)] = true
		case intFamily:
			ints[v.i] = true
		default:
			return nil
		}
	}
	isText, inner := x.family == textFamily, x.eval
	return func(f *frame) value {
		v := inner(f)
		switch {
		case !v.ok:
			return v
		case isText:
			return truth(texts[string(v.b)])
		}
		return truth(ints[v.i])
	}
}

// branch is one WHEN, or with a nil condition ELSE.
type branch struct {
	when eval
	then eval
}

// caseOf compiles both forms of CASE.
func (c *compiler) caseOf(n *ast.CaseExpr, text string) (expr, error) {
	var conditions, results []expr
	for _, w := range n.WhenClauses {
		var cond expr
		var err error
		if n.Value == nil {
			cond, err = c.condition(w.Expr)
		} else {
			var e []expr
			if e, err = c.exprs(n.Value, w.Expr); err == nil {
				cond, err = c.comparison(opcode.EQ, e[0], e[1], text)
			}
		}
		if err != nil {
			return expr{}, err
		}
		r, err := c.expr(w.Result)
		if err != nil {
			return expr{}, err
		}
		conditions, results = append(conditions, cond), append(results, r)
	}
	if n.ElseClause != nil {
		r, err := c.expr(n.ElseClause)
		if err != nil {
			return expr{}, err
		}
		results = append(results, r)
	}
	return c.choice(conditions, results, text)
}

// choice yields the result of the first condition that holds; a result more
// than there are conditions is the one for none.
func (c *compiler) choice(conditions, results []expr, text string) (expr, error) {
	t, results, err := c.common(results, text)
	if err != nil {
		return expr{}, err
	}
	branches := make([]branch, len(results))
	for i := range results {
		branches[i].then = results[i].eval
		if i < len(conditions) {
			branches[i].when = conditions[i].eval
		}
	}
	return expr{typ: t, text: text, column: -1, eval: func(f *frame) value {
		for i := range branches {
			if branches[i].when != nil {
				if v := branches[i].when(f); !v.ok || v.i == 0 {
					continue
				}
			}
			return branches[i].then(f)
		}
		return value{}
	}}, nil
}

// common casts expressions to the one type that holds all of them.
func (c *compiler) common(list []expr, text string) (typ, []expr, error) {
	t := nullType
	for _, e := range list {
		var ok bool
		if t, ok = union(t, e.typ); !ok {
			return t, nil, c.refuse(text, "%s is %s, which does not go together with the other values; use CAST", e.text, e.typ)
		}
	}
	cast := make([]expr, len(list))
	for i, e := range list {
		var err error
		if cast[i], err = c.cast(e, t, false); err != nil {
			return t, nil, err
		}
	}
	return t, cast, nil
}

// union is the least type that holds values of both.
func union(a, b typ) (typ, bool) {
	if a.family > b.family {
		a, b = b, a
	}
	switch {
	case a.family == nullFamily:
		return b, true
	case a.family == intFamily && b.family == intFamily:
		return typ{family: intFamily, bits: max(a.bits, b.bits)}, true
	case b.family == floatFamily && a.numeric():
		if a.family == floatFamily {
			return typ{family: floatFamily, bits: max(a.bits, b.bits)}, true
		}
		return doubleType, true
	case a.numeric() && b.numeric():
		x, y := a.asDecimal(), b.asDecimal()
		if x.precision == 0 || y.precision == 0 {
			return numberType, true
		}
		scale := max(x.scale, y.scale)
		return bounded(max(x.precision-x.scale, y.precision-y.scale)+scale, scale), true
	case a.family == textFamily && b.family == textFamily:
		if a.length == 0 || b.length == 0 {
			return textType, true
		}
		return typ{family: textFamily, length: max(a.length, b.length)}, true
	case a.family == b.family:
		a.scale, a.length = max(a.scale, b.scale), 0
		return a, true
	case a.family == dateFamily && b.family == datetimeFamily:
		return b, true
	case (a.family == textFamily || b.family == textFamily) && a.family != bytesFamily && b.family != bytesFamily && b.family != opaqueFamily:
		return textType, true // as Flink's implicit casts have it
	}
	return typ{}, false
}
