package flinksql

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"unicode"
	"unicode/utf8"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/datasync-io/datasync/core/errclass"
)

// longest is the size above which no function makes a text.
const longest = 64 << 20

var (
	oneText   = []typ{textType}
	twoTexts  = []typ{textType, textType}
	textInt   = []typ{textType, bigintType}
	textInts  = []typ{textType, bigintType, bigintType}
	textSplit = []typ{textType, textType, bigintType}
)

var textFunctions = map[string]function{
	"UPPER":       scalar(textType, oneText, 0, func(s *strict) value { return s.result(mapped(s.buf, s.a[0].b, upperASCII, unicode.ToUpper)) }),
	"LOWER":       scalar(textType, oneText, 0, func(s *strict) value { return s.result(mapped(s.buf, s.a[0].b, lowerASCII, unicode.ToLower)) }),
	"CHAR_LENGTH": scalar(intType, oneText, 0, charLength), "CHARACTER_LENGTH": scalar(intType, oneText, 0, charLength), "LENGTH": scalar(intType, oneText, 0, charLength),
	"LTRIM":     scalar(textType, twoTexts, 1, func(s *strict) value { return s.trimmed(true, false) }),
	"RTRIM":     scalar(textType, twoTexts, 1, func(s *strict) value { return s.trimmed(false, true) }),
	"BTRIM":     scalar(textType, twoTexts, 1, func(s *strict) value { return s.trimmed(true, true) }),
	"SUBSTRING": scalar(textType, textInts, 1, substring), "SUBSTR": scalar(textType, textInts, 1, substring), "MID": scalar(textType, textInts, 1, substring),
	"LEFT": scalar(textType, textInt, 0, func(s *strict) value {
		return textValue(sliced(s.a[0].b, 0, int(max(s.a[1].i, 0))))
	}),
	"RIGHT": scalar(textType, textInt, 0, func(s *strict) value {
		n := int64(utf8.RuneCount(s.a[0].b))
		return textValue(sliced(s.a[0].b, int(max(n-max(s.a[1].i, 0), 0)), int(n)))
	}),
	"REPLACE": scalar(textType, []typ{textType, textType, textType}, 0, func(s *strict) value {
		if len(s.a[1].b) == 0 {
			return s.a[0]
		}
		return s.result(replaced(s.buf, s.a[0].b, s.a[1].b, s.a[2].b))
	}),
	"REVERSE": scalar(textType, oneText, 0, func(s *strict) value {
		for b := s.a[0].b; len(b) > 0; {
			_, n := utf8.DecodeLastRune(b)
			s.buf = append(s.buf, b[len(b)-n:]...)
			b = b[:len(b)-n]
		}
		return s.result(s.buf)
	}),
	"REPEAT": scalar(textType, textInt, 0, func(s *strict) value {
		if len(s.a[0].b) == 0 {
			return s.a[0]
		}
		if n := s.a[1].i; n > 0 && int64(len(s.a[0].b)) > longest/n {
			return s.f.fail(errclass.TooLarge, s.text, "the text is too long")
		}
		for range max(s.a[1].i, 0) {
			s.buf = append(s.buf, s.a[0].b...)
		}
		return s.result(s.buf)
	}),
	"LPAD":    scalar(textType, []typ{textType, bigintType, textType}, 0, func(s *strict) value { return s.padded(true) }),
	"RPAD":    scalar(textType, []typ{textType, bigintType, textType}, 0, func(s *strict) value { return s.padded(false) }),
	"INITCAP": scalar(textType, oneText, 0, initcap),
	"POSITION": scalar(intType, twoTexts, 0, func(s *strict) value {
		return intValue(position(s.a[1].b, s.a[0].b, 1))
	}),
	"LOCATE": scalar(intType, textSplit, 1, func(s *strict) value {
		from := int64(1)
		if s.has(2) {
			from = s.a[2].i
		}
		return intValue(position(s.a[1].b, s.a[0].b, from))
	}),
	"INSTR": scalar(intType, twoTexts, 0, func(s *strict) value { return intValue(position(s.a[0].b, s.a[1].b, 1)) }),
	"ASCII": scalar(intType, oneText, 0, func(s *strict) value {
		if len(s.a[0].b) == 0 {
			return intValue(0)
		}
		return intValue(int64(s.a[0].b[0]))
	}),
	"CHR": scalar(textType, []typ{bigintType}, 0, func(s *strict) value {
		if s.a[0].i < 0 {
			return s.result(s.buf)
		}
		return s.result(utf8.AppendRune(s.buf, rune(s.a[0].i%256)))
	}),
	"STARTSWITH":  scalar(boolType, twoTexts, 0, func(s *strict) value { return truth(bytes.HasPrefix(s.a[0].b, s.a[1].b)) }),
	"ENDSWITH":    scalar(boolType, twoTexts, 0, func(s *strict) value { return truth(bytes.HasSuffix(s.a[0].b, s.a[1].b)) }),
	"SPLIT_INDEX": scalar(textType, textSplit, 0, splitIndex),
	"TO_BASE64":   scalar(textType, oneText, 0, func(s *strict) value { return s.result(base64.StdEncoding.AppendEncode(s.buf, s.a[0].b)) }),
	"FROM_BASE64": scalar(textType, oneText, 0, func(s *strict) value {
		out, err := base64.StdEncoding.AppendDecode(s.buf, s.a[0].b)
		if err != nil {
			return s.f.fail(errclass.Conversion, s.text, "%s is no base64", quoted(s.a[0].b))
		}
		return s.result(out)
	}),
	"MD5": digest(md5.New), "SHA1": digest(sha1.New), "SHA224": digest(sha256.New224), "SHA256": digest(sha256.New), "SHA384": digest(sha512.New384), "SHA512": digest(sha512.New),
	"CONCAT":         {1, -1, (*compiler).concat},
	"CONCAT_WS":      {2, -1, (*compiler).concatWs},
	"REGEXP":         {2, 2, (*compiler).regexpOf},
	"REGEXP_LIKE":    {2, 2, (*compiler).regexpOf},
	"REGEXP_REPLACE": {3, 3, (*compiler).regexpReplace},
	"REGEXP_EXTRACT": {2, 3, (*compiler).regexpExtract},
}

