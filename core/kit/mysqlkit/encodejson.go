package mysqlkit

import (
	"math/big"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// document refuses what MySQL would change.
func (c *encoded) document(row record.Row, at int) ([]byte, error) {
	if err := c.numbers(row.Bytes(at)); err != nil {
		return nil, err
	}
	return c.text(row, at)
}

func jsonParameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	if err := c.numbers(row.Bytes(at)); err != nil {
		return buf, err
	}
	return textParameter(c, buf, row, at)
}

func jsonField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	if err := c.numbers(row.Bytes(at)); err != nil {
		return buf, err
	}
	return textField(c, buf, row, at)
}

// exactDigits is how many digits a float64 keeps of any decimal number.
const exactDigits = 15

// numbers finds a number in a document that MySQL would round: it keeps
// integers of 64 bits, and everything else as a float64.
func (c *encoded) numbers(document []byte) error {
	inText := false
	for i := 0; i < len(document); i++ {
		switch b := document[i]; {
		case b == '"':
			inText = !inText
		case inText && b == '\\':
			i++
		case inText:
		case b >= '0' && b <= '9' || b == '-':
			n := numberLength(document[i:])
			if digits := document[i : i+n]; n > exactDigits && !survives(string(digits)) {
				return c.bad(errclass.Overflow, "MySQL would round the number %.80s of the document: make the column a longtext", digits)
			}
			i += n - 1
		}
	}
	return nil
}

// numberLength is the length of the number that a text begins with.
func numberLength(s []byte) int {
	for i, b := range s {
		if (b < '0' || b > '9') && b != '-' && b != '+' && b != '.' && b != 'e' && b != 'E' {
			return i
		}
	}
	return len(s)
}

// survives tells that a number is an integer of 64 bits, or that the shortest
// text of its float64 means the same number. An exponent that no float64 has
// is left to the server to refuse.
func survives(number string) bool {
	if _, err := strconv.ParseInt(number, 10, 64); err == nil {
		return true
	}
	if _, err := strconv.ParseUint(number, 10, 64); err == nil {
		return true
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return true
	}
	kept, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	given, ok := new(big.Rat).SetString(number)
	return !ok || kept == nil || kept.Cmp(given) == 0
}
