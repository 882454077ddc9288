package flinksql

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/datasync-io/datasync/core/errclass"
)

const usualFormat = "yyyy-MM-dd HH:mm:ss"

var momentFunctions = map[string]function{
	"YEAR": partOf("YEAR"), "QUARTER": partOf("QUARTER"), "MONTH": partOf("MONTH"), "WEEK": partOf("WEEK"), "DAYOFYEAR": partOf("DOY"),
	"DAYOFMONTH": partOf("DAY"), "DAY": partOf("DAY"), "DAYOFWEEK": partOf("DOW"), "HOUR": partOf("HOUR"), "MINUTE": partOf("MINUTE"), "SECOND": partOf("SECOND"),
	"DATE_FORMAT": {2, 2, (*compiler).dateFormat},
	"TO_DATE": {1, 2, func(c *compiler, args []expr, text string) (expr, error) {
		return c.parsed(args, "yyyy-MM-dd", dateType, text)
	}},
	"TO_TIMESTAMP":     {1, 2, (*compiler).toTimestamp},
	"TO_TIMESTAMP_LTZ": {2, 2, (*compiler).toInstant},
	"FROM_UNIXTIME":    {1, 2, (*compiler).fromUnix},
	"UNIX_TIMESTAMP":   {0, 2, (*compiler).unix},
	"CURRENT_TIMESTAMP": {0, 1, func(c *compiler, _ []expr, text string) (expr, error) {
		return c.now(typ{family: instantFamily, scale: 3}, text)
	}},
	"NOW": {0, 0, func(c *compiler, _ []expr, text string) (expr, error) {
		return c.now(typ{family: instantFamily, scale: 3}, text)
	}},
	"LOCALTIMESTAMP": {0, 1, func(c *compiler, _ []expr, text string) (expr, error) {
		return c.now(typ{family: datetimeFamily, scale: 3}, text)
	}},
	"CURRENT_DATE": {0, 0, func(c *compiler, _ []expr, text string) (expr, error) { return c.now(dateType, text) }},
	"LOCALTIME":    {0, 1, func(c *compiler, _ []expr, text string) (expr, error) { return c.now(timeType, text) }},
	"CURRENT_TIME": {0, 1, func(c *compiler, _ []expr, text string) (expr, error) { return c.now(timeType, text) }},
}

// moment casts a text to a wall clock, and refuses what is no time.
func (c *compiler) moment(e expr, text string) (expr, error) {
	if e.family == textFamily || e.family == nullFamily {
		return c.cast(e, typ{family: datetimeFamily, scale: 9}, false)
	}
	if !e.temporal() {
		return expr{}, c.refuse(text, "%s is no date or time: it is %s", e.text, e.typ)
	}
	return e, nil
}

func partOf(name string) function {
	return function{1, 1, func(c *compiler, args []expr, text string) (expr, error) { return c.partOf(name, args[0], text) }}
}

func (c *compiler) partOf(name string, e expr, text string) (expr, error) {
	read, ok := part(name)
	if !ok {
		return expr{}, c.refuse(text, "%s is not supported: use YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE or SECOND", name)
	}
	e, err := c.moment(e, text)
	if err != nil {
		return expr{}, err
	}
	t := e.typ
	return c.strict(bigintType, []typ{t}, []expr{e}, text, func(s *strict) value { return intValue(read(c.clockIn(s.a[0], t))) })
}

// unitOf takes the unit of EXTRACT, TIMESTAMPADD ... apart.
func unitOf(n ast.ExprNode) (string, bool) {
	u, ok := n.(*ast.TimeUnitExpr)
	if !ok {
		return "", false
	}
	return strings.ToUpper(u.Unit.String()), true
}

func (c *compiler) extract(n *ast.FuncCallExpr, text string) (expr, error) {
	name, ok := unitOf(n.Args[0])
	if !ok {
		return expr{}, c.refuse(text, "is not supported")
	}
	e, err := c.expr(n.Args[1])
	if err != nil {
		return expr{}, err
	}
	return c.partOf(name, e, text)
}