func upperASCII(c byte) byte {
	if c >= 'a' && c <= 'z' {
		c -= 'a' - 'A'
	}
	return c
}

func lowerASCII(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// mapped appends b with each character mapped; plain texts byte by byte.
func mapped(dst, b []byte, ascii func(byte) byte, all func(rune) rune) []byte {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			for _, r := range string(b[i:]) {
				dst = utf8.AppendRune(dst, all(r))
			}
			return dst
		}
		dst = append(dst, ascii(c))
	}
	return dst
}

func charLength(s *strict) value { return intValue(int64(utf8.RuneCount(s.a[0].b))) }

// sliced returns the characters from <= i < to.
func sliced(b []byte, from, to int) []byte {
	start, n := len(b), 0
	for i := 0; i < len(b); n++ {
		if n == from {
			start = i
		}
		if n == to {
			return b[min(start, i):i]
		}
		_, size := utf8.DecodeRune(b[i:])
		i += size
	}
	return b[start:]
}

// substring counts from 1, or from the end where the start is negative.
func substring(s *strict) value {
	from, length := s.a[1].i, int64(1<<40)
	if s.has(2) {
		length = s.a[2].i
	}
	if length <= 0 {
		return textValue(nil)
	}
	switch {
	case from > 0:
		from--
	case from < 0:
		from += int64(utf8.RuneCount(s.a[0].b))
		if from < 0 {
			return textValue(nil)
		}
	}
	return textValue(sliced(s.a[0].b, int(min(from, 1<<40)), int(min(from, 1<<40)+min(length, 1<<40))))
}

func (s *strict) trimmed(left, right bool) value {
	b, set := s.a[0].b, " "
	if s.has(1) {
		set = string(s.a[1].b)
	}
	if left {
		b = bytes.TrimLeft(b, set)
	}
	if right {
		b = bytes.TrimRight(b, set)
	}
	return textValue(b)
}

// trim compiles TRIM([BOTH|LEADING|TRAILING] [set FROM] text).
func (c *compiler) trim(n *ast.FuncCallExpr, text string) (expr, error) {
	left, right := true, true
	nodes := n.Args
	if len(nodes) == 3 {
		if d, ok := nodes[2].(*ast.TrimDirectionExpr); ok {
			left, right = d.Direction != ast.TrimTrailing, d.Direction != ast.TrimLeading
			nodes = nodes[:2]
		}
	}
	args, err := c.exprs(nodes...)
	if err != nil {
		return expr{}, err
	}
	if len(args) == 2 && args[1].family == nullFamily && args[1].text == "NULL" { // the parser's way to say that there is no set
		args = args[:1]
	}
	return c.strict(textType, twoTexts, args, text, func(s *strict) value { return s.trimmed(left, right) })
}

