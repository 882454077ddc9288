package flinksql

import (
	"regexp"

	"github.com/datasync-io/datasync/core/transform/javaregex"
)

// pattern compiles the regular expression of an argument, which must be a literal.
func (c *compiler) pattern(arg expr, text string) (*regexp.Regexp, error) {
	if !arg.fixed || arg.family != textFamily {
		return nil, c.refuse(text, "the regular expression must be a literal")
	}
	v, err := arg.constant()
	if err != nil {
		return nil, err
	}
	re, err := javaregex.Compile(string(v.b))
	if err != nil {
		return nil, c.refuse(text, "%v", err)
	}
	return re, nil
}

func (c *compiler) regexpOf(args []expr, text string) (expr, error) {
	re, err := c.pattern(args[1], text)
	if err != nil {
		return expr{}, err
	}
	return c.strict(boolType, oneText, args[:1], text, func(s *strict) value { return truth(re.Match(s.a[0].b)) })
}

var groupReference = regexp.MustCompile(`\$(\d)`)

func (c *compiler) regexpReplace(args []expr, text string) (expr, error) {
	re, err := c.pattern(args[1], text)
	if err != nil {
		return expr{}, err
	}
	if !args[2].fixed {
		return expr{}, c.refuse(text, "the replacement must be a literal")
	}
	v, err := args[2].constant()
	if err != nil {
		return expr{}, err
	}
	with := groupReference.ReplaceAll(v.b, []byte("$${$1}"))
	return c.strict(textType, oneText, args[:1], text, func(s *strict) value { return textValue(re.ReplaceAll(s.a[0].b, with)) })
}

func (c *compiler) regexpExtract(args []expr, text string) (expr, error) {
	re, err := c.pattern(args[1], text)
	if err != nil {
		return expr{}, err
	}
	group := 0
	if len(args) == 3 {
		var v value
		if args[2].fixed {
			v, err = args[2].constant()
		}
		if err != nil || !v.ok || args[2].family != intFamily || v.i < 0 || int(v.i) > re.NumSubexp() {
			return expr{}, c.refuse(text, "the group must be a number from 0 to %d", re.NumSubexp())
		}
		group = int(v.i)
	}
	return c.strict(textType, oneText, args[:1], text, func(s *strict) value {
		m := re.FindSubmatchIndex(s.a[0].b)
		if m == nil || m[2*group] < 0 {
			return value{}
		}
		return textValue(s.a[0].b[m[2*group]:m[2*group+1]])
	})
}