// interval compiles x + INTERVAL 'n' unit and x - INTERVAL 'n' unit.
func (c *compiler) interval(n *ast.FuncCallExpr, text string) (expr, error) {
	sign := int64(1)
	if strings.EqualFold(n.FnName.O, "DATE_SUB") {
		sign = -1
	}
	e, err := c.expr(n.Args[0])
	if err != nil {
		return expr{}, err
	}
	name, _ := unitOf(n.Args[2])
	if lit, ok := n.Args[1].(*test_driver.ValueExpr); ok && lit.Kind() == test_driver.KindString {
		count, billionths, ok := intervalText(lit.GetString(), units[name])
		if !ok {
			return expr{}, c.refuse(text, "%q is no number of %s", lit.GetString(), name)
		}
		by := expr{typ: bigintType, fixed: true, text: lit.GetString(), column: -1, eval: func(*frame) value { return intValue(sign * count) }}
		return c.moved(e, by, sign*billionths, name, text)
	}
	by, err := c.expr(n.Args[1])
	if err != nil {
		return expr{}, err
	}
	if sign < 0 {
		if by, err = c.negate(by, by.text); err != nil {
			return expr{}, err
		}
	}
	return c.moved(e, by, 0, name, text)
}

func (c *compiler) timestampAdd(n *ast.FuncCallExpr, text string) (expr, error) {
	name, _ := unitOf(n.Args[0])
	e, err := c.exprs(n.Args[1], n.Args[2])
	if err != nil {
		return expr{}, err
	}
	return c.moved(e[1], e[0], 0, name, text)
}

func (c *compiler) moved(e, by expr, billionths int64, name, text string) (expr, error) {
	u, ok := units[name]
	if !ok {
		return expr{}, c.refuse(text, "the unit %s is not supported", name)
	}
	e, err := c.moment(e, text)
	if err != nil {
		return expr{}, err
	}
	t := e.typ
	if t.family == dateFamily && u.months == 0 && u.nanos < nanosPerDay {
		if e, err = c.cast(e, typ{family: datetimeFamily}, false); err != nil {
			return expr{}, err
		}
		t = e.typ
	}
	if t.family == timeFamily && (u.months > 0 || u.nanos >= nanosPerDay) {
		return expr{}, c.refuse(text, "a TIME has no %s", name)
	}
	if billionths != 0 || u.nanos > 0 && u.nanos < nanosPerSecond {
		t.scale = max(t.scale, 6)
	}
	return c.strict(t, []typ{e.typ, bigintType}, []expr{e, by}, text, func(s *strict) value {
		v, ok := c.add(s.a[0], t, u, s.a[1].i, billionths)
		if !ok {
			return s.f.fail(errclass.Overflow, text, "overflow: the interval is too long")
		}
		return v
	})
}

func (c *compiler) timestampDiff(n *ast.FuncCallExpr, text string) (expr, error) {
	name, _ := unitOf(n.Args[0])
	u, ok := units[name]
	if !ok {
		return expr{}, c.refuse(text, "the unit %s is not supported", name)
	}
	e, err := c.exprs(n.Args[1], n.Args[2])
	if err != nil {
		return expr{}, err
	}
	for i := range e {
		if e[i], err = c.moment(e[i], text); err != nil {
			return expr{}, err
		}
	}
	from, to := e[0].typ, e[1].typ
	return c.strict(bigintType, []typ{from, to}, e, text, func(s *strict) value {
		return intValue(u.between(c.clockIn(s.a[0], from), c.clockIn(s.a[1], to)))
	})
}

// temporalLiteral is DATE '...', TIME '...' and TIMESTAMP '...'.
func temporalLiteral(t typ) func(c *compiler, n *ast.FuncCallExpr, text string) (expr, error) {
	return func(c *compiler, n *ast.FuncCallExpr, text string) (expr, error) {
		lit, ok := n.Args[0].(*test_driver.ValueExpr)
		if !ok {
			return expr{}, c.refuse(text, "is not supported")
		}
		k, ok := parseClock([]byte(lit.GetString()))
		if !ok || k.hasDate != (t.family != timeFamily) || t.family == timeFamily && !k.hasTime || t.family == dateFamily && k.hasTime {
			return expr{}, c.refuse(lit.GetString(), "is no %s", t)
		}
		_, frac, _ := strings.Cut(lit.GetString(), ".")
		out := typ{family: t.family, scale: len(frac)}
		v := c.ofClock(k, out)
		return expr{typ: out, text: text, column: -1, fixed: true, eval: func(*frame) value { return v }}, nil
	}
}