func replaced(dst, b, old, with []byte) []byte {
	for {
		i := bytes.Index(b, old)
		if i < 0 {
			return append(dst, b...)
		}
		dst = append(append(dst, b[:i]...), with...)
		b = b[i+len(old):]
	}
}

// padded fills a text up to a number of characters, or cuts it.
func (s *strict) padded(left bool) value {
	b, want, fill := s.a[0].b, s.a[1].i, s.a[2].b
	have := int64(utf8.RuneCount(b))
	switch {
	case want < 0 || want > have && len(fill) == 0:
		return value{}
	case want > longest:
		return s.f.fail(errclass.TooLarge, s.text, "the text is too long")
	case want <= have:
		return textValue(sliced(b, 0, int(want)))
	}
	out := s.buf
	if !left {
		out = append(out, b...)
	}
	for at := fill; have < want; have++ {
		if len(at) == 0 {
			at = fill
		}
		_, n := utf8.DecodeRune(at)
		out, at = append(out, at[:n]...), at[n:]
	}
	if left {
		out = append(out, b...)
	}
	return s.result(out)
}

func initcap(s *strict) value {
	out, start := s.buf, true
	for _, r := range string(s.a[0].b) {
		if start {
			out = utf8.AppendRune(out, unicode.ToUpper(r))
		} else {
			out = utf8.AppendRune(out, unicode.ToLower(r))
		}
		start = !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}
	return s.result(out)
}

// position counts characters from 1; 0 means that b does not hold part.
func position(b, part []byte, from int64) int64 {
	if from < 1 {
		return 0
	}
	rest := sliced(b, int(min(from-1, 1<<40)), len(b))
	i := bytes.Index(rest, part)
	if i < 0 {
		return 0
	}
	return from + int64(utf8.RuneCount(rest[:i]))
}

func splitIndex(s *strict) value {
	rest, sep := s.a[0].b, s.a[1].b
	if s.a[2].i < 0 || len(sep) == 0 {
		return value{}
	}
	for range s.a[2].i {
		i := bytes.Index(rest, sep)
		if i < 0 {
			return value{}
		}
		rest = rest[i+len(sep):]
	}
	if i := bytes.Index(rest, sep); i >= 0 {
		rest = rest[:i]
	}
	return textValue(rest)
}

func digest(algorithm func() hash.Hash) function {
	return function{1, 1, func(c *compiler, args []expr, text string) (expr, error) {
		h := algorithm()
		var sum []byte
		return c.strict(textType, oneText, args, text, func(s *strict) value {
			h.Reset()
			h.Write(s.a[0].b)
			sum = h.Sum(sum[:0])
			return s.result(hex.AppendEncode(s.buf, sum))
		})
	}}
}

// concat is CONCAT and ||. Everything but text is written as CAST does.
func (c *compiler) concat(args []expr, text string) (expr, error) {
	return c.strict(textType, repeated(textType, len(args)), args, text, func(s *strict) value {
		for _, v := range s.a {
			s.buf = append(s.buf, v.b...)
		}
		return s.result(s.buf)
	})
}

func repeated(t typ, n int) []typ {
	all := make([]typ, n)
	for i := range all {
		all[i] = t
	}
	return all
}

// concatWs leaves NULLs out.
func (c *compiler) concatWs(args []expr, text string) (expr, error) {
	evals := make([]eval, len(args))
	for i := range args {
		e, err := c.cast(args[i], textType, false)
		if err != nil {
			return expr{}, err
		}
		evals[i] = e.eval
	}
	var buf []byte
	return expr{typ: textType, text: text, column: -1, eval: func(f *frame) value {
		sep := evals[0](f)
		if !sep.ok {
			return value{}
		}
		buf = buf[:0]
		first := true
		for _, e := range evals[1:] {
			v := e(f)
			if !v.ok {
				continue
			}
			if !first {
				buf = append(buf, sep.b...)
			}
			buf, first = append(buf, v.b...), false
		}
		return textValue(buf)
	}}, nil
}
