package flinksql

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// function is a scalar function of Flink SQL.
type function struct {
	least, most int // arguments; most -1: any number
	build       func(c *compiler, args []expr, text string) (expr, error)
}

// strict is one call of a function that is NULL where an argument is.
type strict struct {
	f    *frame
	a    []value
	buf  []byte // to be appended to; keeps its memory from row to row
	text string
}

// scalar builds a function of parameters of fixed types that is NULL where one
// of its arguments is. The last optional parameters may be left out.
func scalar(result typ, params []typ, optional int, call func(s *strict) value) function {
	return function{least: len(params) - optional, most: len(params), build: func(c *compiler, args []expr, text string) (expr, error) {
		return c.strict(result, params, args, text, call)
	}}
}

// strict compiles a call whose arguments are cast to params; an opaque
// parameter takes any type.
func (c *compiler) strict(result typ, params []typ, args []expr, text string, call func(s *strict) value) (expr, error) {
	evals := make([]eval, len(args))
	fixed := true
	for i := range args {
		if params[i].family != opaqueFamily {
			var err error
			if args[i], err = c.cast(args[i], params[i], false); err != nil {
				return expr{}, err
			}
		}
		evals[i], fixed = args[i].eval, fixed && args[i].fixed
	}
	s := &strict{a: make([]value, len(args)), text: text}
	return expr{typ: result, text: text, column: -1, fixed: fixed && len(args) > 0, eval: func(f *frame) value {
		for i, e := range evals {
			if s.a[i] = e(f); !s.a[i].ok {
				return value{}
			}
		}
		s.f, s.buf = f, s.buf[:0]
		return call(s)
	}}, nil
}

// result hands over what was appended to buf.
func (s *strict) result(buf []byte) value {
	s.buf = buf
	return textValue(buf)
}

// has tells that the optional argument i was given.
func (s *strict) has(i int) bool { return i < len(s.a) }

// call compiles a function call.
func (c *compiler) call(n *ast.FuncCallExpr, text string) (expr, error) {
	name := strings.ToUpper(n.FnName.O)
	if build, ok := specials()[name]; ok {
		return build(c, n, text)
	}
	fn, ok := functions[name]
	if !ok {
		return expr{}, c.refuse(text, "the function %s is not supported", name)
	}
	if len(n.Args) < fn.least || fn.most >= 0 && len(n.Args) > fn.most {
		return expr{}, c.refuse(text, "%s does not take %d arguments", name, len(n.Args))
	}
	args, err := c.exprs(n.Args...)
	if err != nil {
		return expr{}, err
	}
	return fn.build(c, args, text)
}

// specials lists the functions with a syntax of their own. It is a function
// because they compile their arguments, which may be such calls again.
func specials() map[string]func(c *compiler, n *ast.FuncCallExpr, text string) (expr, error) {
	return map[string]func(c *compiler, n *ast.FuncCallExpr, text string) (expr, error){
		"EXTRACT": (*compiler).extract, "TRIM": (*compiler).trim, "DATE_ADD": (*compiler).interval, "DATE_SUB": (*compiler).interval,
		"TIMESTAMPADD": (*compiler).timestampAdd, "TIMESTAMPDIFF": (*compiler).timestampDiff,
		"'TIDB`.(DATELITERAL": temporalLiteral(dateType), "'TIDB`.(TIMELITERAL": temporalLiteral(typ{family: timeFamily, scale: 9}),
		"'TIDB`.(TIMESTAMPLITERAL": temporalLiteral(typ{family: datetimeFamily, scale: 9}),
	}
}

// functions are Flink's names.
var functions = merged(textFunctions, numberFunctions, momentFunctions, choiceFunctions)

func merged(tables ...map[string]function) map[string]function {
	all := map[string]function{}
	for _, t := range tables {
		for name, f := range t {
			all[name] = f
		}
	}
	return all
}

var choiceFunctions = map[string]function{
	"COALESCE": {1, -1, (*compiler).coalesce},
	"IFNULL":   {2, 2, (*compiler).coalesce},
	"NULLIF":   {2, 2, (*compiler).nullIf},
	"IF":       {3, 3, (*compiler).ifOf},
	"GREATEST": {1, -1, func(c *compiler, args []expr, text string) (expr, error) { return c.extreme(args, text, 1) }},
	"LEAST":    {1, -1, func(c *compiler, args []expr, text string) (expr, error) { return c.extreme(args, text, -1) }},
}

func (c *compiler) coalesce(args []expr, text string) (expr, error) {
	t, args, err := c.common(args, text)
	if err != nil {
		return expr{}, err
	}
	evals := make([]eval, len(args))
	for i := range args {
		evals[i] = args[i].eval
	}
	return expr{typ: t, text: text, column: -1, eval: func(f *frame) value {
		for _, e := range evals {
			if v := e(f); v.ok || f.err != nil {
				return v
			}
		}
		return value{}
	}}, nil
}

func (c *compiler) nullIf(args []expr, text string) (expr, error) {
	l, r, compare, err := c.comparable(args[0], args[1], text)
	if err != nil {
		return expr{}, err
	}
	out, le, re := args[0].eval, l.eval, r.eval
	return expr{typ: args[0].typ, text: text, column: -1, eval: func(f *frame) value {
		a, b := le(f), re(f)
		if a.ok && b.ok {
			if n, ok := compare(a, b); ok && n == 0 {
				return value{}
			}
		}
		return out(f)
	}}, nil
}

func (c *compiler) ifOf(args []expr, text string) (expr, error) {
	if args[0].family != boolFamily && args[0].family != nullFamily {
		return expr{}, c.refuse(text, "the first argument of IF is a condition, %s is %s", args[0].text, args[0].typ)
	}
	return c.choice(args[:1], args[1:], text)
}

// extreme is GREATEST and LEAST: NULL where one of the arguments is.
func (c *compiler) extreme(args []expr, text string, sign int) (expr, error) {
	t, args, err := c.common(args, text)
	if err != nil {
		return expr{}, err
	}
	compare := orders[t.family]
	if compare == nil {
		return expr{}, c.refuse(text, "%s has no order", t)
	}
	params := make([]typ, len(args))
	for i := range params {
		params[i] = t
	}
	return c.strict(t, params, args, text, func(s *strict) value {
		best := s.a[0]
		for _, v := range s.a[1:] {
			if n, ok := compare(v, best); ok && n*sign > 0 {
				best = v
			}
		}
		return best
	})
}

// Functions returns the names of all functions, in order.
func Functions() []string {
	names := []string{"EXTRACT", "TRIM", "TIMESTAMPADD", "TIMESTAMPDIFF"}
	for name := range functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