// format returns the pattern of an argument, which must be a literal; usual if there is none.
func (c *compiler) format(args []expr, at int, usual, text string) (pattern, error) {
	format := usual
	if len(args) > at {
		v, err := value{}, error(nil)
		if args[at].fixed {
			v, err = args[at].constant()
		}
		if err != nil || !v.ok || args[at].family != textFamily {
			return nil, c.refuse(text, "the format must be a literal")
		}
		format = string(v.b)
	}
	p, err := parsePattern(format)
	if err != nil {
		return nil, c.refuse(text, "%v", err)
	}
	return p, nil
}

func (c *compiler) dateFormat(args []expr, text string) (expr, error) {
	p, err := c.format(args, 1, "", text)
	if err != nil {
		return expr{}, err
	}
	e, err := c.moment(args[0], text)
	if err != nil {
		return expr{}, err
	}
	t := e.typ
	return c.strict(textType, []typ{t}, []expr{e}, text, func(s *strict) value { return s.result(p.append(s.buf, c.clockIn(s.a[0], t))) })
}

// parsed reads a text in a format.
func (c *compiler) parsed(args []expr, usual string, t typ, text string) (expr, error) {
	p, err := c.format(args, 1, usual, text)
	if err != nil {
		return expr{}, err
	}
	return c.strict(t, oneText, args[:1], text, func(s *strict) value {
		k, ok := p.parse(s.a[0].b)
		if !ok {
			return s.f.fail(errclass.Conversion, text, "%s is not in the format", quoted(s.a[0].b))
		}
		return c.ofClock(k, t)
	})
}

// toTimestamp takes any ISO text where no format is given.
func (c *compiler) toTimestamp(args []expr, text string) (expr, error) {
	t := typ{family: datetimeFamily, scale: 3}
	if len(args) == 1 {
		e, err := c.cast(args[0], textType, false)
		if err != nil {
			return expr{}, err
		}
		return c.cast(e, t, false)
	}
	return c.parsed(args, usualFormat, t, text)
}

// toInstant is TO_TIMESTAMP_LTZ(number, 0 or 3): epoch seconds or milliseconds.
func (c *compiler) toInstant(args []expr, text string) (expr, error) {
	v, err := value{}, error(nil)
	if args[1].fixed {
		v, err = args[1].constant()
	}
	if err != nil || !v.ok || args[1].family != intFamily || v.i != 0 && v.i != 3 {
		return expr{}, c.refuse(text, "the precision must be 0 (seconds) or 3 (milliseconds)")
	}
	perSecond := int64(1)
	if v.i == 3 {
		perSecond = 1000
	}
	return c.strict(typ{family: instantFamily, scale: 3}, []typ{bigintType}, args[:1], text, func(s *strict) value {
		sec := floorDiv(s.a[0].i, perSecond)
		return value{ok: true, i: sec, n: uint32((s.a[0].i - sec*perSecond) * (nanosPerSecond / perSecond))}
	})
}

// fromUnix writes epoch seconds as the clocks of the job's zone show them.
func (c *compiler) fromUnix(args []expr, text string) (expr, error) {
	p, err := c.format(args, 1, usualFormat, text)
	if err != nil {
		return expr{}, err
	}
	return c.strict(textType, []typ{bigintType}, args[:1], text, func(s *strict) value {
		return s.result(p.append(s.buf, c.clockIn(s.a[0], instantType)))
	})
}

func (c *compiler) unix(args []expr, text string) (expr, error) {
	if len(args) == 0 {
		return expr{typ: bigintType, text: text, column: -1, eval: func(f *frame) value { return intValue(f.now.Unix()) }}, nil
	}
	e := args[0]
	var err error
	if e.family == textFamily {
		e, err = c.parsed(args, usualFormat, datetimeType, text)
	}
	if err == nil {
		e, err = c.moment(e, text)
	}
	if err == nil {
		e, err = c.cast(e, instantType, false)
	}
	if err != nil {
		return expr{}, err
	}
	return c.strict(bigintType, []typ{instantType}, []expr{e}, text, func(s *strict) value { return intValue(s.a[0].i) })
}

// now is the time at which the batch was taken in hand.
func (c *compiler) now(t typ, text string) (expr, error) {
	return expr{typ: t, text: text, column: -1, eval: func(f *frame) value {
		ms := f.now.UnixMilli()
		sec := floorDiv(ms, 1000)
		v := value{ok: true, i: sec, n: uint32(ms-sec*1000) * 1_000_000}
		if t.family == instantFamily {
			return v
		}
		wall, nsec := c.wall(v)
		return c.ofClock(clockOf(wall, nsec), t)
	}}, nil
}
