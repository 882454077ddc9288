package flinksql

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// prepared is a query in the parser's spelling. The parser knows other types
// in CAST than Flink: each is replaced by CHAR(firstMark + its index).
type prepared struct {
	text  string
	types []castType
}

// castType is the target of one CAST, as written.
type castType struct {
	text string
	try  bool // TRY_CAST: NULL where the value does not convert
}

const firstMark = 90_000_001

var marks = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)CHAR\((90\d{6})\)`)
})

// spelling puts the types back into a text that the parser has restored.
func (p *prepared) spelling(text string) string {
	return marks().ReplaceAllStringFunc(text, func(m string) string {
		i, _ := strconv.Atoi(marks().FindStringSubmatch(m)[1])
		return p.types[i-firstMark].text
	})
}

// token is a word, a quoted text or a single character of a query.
type token struct {
	text     string
	at, end  int
	word     bool
	keywordU string // upper case, of a word
}

// tokens takes a query apart; blanks and comments are left out.
func tokens(sql string) ([]token, error) {
	all := make([]token, 0, 8+len(sql)/3) // there are seldom more, and a slice that grows takes many times as much
	for i := 0; i < len(sql); {
		start := i
		c := sql[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
			continue
		case strings.HasPrefix(sql[i:], "--"):
			if n := strings.IndexByte(sql[i:], '\n'); n >= 0 {
				i += n
			} else {
				i = len(sql)
			}
			continue
		case strings.HasPrefix(sql[i:], "/*"):
			n := strings.Index(sql[i+2:], "*/")
			if n < 0 {
				return nil, fmt.Errorf("the comment that begins at %s has no end", near(sql, i))
			}
			i += n + 4
			continue
		case c == '\'' || c == '"' || c == '`':
			for i++; i < len(sql) && (sql[i] != c || i+1 < len(sql) && sql[i+1] == c); i++ {
				if sql[i] == c {
					i++
				}
			}
			if i >= len(sql) {
				return nil, fmt.Errorf("the %c at %s has no end", c, near(sql, start))
			}
			i++
			all = append(all, token{text: sql[start:i], at: start, end: i})
			continue
		case wordByte(c):
			for i < len(sql) && wordByte(sql[i]) {
				i++
			}
			all = append(all, token{text: sql[start:i], at: start, end: i, word: true, keywordU: strings.ToUpper(sql[start:i])})
			continue
		}
		i++
		all = append(all, token{text: sql[start:i], at: start, end: i})
	}
	return all, nil
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// near quotes what stands at an offset, for error texts.
func near(sql string, at int) string {
	rest := []rune(strings.Join(strings.Fields(sql[min(at, len(sql)):]), " "))
	if len(rest) == 0 {
		return "the end"
	}
	if len(rest) > 30 {
		rest = append(rest[:30], '…')
	}
	return strconv.Quote(string(rest))
}

// prepare translates what Flink spells in its own way.
func prepare(sql string) (*prepared, error) {
	all, err := tokens(sql)
	if err != nil {
		return nil, err
	}
	if err := numbers(all); err != nil {
		return nil, err
	}
	p := &prepared{}
	var out strings.Builder
	done := 0
	replace := func(from, to int, with string) {
		out.WriteString(sql[done:from])
		out.WriteString(with)
		done = to
	}
	var open []openParen
	for i := 0; i < len(all); i++ {
		t := all[i]
		called := i+1 < len(all) && all[i+1].text == "("
		switch {
		case t.word && called && (t.keywordU == "CAST" || t.keywordU == "TRY_CAST"):
			replace(t.at, t.end, "CAST")
			open = append(open, openParen{cast: true, try: t.keywordU == "TRY_CAST"})
			i++
		case t.word && called && quotedCalls[t.keywordU]:
			replace(t.at, t.end, "`"+t.text+"`")
		case t.text == "(":
			open = append(open, openParen{})
		case t.text == ")" && len(open) > 0:
			open = open[:len(open)-1]
		case t.keywordU == "AS" && len(open) > 0 && open[len(open)-1].cast:
			end := typeEnd(all, i+1)
			if end == i+1 || end >= len(all) {
				return nil, fmt.Errorf("expected a type and ) at %s", near(sql, t.end))
			}
			replace(all[i+1].at, all[end-1].end, fmt.Sprintf("CHAR(%d)", firstMark+len(p.types)))
			p.types = append(p.types, castType{text: sql[all[i+1].at:all[end-1].end], try: open[len(open)-1].try})
			i = end - 1
		case t.text == ";" && i == len(all)-1:
			replace(t.at, t.end, "")
		}
	}
	out.WriteString(sql[done:])
	p.text = out.String()
	return p, nil
}

// numbers refuses literals that no DECIMAL holds; the parser's own decimals
// have a fixed size.
func numbers(all []token) error {
	digits, end := 0, -1
	for _, t := range all {
		joined := t.at == end // to a number, by its point
		switch {
		case t.text == "." && (joined || digits == 0):
			end = t.end
			continue
		case t.word && t.text[0] >= '0' && t.text[0] <= '9':
			if !joined {
				digits = 0
			}
			digits += len(t.text)
			end = t.end
		default:
			digits, end = 0, -1
		}
		if digits > maxPrecision+2 {
			return fmt.Errorf("the number %s has more than %d digits", t.text, maxPrecision)
		}
	}
	return nil
}

// quotedCalls are functions of Flink whose names are operators to the parser.
var quotedCalls = map[string]bool{"REGEXP": true}

type openParen struct{ cast, try bool }

// typeEnd returns the index of the parenthesis that closes the CAST whose type begins at i.
func typeEnd(all []token, i int) int {
	depth := 0
	for ; i < len(all); i++ {
		switch all[i].text {
		case "(":
			depth++
		case ")":
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return i
}
