package binlogkit

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"math/big"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	"github.com/pingcap/tidb/pkg/parser/test_driver"
)

// Default is what a statement of the log says that a column has where an
// insert does not name it. The zero value: none has said it.
type Default struct {
	Form form   `json:"form"`
	Text string `json:"text,omitempty"` // hexadecimal of formBytes; digits of a second of what the clock says
	UTC  bool   `json:"utc,omitempty"`  // of what the clock says: not in the session's time zone
}

// form is how a default is written.
type form string

const (
	formNone     form = "none" // no default, or NULL
	formText     form = "text"
	formNumber   form = "number"
	formBytes    form = "bytes"
	formNow      form = "now"
	formDate     form = "today"
	formTime     form = "time"     // of the day
	formUnix     form = "unix"     // seconds since 1970
	formComputed form = "computed" // any other expression, or a number that the server gives
)

// defaultOf reads what follows DEFAULT.
func defaultOf(expr ast.ExprNode) Default {
	switch e := expr.(type) {
	case *ast.ParenthesesExpr:
		return defaultOf(e.Expr)
	case *test_driver.ValueExpr:
		return literal(e)
	case *ast.UnaryOperationExpr:
		d := defaultOf(e.V)
		switch {
		case d.Form == formNumber && e.Op == opcode.Plus:
			return d
		case d.Form == formNumber && e.Op == opcode.Minus && !strings.HasPrefix(d.Text, "-"):
			return Default{Form: formNumber, Text: "-" + d.Text}
		}
	case *ast.BinaryOperationExpr:
		return calculated(e.Op, defaultOf(e.L), defaultOf(e.R))
	case *ast.FuncCastExpr:
		if d := defaultOf(e.Expr); e.Tp.GetType() == mysql.TypeJSON && d.Form == formText && json.Valid([]byte(d.Text)) {
			return d
		}
	case *ast.FuncCallExpr:
		return called(strings.ToLower(e.FnName.O), e.Args)
	}
	return Default{Form: formComputed}
}

// clocks are the functions that tell the time of the statement.
var clocks = map[string]Default{
	"now": {Form: formNow}, "current_timestamp": {Form: formNow}, "localtime": {Form: formNow}, "localtimestamp": {Form: formNow},
	"current_date": {Form: formDate}, "curdate": {Form: formDate}, "current_time": {Form: formTime}, "curtime": {Form: formTime},
	"utc_timestamp": {Form: formNow, UTC: true}, "utc_date": {Form: formDate, UTC: true}, "utc_time": {Form: formTime, UTC: true},
	"unix_timestamp": {Form: formUnix},
}

// called reads a function, as far as its value is known without the server.
func called(name string, args []ast.ExprNode) Default {
	var of []Default
	for _, a := range args {
		of = append(of, defaultOf(a))
	}
	clock, is := clocks[name]
	switch {
	case name == standInFunction && len(of) == 1 && of[0].Form == formBytes:
		return expression(of[0].Text)
	case is && len(of) == 0:
		return clock
	case is && len(of) == 1 && of[0].Form == formNumber && len(of[0].Text) == 1 && clock.Form != formDate && clock.Form != formUnix:
		if clock.Text = of[0].Text; clock.Text == "0" {
			clock.Text = ""
		}
		return clock
	case name == "json_object" && len(of) == 0:
		return Default{Form: formText, Text: "{}"}
	case name == "json_array" && len(of) == 0:
		return Default{Form: formText, Text: "[]"}
	case name == "concat":
		all := Default{Form: formText}
		for _, d := range of {
			if d.Form != formText {
				return Default{Form: formComputed}
			}
			all.Text += d.Text
		}
		return all
	}
	return Default{Form: formComputed}
}

// expression reads the SQL, in hexadecimal digits, of a default that the parser
// takes in no definition of a column.
func expression(text string) Default {
	sql, err := hex.DecodeString(text)
	if err == nil {
		var node ast.StmtNode
		if node, err = parser.New().ParseOneStmt("SELECT "+string(sql), "", ""); err == nil {
			if s, ok := node.(*ast.SelectStmt); ok && s.From == nil && len(s.Fields.Fields) == 1 && s.Fields.Fields[0].Expr != nil {
				return defaultOf(s.Fields.Fields[0].Expr)
			}
		}
	}
	return Default{Form: formComputed}
}

// calculated is what comes of two numbers that are written in full.
func calculated(op opcode.Op, left, right Default) Default {
	computed := Default{Form: formComputed}
	if left.Form != formNumber || right.Form != formNumber || strings.ContainsAny(left.Text+right.Text, "eE") {
		return computed
	}
	l, one := new(big.Rat).SetString(left.Text)
	r, two := new(big.Rat).SetString(right.Text)
	if !one || !two {
		return computed
	}
	_, lf, _ := strings.Cut(left.Text, ".")
	_, rf, _ := strings.Cut(right.Text, ".")
	digits := max(len(lf), len(rf))
	switch op {
	case opcode.Plus:
		l.Add(l, r)
	case opcode.Minus:
		l.Sub(l, r)
	case opcode.Mul:
		l.Mul(l, r)
		digits = len(lf) + len(rf)
	default:
		return computed
	}
	if digits > mostFraction {
		return computed
	}
	return Default{Form: formNumber, Text: l.FloatString(digits)}
}

// mostFraction is how many digits the servers keep behind a decimal's point.
const mostFraction = 30

// literal reads a constant. A text in another character set than the
// statement's is left to the server.
func literal(v *test_driver.ValueExpr) Default {
	number := func(text string) Default { return Default{Form: formNumber, Text: text} }
	switch v.Kind() {
	case test_driver.KindNull:
		return Default{Form: formNone}
	case test_driver.KindInt64, test_driver.KindUint64, test_driver.KindFloat32, test_driver.KindFloat64:
		var text strings.Builder
		v.Format(&text)
		switch text.String() {
		case "TRUE":
			return number("1")
		case "FALSE":
			return number("0")
		}
		return number(text.String())
	case test_driver.KindMysqlDecimal:
		return number(v.GetMysqlDecimal().String())
	case test_driver.KindString:
		switch charset := charsetName(v.Type.GetCharset()); {
		case charset == "binary":
			return Default{Form: formBytes, Text: hex.EncodeToString([]byte(v.GetString()))}
		case charset == "", charset == "utf8mb4", charset == "utf8mb3", ascii(v.GetString()):
			return Default{Form: formText, Text: v.GetString()}
		}
	case test_driver.KindBytes, test_driver.KindBinaryLiteral:
		return Default{Form: formBytes, Text: hex.EncodeToString(v.GetBytes())}
	}
	return Default{Form: formComputed}
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > math.MaxInt8 }) < 0
}
