package binlogkit

import (
	"encoding/hex"
	"math"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	"github.com/pingcap/tidb/pkg/parser/test_driver"
)

// Default is what a statement of the log says that a column has where an
// insert does not name it. The zero value: none has said it.
type Default struct {
	Form form   `json:"form"`
	Text string `json:"text,omitempty"` // hexadecimal of formBytes
}

// form is how a default is written.
type form string

const (
	formNone     form = "none" // no default, or NULL
	formText     form = "text"
	formNumber   form = "number"
	formBytes    form = "bytes"
	formNow      form = "now"
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
	case *ast.FuncCallExpr:
		switch strings.ToLower(e.FnName.O) {
		case "now", "current_timestamp", "localtime", "localtimestamp":
			return Default{Form: formNow}
		}
	}
	return Default{Form: formComputed}
}

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
